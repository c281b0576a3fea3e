using System.Diagnostics;
using System.Text;

namespace Cognito.Eval.Tests;

/// <summary>The program's command line, in an empty folder.</summary>
internal sealed class CommandLine : IDisposable
{
    /// <summary>
    /// Whether the tests were started with interrupts ignored, as by a shell without job control beside itself: what they start
    /// would ignore them too.
    /// </summary>
    private static readonly bool s_ignoresInterrupts = OperatingSystem.IsLinux() && File.ReadLines("/proc/self/status")
        .Any(line => line.StartsWith("SigIgn:", StringComparison.Ordinal) && (Convert.ToUInt64(line[7..].Trim(), 16) & 2) != 0);

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

    /// <summary>One command; in a process that has done others before, unless a variable asks for a fresh one.</summary>
    public Outcome Run((string Name, string? Value)[] environment, params string[] args)
    {
        if (!WarmProgram.Heeds(environment.Select(set => set.Name)))
            return RunAlone(environment, args);
        var reply = WarmProgram.Do(new(Folder, Variables(environment), args), () => Program([]));
        return new(reply.Code, Encoding.UTF8.GetString(reply.Out), Encoding.UTF8.GetString(reply.Error));
    }

    /// <summary>One command in a process of its own, for what a process has of its own: all that reaches its streams, its end.</summary>
    public Outcome RunAlone((string Name, string? Value)[] environment, params string[] args)
    {
        using var process = Start(environment, args);
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new(process.ExitCode, output, error.GetAwaiter().GetResult());
    }

    public Process Start((string Name, string? Value)[] environment, params string[] args)
    {
        var start = Program(args);
        if (s_ignoresInterrupts)
        {
            start.ArgumentList.Insert(0, start.FileName);
            start.ArgumentList.Insert(0, "--default-signal=INT");
            start.FileName = "env";
        }
        start.WorkingDirectory = Folder;
        foreach (var (name, value) in Variables(environment))
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    private static ProcessStartInfo Program(string[] args) =>
        new(Environment.ProcessPath is { } path && Path.GetFileName(path) == "dotnet" ? path : "dotnet",
            [Path.Combine(AppContext.BaseDirectory, "cognito-eval.dll"), .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

    /// <summary>No test reaches the real hub, nor the user's cache; those with a hub on loopback say so.</summary>
    private Dictionary<string, string?> Variables((string Name, string? Value)[] environment)
    {
        var variables = new Dictionary<string, string?>
        {
            ["COGNITO_EVAL_DATA"] = null,
            ["HF_HUB_OFFLINE"] = "1",
            // A hub on loopback answers when it gets a processor.
            ["HF_HUB_DOWNLOAD_TIMEOUT"] = $"{HangGuard.Long.TotalSeconds}",
            ["HF_HOME"] = At("hf-home"),
            ["HF_HUB_CACHE"] = null,
            ["HF_TOKEN"] = null,
        };
        foreach (var (name, value) in environment)
            variables[name] = value;
        return variables;
    }

    public void Dispose() => folder.Delete(recursive: true);
}
