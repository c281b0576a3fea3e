using System.Reflection;
using Cognito.Eval.Files;

namespace Cognito.Eval.Torch.Native;

/// <summary>Where libtorch lies.</summary>
internal static class LibTorchFolder
{
    /// <summary>The folder to load from; null where TorchSharp loads by itself (Windows and macOS, unasked).</summary>
    /// <param name="fetch">Fetches the package that nothing else has; null where that is not wanted.</param>
    public static string? Find(string? asked, LibTorchFetch? fetch = null)
    {
        var variable = Environment.GetEnvironmentVariable(NativeTorch.Variable) is { Length: > 0 } v ? v : null;
        if (asked is not null)
            return Checked(asked, "--libtorch");
        if (variable is not null)
            return Checked(variable, NativeTorch.Variable);
        // The app's own first: the runtime would load it too, and two copies of libtorch in one process end it.
        var own = BesideTheApp().FirstOrDefault(Holds);
        if (!OperatingSystem.IsLinux() && (own is not null || Backend != "apart"))
            return null;
        return own ?? Baked.FirstOrDefault(Holds) ?? Packaged(fetch) ?? throw new InputException(
            $"{AppContext.BaseDirectory}: no libtorch: expected {FileName("torch_cpu")} in " +
            $"{string.Join(" or ", [.. BesideTheApp(), .. Baked])}; name the folder of one with --libtorch DIR or " +
            $"{NativeTorch.Variable} (a Python wheel's torch/lib, for instance)");
    }

    /// <summary>The first of some folders of packages that has a package, unpacked whole.</summary>
    public static string? Packaged(LibTorchPackage package, IEnumerable<string> packages) =>
        packages.Select(package.LibrariesIn).FirstOrDefault(libraries => libraries is not null && Holds(libraries));

    private static string? Packaged(LibTorchFetch? fetch) => Backend == "cuda" || LibTorchPackage.Here is not { } package ? null
        : Packaged(package, LibTorchPackage.Folders())
            ?? (LibTorchPackage.Own is { } own ? fetch?.Into(package, own) : null);

    /// <summary>A library's name as this system spells it.</summary>
    public static string FileName(string library) =>
        OperatingSystem.IsWindows() ? library + ".dll"
        : OperatingSystem.IsMacOS() ? $"lib{library}.dylib"
        : $"lib{library}.so";

    /// <summary>The app's folder, and the folders the runtime looks for native libraries in.</summary>
    public static IEnumerable<string> BesideTheApp() =>
        ((string[])[
            AppContext.BaseDirectory,
            Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native"),
            .. (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "").Split(Path.PathSeparator,
                StringSplitOptions.RemoveEmptyEntries)])
        .Select(Path.TrimEndingDirectorySeparator).Distinct();

    /// <summary>A path without "." and ".." and, at its end, without links.</summary>
    public static string Real(string path)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        try
        {
            FileSystemInfo entry = Directory.Exists(full) ? new DirectoryInfo(full) : new FileInfo(full);
            return entry.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? full;
        }
        catch (IOException)
        {
            return full;
        }
    }

    private static bool Holds(string folder) => File.Exists(Path.Combine(folder, FileName("torch_cpu")));

    private static string Checked(string folder, string source)
    {
        var full = Path.GetFullPath(folder);
        if (!Directory.Exists(full))
            throw new InputException($"{folder}: no such folder; {source} must name the one that holds " +
                FileName("torch_cpu"));
        // An unpacked libtorch and Python's torch folder keep their libraries in lib.
        full = Holds(full) || !Holds(Path.Combine(full, "lib")) ? full : Path.Combine(full, "lib");
        if (!Holds(full))
            throw new InputException($"{folder}: no libtorch: expected {FileName("torch_cpu")} in it; " +
                $"{source} must name the folder that holds it (a Python wheel's torch/lib, for instance)");
        var own = BesideTheApp().Select(place => Path.Combine(place, FileName("torch_cpu")))
            .FirstOrDefault(File.Exists);
        if (own is not null && Real(own) != Real(Path.Combine(full, FileName("torch_cpu"))))
            throw new InputException($"{folder}: this build carries a libtorch of its own, {own}, and a process " +
                $"holds one; leave {source} out, or use a build without it (-p:TorchBackend=cpu)");
        return full;
    }

    /// <summary>The package's folder on the machine that built this, unless it was built for others.</summary>
    private static IEnumerable<string> Baked => Noted("LibTorchFolder");

    /// <summary>cpu, cuda or apart, as the build was told: docs/platforms.md.</summary>
    private static string? Backend { get; } = Noted("TorchBackend").FirstOrDefault();

    private static IEnumerable<string> Noted(string key) =>
        typeof(LibTorchFolder).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Where(a => a.Key == key && a.Value is { Length: > 0 }).Select(a => a.Value!);
}
