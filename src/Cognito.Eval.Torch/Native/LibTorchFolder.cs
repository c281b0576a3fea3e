using System.Reflection;
using Cognito.Eval.Files;

namespace Cognito.Eval.Torch.Native;

/// <summary>Where libtorch lies.</summary>
internal static class LibTorchFolder
{
    /// <summary>The folder to load from; null where TorchSharp loads by itself (Windows and macOS, unasked).</summary>
    public static string? Find(string? asked)
    {
        var variable = Environment.GetEnvironmentVariable(NativeTorch.Variable) is { Length: > 0 } v ? v : null;
        if (asked is not null)
            return Checked(asked, "--libtorch");
        if (variable is not null)
            return Checked(variable, NativeTorch.Variable);
        if (!OperatingSystem.IsLinux())
            return null;
        // The app's own first: the runtime would load it too, and two copies of libtorch in one process end it.
        string[] places = [.. BesideTheApp(), .. Baked()];
        return places.FirstOrDefault(Holds) ?? throw new InputException(
            $"{AppContext.BaseDirectory}: no libtorch: expected {FileName("torch_cpu")} in " +
            $"{string.Join(" or ", places)}; name the folder of one with --libtorch DIR or {NativeTorch.Variable} " +
            "(a Python wheel's torch/lib, for instance)");
    }

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

    private static IEnumerable<string> Baked() =>
        typeof(LibTorchFolder).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Where(a => a is { Key: "LibTorchFolder", Value.Length: > 0 }).Select(a => a.Value!);
}
