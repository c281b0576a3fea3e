using System.Diagnostics;

namespace Cognito.Eval.Tests;

/// <summary>The program as a user starts it, in an empty folder.</summary>
internal sealed class CommandLine : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("cognito-eval-cli");

    public sealed record Outcome(int Code, string Out, string Error);

    public string Folder => folder.FullName;

    public string At(params string[] parts) => Path.Combine([Folder, .. parts]);

    public string Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        File.WriteAllText(At(path), text);
        return At(path);
    }

    /// <summary>A copy of a folder to break.</summary>
    public string Copy(string source, string name)
    {
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(At(name), Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
        return At(name);
    }

    public static string Nano => Fixture.Nano;

    public static string Samples => Fixture.Samples;

    public Outcome Run(params string[] args) => Run([], args);

    public Outcome Run((string Name, string? Value)[] environment, params string[] args)
    {
        using var process = Start(environment, args);
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new(process.ExitCode, output, error.GetAwaiter().GetResult());
    }

    public Process Start((string Name, string? Value)[] environment, params string[] args)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } path && Path.GetFileName(path) == "dotnet" ? path : "dotnet")
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "cognito-eval.dll"));
        foreach (var arg in args)
            start.ArgumentList.Add(arg);
        start.Environment.Remove("COGNITO_EVAL_DATA");
        // No test reaches the real hub, nor the user's cache; those with a hub on loopback say so.
        start.Environment["HF_HUB_OFFLINE"] = "1";
        start.Environment["HF_HOME"] = At("hf-home");
        start.Environment.Remove("HF_HUB_CACHE");
        start.Environment.Remove("HF_TOKEN");
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    public void Dispose() => folder.Delete(recursive: true);
}
