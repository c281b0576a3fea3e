using System.CommandLine;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Files;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.TaskFiles;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Cli;

/// <summary>Tasks of the protocol, and those of task files that are named.</summary>
internal static class TaskFileOptions
{
    public static readonly Option<string[]> Paths = new("--task-path")
    {
        Description = "A task file in lm-evaluation-harness' YAML, or a folder of them; may be repeated. Asked as lm-eval-0.4 asks.",
        HelpName = "FILE|DIR",
    };

    public static readonly Option<string[]> Allow = new("--allow")
    {
        Description = "Let a doubt about a task file pass, by the name that its error gives; the results name it. all: every one.",
        HelpName = "NAME",
    };

    /// <summary>The protocol: with task files that of lm-evaluation-harness, unless another is named, which is refused.</summary>
    public static Protocol ProtocolOf(ParseResult parsed)
    {
        if (parsed.GetValue(Paths) is not { Length: > 0 })
            return RunOptions.ProtocolOf(parsed);
        var isNamed = parsed.GetResult(RunOptions.ProtocolName) is { Implicit: false };
        return isNamed && Protocol.Parse(parsed.GetRequiredValue(RunOptions.ProtocolName)) is var named && named.Name != LmEval04.Rules.Name
            ? throw new InputException($"--task-path: task files are asked as {LmEval04.Rules.Name} asks, not as {named.Name}; leave --protocol out")
            : RunOptions.WithBos(LmEval04.Rules, parsed.GetValue(RunOptions.Bos));
    }

    /// <summary>The protocol of one task: where none is named, that of lm-evaluation-harness for a task that it alone asks.</summary>
    public static Protocol ProtocolOf(ParseResult parsed, string task) => parsed.GetValue(Paths) is not { Length: > 0 }
        && parsed.GetResult(RunOptions.ProtocolName) is not { Implicit: false } && TaskSet.Registered.Elsewhere.ContainsKey(task)
        && TaskSet.Of(LmEval04.Rules).Tasks.Any(its => its.Name == task)
            ? RunOptions.WithBos(LmEval04.Rules, parsed.GetValue(RunOptions.Bos)) : ProtocolOf(parsed);

    /// <summary>The tasks that there are.</summary>
    public static TaskSet SetOf(ParseResult parsed, Protocol protocol)
    {
        var (paths, allow) = (parsed.GetValue(Paths) ?? [], Names(parsed.GetValue(Allow)));
        return paths.Length > 0 ? TaskFileSet.Read(paths, TaskSet.Of(protocol), allow)
            : allow.Count == 0 ? TaskSet.Of(protocol)
            : throw new InputException($"--allow {allow[0]}: it is for task files; give --task-path too, or leave it out");
    }

    private static IReadOnlyList<string> Names(string[]? lists) => [.. (lists ?? []).SelectMany(list =>
        list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Distinct()];

    /// <summary>The tasks that a run had to choose from.</summary>
    public static TaskSet SetOf(Protocol protocol, RunArguments? arguments) => arguments?.TaskPaths is { Count: > 0 } paths
        ? TaskFileSet.Read(paths, TaskSet.Of(protocol), arguments.Allow ?? []).Select(arguments.Tasks) : TaskSet.Of(protocol);

    /// <summary>Says how many of a folder's files cannot be asked, where all of it was meant.</summary>
    public static void Tell(ParseResult parsed, TaskSet tasks, Narrator narrator)
    {
        if (tasks.Refused.Count > 0 && parsed.GetRequiredValue(RunOptions.Tasks).Contains("all"))
            narrator.Warn($"{tasks.Refused.Count} task files cannot be asked and are left out, such as: {tasks.Refused[0]} (`cognito-eval tasks --task-path` lists them)");
    }
}
