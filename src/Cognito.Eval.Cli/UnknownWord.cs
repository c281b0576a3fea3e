using System.CommandLine;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Files;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Served;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Cli;

/// <summary>A word that is no command and no value of an option: what was meant, by what it looks like.</summary>
internal static class UnknownWord
{
    /// <summary>What is said of the first one; null where there is none.</summary>
    public static string? Find(ParseResult parsed) => parsed.UnmatchedTokens is [var word, ..] ? Of(parsed.CommandResult.Command, word) : null;

    public static string Of(Command command, string word)
    {
        var called = Commands.Name(command);
        return command is RootCommand && Meant(word) is { } meant
            ? $"{word}: no command; {meant.Is}, so write: {Words.Command([.. meant.Before, word])}"
            : $"{word}: {(command.Subcommands.Count > 0 ? "no such command" : $"`{called}` takes no such word")}; "
                + NearNames.Hint(word, command.Subcommands.Where(its => !its.Hidden).Select(its => its.Name).Concat(command is RootCommand ? ["help", "run", "version"] : []))
                + $"`{called} --help` lists all";
    }

    private static (string Is, string[] Before)? Meant(string word) =>
        ServerAddress.IsMeant(word) ? ("it is an address", ["--model"])
        : RegularFile.Exists(Path.Combine(word, "config.json")) ? ("it is a checkpoint's folder", ["--model"])
        : IsRun(word) ? ("it has results of runs", ["report"])
        : word.EndsWith(".yaml", StringComparison.Ordinal) || word.EndsWith(".yml", StringComparison.Ordinal) ? ("it looks like a task file", ["--task-path"])
        : TaskSet.Leaderboard.Tasks.Any(task => task.Name == word || task.Aliases.Contains(word)) || TaskSet.Leaderboard.Groups.ContainsKey(word)
            ? ("it names tasks", ["--tasks"])
        : TaskSet.Of(LmEval04.Rules).Tasks.Any(task => task.Name == word) ? ("it names a task", ["--protocol", LmEval04.Rules.Name, "--tasks"])
        : word.Contains('/') ? ("it looks like a checkpoint", ["--model"])
        : null;

    private static bool IsRun(string word) => Path.GetFileName(word) == RunFile.Name
        || Directory.Exists(word) && Directory.EnumerateFiles(word, RunFile.Name, new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 2 }).Any();
}
