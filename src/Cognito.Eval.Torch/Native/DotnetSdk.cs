using System.Runtime.InteropServices;

namespace Cognito.Eval.Torch.Native;

/// <summary>The .NET SDK of this machine.</summary>
internal static class DotnetSdk
{
    /// <summary>
    /// The path of its dotnet: the one that runs this program, else DOTNET_ROOT's, else PATH's; null where none has an SDK.
    /// </summary>
    public static string? Find()
    {
        var name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        string?[] folders =
        [
            // shared/Microsoft.NETCore.App/VERSION lies three below it; a program with a runtime of its own has it beside.
            Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..")),
            Environment.GetEnvironmentVariable("DOTNET_ROOT"),
            .. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator),
        ];
        return folders.Where(folder => !string.IsNullOrEmpty(folder)).Select(folder => Path.Combine(folder!, name))
            .Where(File.Exists).Select(LibTorchFolder.Real)
            .FirstOrDefault(path => Directory.Exists(Path.Combine(Path.GetDirectoryName(path)!, "sdk")));
    }
}
