using System.CommandLine;

namespace Cognito.Eval.Cli;

/// <summary>All commands there are, and which of them knows which option.</summary>
internal static class Commands
{
    public static RootCommand Create()
    {
        var root = RunCommand.Create();
        foreach (var command in (Command[])[
            TasksCommand.Create(), PromptCommand.Create(), PlanCommand.Create(), MergeCommand.Create(), RunsCommand.Create(), BenchCommand.Create(),
            DataCommand.Create(), ReportCommand.Create(), CompareCommand.Create(), GateCommand.Create(), VerifyCommand.Create(),
            CompletionCommand.Create(), DebugCommand.Create()])
            root.Add(command);
        root.Add(Session.Verbose);
        return root;
    }

    /// <summary>A command's options, and those of the commands above it that hold below them.</summary>
    public static IEnumerable<Option> Options(Command command) => command.Options.Concat(
        Above(command).SelectMany(above => above.Options.Where(option => option.Recursive)));

    /// <summary>How a command is called; null of the run.</summary>
    public static string Name(Command command) => string.Join(' ', Above(command).Reverse().Select(above => above.Name).Append(command.Name)
        .Skip(1).Prepend("cognito-eval"));

    public static bool Is(Option option, string name) => option.Name == name || option.Aliases.Contains(name);

    /// <summary>The command that words begin with, and how many of them name it.</summary>
    public static (Command Command, int Words) Named(Command root, IReadOnlyList<string> args)
    {
        var (command, words) = (root, 0);
        while (words < args.Count && command.Subcommands.FirstOrDefault(its => its.Name == args[words]) is { } next)
            (command, words) = (next, words + 1);
        return (command, words);
    }

    /// <summary>A command and all below it.</summary>
    public static IEnumerable<Command> Under(Command command) => command.Subcommands.SelectMany(Under).Prepend(command);

    private static IEnumerable<Command> Above(Command command)
    {
        for (var above = command.Parents.OfType<Command>().FirstOrDefault(); above is not null; above = above.Parents.OfType<Command>().FirstOrDefault())
            yield return above;
    }
}
