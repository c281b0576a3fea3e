using System.Runtime.InteropServices;
using System.Text.Json;

namespace Cognito.Eval.Torch.Native;

/// <summary>libtorch for the CPU of one platform, as a package of NuGet.</summary>
/// <param name="Platform">Its runtime identifier.</param>
/// <param name="ContentHash">
/// Of the package without its signature, SHA-512 in base64, as NuGet notes it beside what it unpacks.
/// </param>
/// <param name="Bytes">To fetch.</param>
/// <param name="Unpacked">Bytes on disk.</param>
internal sealed record LibTorchPackage(
    string Platform, string Name, string Version, string ContentHash, long Bytes, long Unpacked)
{
    /// <summary>
    /// The packages that TorchSharp computes with, as they were published. A test holds the versions against
    /// Directory.Packages.props.
    /// </summary>
    public static readonly IReadOnlyList<LibTorchPackage> All =
    [
        new("linux-x64", "libtorch-cpu-linux-x64", "2.10.0",
            "YGd/F5T77Urmui3LeXOgXP8xqY+RpSZFcMBwV+tBDYMMtxppKyi8O4ajnWSNSmlSctr6KGvSmfGRhmxRGYfbuA==",
            128_200_806, 498_094_720),
        new("osx-arm64", "libtorch-cpu-osx-arm64", "2.10.0",
            "i8aTC3F+7JI65Jdr4MfgdVdZpFU/FCn2G1b/yc4Z8FauDgpc2cji3mwDfQy+3KdD+rpDBgCiAdqs8o0v7mDNXw==",
            56_910_439, 245_201_341),
        new("win-x64", "libtorch-cpu-win-x64", "2.10.0",
            "Gr1gCbueixwQIEnWiMXyAs4/uAFBar03K+AxZm9BY3t17MFaX9rEIe9Vxz+Cguo9G6dXXOeGAO3W1OEhax74Mw==",
            79_854_046, 267_998_192),
    ];

    /// <summary>This machine's; null where there is none.</summary>
    public static LibTorchPackage? Here { get; } = All.FirstOrDefault(package => package.Platform ==
        (OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux")
        + "-" + RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant());

    /// <summary>Where packages lie on this machine: NuGet's folder of all projects, and the program's own.</summary>
    public static IEnumerable<string> Folders()
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        if (Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } named && Path.IsPathRooted(named))
            yield return named;
        else if (home.Length > 0)
            yield return Path.Combine(home, ".nuget", "packages");
        if (Own is { } own)
            yield return own;
    }

    /// <summary>Where the program keeps what it fetches; null where there is no home.</summary>
    public static string? Own => CacheFolder.Path is { } cache ? Path.Combine(cache, "packages") : null;

    /// <summary>This package's folder in one of packages.</summary>
    public string Below(string packages) => Path.Combine(packages, Name, Version);

    /// <summary>
    /// The folder of its libraries; null where the package is not there, or its bytes were others than those published.
    /// </summary>
    public string? LibrariesIn(string packages) =>
        Path.Combine(Below(packages), "runtimes", Platform, "native") is var libraries && Directory.Exists(libraries)
            && HashIn(packages) == ContentHash ? libraries : null;

    /// <summary>The hash of what was unpacked there, as NuGet noted it at the end; null where it noted none.</summary>
    public string? HashIn(string packages)
    {
        try
        {
            using var noted = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Below(packages), ".nupkg.metadata")));
            return noted.RootElement.GetProperty("contentHash").GetString();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException
            or KeyNotFoundException)
        {
            return null;
        }
    }
}
