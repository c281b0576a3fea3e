using System.Diagnostics;
using System.Text.RegularExpressions;
using Cognito.Eval.Files;

namespace Cognito.Eval.Torch.Native;

/// <summary>
/// Fetches libtorch's package once, by <c>dotnet restore</c>: from the sources, through the mirrors and with the credentials
/// that NuGet is set up with on this machine. What comes must be what was published.
/// </summary>
internal sealed partial class LibTorchFetch
{
    private const string Other = "name a libtorch that is here with --libtorch DIR or " + NativeTorch.Variable;

    /// <summary>Whether no request may be made; asked when one would be.</summary>
    public required Func<bool> IsOffline { get; init; }

    /// <summary>Told what is fetched, and of waiting.</summary>
    public required Action<string> Say { get; init; }

    /// <summary>Told what NuGet said, where it failed.</summary>
    public Action<string> Trace { get; init; } = _ => { };

    /// <summary>Where NuGet begins to look for a NuGet.Config, which it does upwards and at the user's.</summary>
    public string ConfigFolder { get; init; } = Environment.CurrentDirectory;

    /// <summary>The package's libraries, in a folder of packages that is the program's own.</summary>
    /// <exception cref="InputException">It cannot be fetched, or is not what was published; nothing of it is kept.</exception>
    /// <exception cref="OperationCanceledException">Interrupted.</exception>
    public string Into(LibTorchPackage package, string packages)
    {
        if (IsOffline())
            throw new InputException($"{package.Name} {package.Version}: libtorch's package is not on this machine, and offline "
                + $"none is fetched; run once without --offline and HF_HUB_OFFLINE, or {Other}");
        var dotnet = DotnetSdk.Find() ?? throw new InputException(
            $"{package.Name} {package.Version}: libtorch's package is not on this machine, and without a .NET SDK it is not fetched; install one, or {Other}");
        try
        {
            Directory.CreateDirectory(packages);
            using var turn = Wait(Path.Combine(packages, ".lock"));
            // Another process may have had its turn before.
            return package.LibrariesIn(packages) ?? Fetched(package, packages, dotnet);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{packages}: libtorch's package cannot be kept there ({Fact.Of(e)}); set XDG_CACHE_HOME "
                + $"to a folder with room, or {Other}", e);
        }
    }

    private string Fetched(LibTorchPackage package, string packages, string dotnet)
    {
        // Left by a fetch that was killed.
        foreach (var half in Directory.EnumerateDirectories(packages, ".fetch-*"))
            Directory.Delete(half, recursive: true);
        var staging = Directory.CreateDirectory(Path.Combine(packages, $".fetch-{Guid.NewGuid():n}")).FullName;
        try
        {
            Say($"libtorch: fetching {package.Name} {package.Version} through NuGet, {Megabytes(package.Bytes)}, into {packages} "
                + $"({Megabytes(package.Unpacked)} unpacked); this is done once");
            Restore(package, staging, dotnet);
            if (package.HashIn(staging) is not { } hash || hash != package.ContentHash)
                throw new InputException($"{package.Name} {package.Version}: what a source of NuGet served is not the published "
                    + $"package (its SHA-512 differs); nothing of it is kept. See dotnet nuget list source, or {Other}");
            // What is unpacked is enough.
            foreach (var packed in Directory.EnumerateFiles(package.Below(staging), "*.nupkg"))
                File.Delete(packed);
            var place = package.Below(packages);
            if (Directory.Exists(place))
                Directory.Delete(place, recursive: true);
            Directory.CreateDirectory(Path.GetDirectoryName(place)!);
            Directory.Move(package.Below(staging), place);
            return package.LibrariesIn(packages) ?? throw new InputException(
                $"{place}: the package holds no libraries for {package.Platform}; {Other}");
        }
        finally
        {
            Directory.Delete(staging, recursive: true);
        }
    }

    private static string Megabytes(long bytes) => FormattableString.Invariant($"{bytes / 1e6:0.0} MB");

    private void Restore(LibTorchPackage package, string staging, string dotnet)
    {
        var project = Path.Combine(staging, "libtorch.proj");
        using (var file = File.Create(project))
        using (var source = typeof(LibTorchFetch).Assembly.GetManifestResourceStream("libtorch.proj")!)
            source.CopyTo(file);
        var start = new ProcessStartInfo(dotnet,
            ["restore", project, "-nologo", "-v:quiet", "-nodeReuse:false", $"-p:Package={package.Name}",
                $"-p:PackageVersion={package.Version}", $"-p:RestorePackagesPath={staging}", $"-p:RestoreRootConfigDirectory={ConfigFolder}"])
        {
            // Beside the project, where no global.json of the user's speaks for another SDK.
            WorkingDirectory = staging,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // What a build or a test that started this program set for itself.
        foreach (var name in (string[])["MSBuildSDKsPath", "MSBUILD_EXE_PATH", "MSBuildExtensionsPath", "DOTNET_STARTUP_HOOKS"])
            start.Environment.Remove(name);
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment["DOTNET_NOLOGO"] = "1";
        using var process = Process.Start(start) ?? throw new InputException($"{dotnet}: it does not start; {Other}");
        var error = process.StandardError.ReadToEndAsync();
        var said = process.StandardOutput.ReadToEnd() + error.GetAwaiter().GetResult();
        process.WaitForExit();
        if (process.ExitCode == 0)
            return;
        foreach (var line in said.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            Trace(line);
        const int BySignal = 128;
        throw process.ExitCode is BySignal + 2 or BySignal + 15 ? new OperationCanceledException()
            : new InputException($"{package.Name} {package.Version}: not fetched: "
                + $"{Why(Code().Match(said).Value, process.ExitCode)} (--verbose tells what NuGet said). See dotnet nuget list source, or {Other}");
    }

    [GeneratedRegex(@"\b(NU|MSB|NETSDK)\d{4}\b")]
    private static partial Regex Code();

    private static string Why(string code, int exit) => code switch
    {
        "NU1301" => "a source of NuGet does not answer",
        "NU1100" or "NU1101" or "NU1102" or "NU1103" => "no source of NuGet has it",
        _ when code.StartsWith("NU30", StringComparison.Ordinal) => $"NuGet does not accept its signature ({code})",
        "" => $"dotnet restore ended with exit code {exit}",
        _ => $"dotnet restore ended with {code}",
    };

    private FileStream Wait(string path)
    {
        for (var tries = 0; ; tries++)
        {
            if (LockFile.TryTake(path) is { } held)
                return held;
            if (tries == 10)
                Say($"libtorch: another process is fetching it; waiting for {path}");
            // Nothing tells when another process has let go of a lock file; it holds it for as long as a fetch of 128 MB takes.
            Thread.Sleep(100);
        }
    }
}
