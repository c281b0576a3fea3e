using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Cognito.Eval.Tests;

/// <summary>
/// The program in a process of its own that does one command after the other: what a start costs, mostly compiling, is paid
/// once. Each command has its folder, its environment and its streams, and nobody beside it; what a process keeps, it finds.
/// </summary>
internal sealed class WarmProgram
{
    private static readonly ConcurrentDictionary<bool, ConcurrentBag<WarmProgram>> Idle = [];
    private readonly Process process;
    // What native libraries write; the program's own lines are in its replies.
    private readonly StringBuilder rest = new();

    /// <summary>None outlives the tests.</summary>
    static WarmProgram() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        foreach (var program in Idle.Values.SelectMany(idle => idle))
        {
            program.process.StandardInput.Close();
            program.process.WaitForExit();
        }
    };

    public sealed record Command(string Folder, Dictionary<string, string?> Environment, string[] Args);

    /// <summary>What it wrote, byte by byte, and its exit code.</summary>
    public sealed record Reply(int Code, byte[] Out, byte[] Error);

    private WarmProgram(ProcessStartInfo start)
    {
        start.RedirectStandardInput = true;
        start.Environment["DOTNET_STARTUP_HOOKS"] = typeof(WarmProgram).Assembly.Location;
        process = Process.Start(start)!;
        process.ErrorDataReceived += (_, said) => rest.AppendLine(said.Data);
        process.BeginErrorReadLine();
    }

    /// <summary>Whether all of these variables are read anew for each command; .NET reads a proxy's once a process.</summary>
    public static bool Heeds(IEnumerable<string> variables) => variables.All(name =>
        name is NoLibTorch || ((string[])["HF_", "SLURM_", "JOB_", "COGNITO_EVAL_", "GITHUB_"]).Any(
            prefix => name.StartsWith(prefix, StringComparison.Ordinal)));

    // A process holds one libtorch: one that has loaded it could not tell who needs none.
    private const string NoLibTorch = "COGNITO_LIBTORCH";

    /// <summary>One command, in a process that is idle, or in a new one.</summary>
    public static Reply Do(Command command, Func<ProcessStartInfo> start)
    {
        var idle = Idle.GetOrAdd(command.Environment.ContainsKey(NoLibTorch), _ => []);
        var program = idle.TryTake(out var warm) ? warm : new(start());
        var reply = program.Answer(command);
        idle.Add(program);
        return reply;
    }

    private Reply Answer(Command command)
    {
        process.StandardInput.WriteLine(JsonSerializer.Serialize(command));
        process.StandardInput.Flush();
        if (process.StandardOutput.ReadLine() is { } reply)
            return JsonSerializer.Deserialize<Reply>(reply)!;
        process.WaitForExit();
        throw new InvalidOperationException($"{string.Join(' ', command.Args)}: the program ended: {rest}");
    }
}
