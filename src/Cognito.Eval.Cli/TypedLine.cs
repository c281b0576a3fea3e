using System.CommandLine;
using Cognito.Eval.Files;

namespace Cognito.Eval.Cli;

/// <summary>
/// A command line before it is parsed: other programs' habits are put into our words, and an option that nobody knows is an error of
/// that option, wherever it stands.
/// </summary>
/// <param name="Args">What is parsed.</param>
/// <param name="Said">What the habits were taken as, a line each.</param>
internal sealed record TypedLine(IReadOnlyList<string> Args, IReadOnlyList<string> Said)
{
    /// <exception cref="InputException">An option is unknown, or asks for what is not done; the message says what to write.</exception>
    public static TypedLine Read(Command root, string[] args)
    {
        // What a shell asks in order to complete a line is no command line yet.
        if (args is [['[', ..], ..])
            return new(args, []);
        var line = AsCommand(root, args);
        var (command, words) = Commands.Named(root, line.Args);
        string[] spelled = [.. line.Args.Take(words), .. Spelled(command, [.. line.Args.Skip(words)])];
        // A plan and a run are what lm-evaluation-harness has options for.
        var read = command == root || command.Name == "plan" ? HarnessLine.Read(command, spelled[..words], spelled[words..]) : new(spelled, []);
        if (UnknownOption(root, command, [.. read.Args.Skip(words)]) is { } unknown)
            throw new InputException(unknown);
        return new(read.Args, [.. line.Said, .. read.Said]);
    }

    /// <summary>Commands that are options here, or have another name.</summary>
    private static TypedLine AsCommand(Command root, string[] args) => args switch
    {
        ["run", .. var rest] => new(rest, []),
        ["version"] => new(["--version"], []),
        ["help", .. var command] => Commands.Named(root, command).Words == command.Length ? new([.. command, "--help"], [])
            : throw new InputException(UnknownWord.Of(root, command[0])),
        ["ls" or "list", "tasks" or "groups" or "subtasks" or "tags", .. var rest] => Listed(rest),
        ["ls" or "list"] => Listed([]),
        ["validate", ..] => throw new InputException(
            "validate: `cognito-eval tasks` reads task files and says which cannot be asked; write: cognito-eval tasks --task-path DIR"),
        _ => new(args, []),
    };

    private static TypedLine Listed(IEnumerable<string> rest)
    {
        string[] args = ["tasks", "--protocol", "lm-eval-0.4", .. rest.Select(word => word == "--include_path" ? "--task-path" : word)];
        return new(args, [$"taken as: {Words.Command(args)}"]);
    }

    /// <summary>Underscores in a known option's name, and a type's other names, mean the same.</summary>
    private static IEnumerable<string> Spelled(Command command, IReadOnlyList<string> args)
    {
        var before = "";
        foreach (var arg in args)
        {
            var word = Word.Of(arg);
            var name = word.Name is null ? null : Known(command, word.Name) ?? Known(command, word.Name.Replace('_', '-'));
            var value = (word.Name is null ? before : name) is "--dtype" or "--against-dtype" ? word.Value is { } type ? Words.Dtype(type) : null : word.Value;
            before = word.Name is null ? "" : name ?? word.Name;
            yield return word.Name is null ? value ?? arg : name is null ? arg : value is null ? name : $"{name}={value}";
        }
    }

    private static string? Known(Command command, string name) => Commands.Options(command).Any(option => Commands.Is(option, name)) ? name : null;

    /// <summary>The first option that the command has not, with what may have been meant; null where it has all.</summary>
    private static string? UnknownOption(Command root, Command command, IReadOnlyList<string> args)
    {
        Option[] known = [.. Commands.Options(command)];
        var names = known.SelectMany(option => option.Aliases.Append(option.Name)).Where(name => name.StartsWith("--", StringComparison.Ordinal)).ToList();
        foreach (var name in args.TakeWhile(arg => arg != "--").Select(arg => Word.Of(arg).Name).OfType<string>())
            if (!known.Any(option => Commands.Is(option, name)) && !IsBundle(known, names, name))
                return $"{name}: no such option of `{Commands.Name(command)}`; " + (
                    Commands.Under(root).Where(other => !other.Hidden && other.Options.Any(option => Commands.Is(option, name))).ToList() is { Count: > 0 } others
                        ? $"it is an option of {string.Join(", ", others.Select(other => $"`{Commands.Name(other)}`"))}; "
                        : NearNames.Hint(Meant(name), names)) + $"`{Commands.Name(command)} --help` lists all";
        return null;
    }

    /// <summary>One dash and several letters: short options together, or a short option and its value.</summary>
    private static bool IsBundle(Option[] known, List<string> names, string name) => name[1] != '-' && !names.Contains($"-{name}")
        && name.Length > 2 && known.FirstOrDefault(option => Commands.Is(option, name[..2])) is not null;

    /// <summary>What other programs call an option of ours.</summary>
    private static string Meant(string name) => name.TrimStart('-') switch
    {
        "shots" or "fewshot" or "n-shot" or "nshot" => "--num-fewshot",
        "checkpoint" or "model-path" or "pretrained" or "path" => "--model",
        "gpu" or "gpus" or "cuda" => "--device",
        "precision" or "type" => "--dtype",
        "out" or "out-dir" or "results" => "--output",
        "cpus" or "cores" or "num-threads" => "--threads",
        _ => name,
    };
}

/// <summary>A word of a command line: an option's name, with the value that stands in the same word, or a value.</summary>
/// <param name="Name">With its dashes; null of a value.</param>
internal readonly record struct Word(string? Name, string? Value)
{
    /// <summary>An option begins with a letter: <c>-5</c> is a number.</summary>
    public static Word Of(string arg)
    {
        var letter = arg.StartsWith("--", StringComparison.Ordinal) ? 2 : arg.StartsWith('-') ? 1 : 0;
        if (letter == 0 || arg.Length <= letter || !char.IsAsciiLetter(arg[letter]))
            return new(null, arg);
        var end = arg.AsSpan().IndexOfAny('=', ':');
        return end < 0 ? new(arg, null) : new(arg[..end], arg[(end + 1)..]);
    }
}
