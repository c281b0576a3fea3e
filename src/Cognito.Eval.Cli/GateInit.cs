using System.Globalization;
using System.Text;
using System.Text.Json;
using Cognito.Eval.Comparison;
using Cognito.Eval.Files;
using Cognito.Eval.Results;

namespace Cognito.Eval.Cli;

/// <summary>
/// <c>cognito-eval gate --init</c>: a run as a baseline, and a policy that says what may be set, both to be committed.
/// </summary>
internal static class GateInit
{
    public const string Baseline = "baseline.json", Policy = "policy.yaml";

    /// <summary>Writes both files, or neither.</summary>
    /// <param name="named">A results.json, or the folder of a run.</param>
    /// <exception cref="InputException">One of them is there, or the run is none to hold others against.</exception>
    public static void Write(string named, string baseline, string policy)
    {
        foreach (var (path, option) in new[] { (baseline, "--baseline"), (policy, "--policy") })
            if (Path.Exists(path))
                throw new InputException(
                    $"{path}: is there already, and --init writes over nothing; remove it, or name another file with {option}");
        var file = RunInputs.Expand(named) is [var one] ? RunFile.Find(one)
            : throw new InputException($"{named}: it matches several; --init takes one run");
        var run = RunFile.Read(file);
        // What does not pass against itself is no baseline: scores that are no numbers, say.
        if (Gate.Decide(run, run, new()) is { Verdict: not Verdict.Pass, Criteria: var criteria })
            throw new InputException($"{file}: it does not pass against itself "
                + $"({criteria.First(it => it.Verdict != Verdict.Pass).Reason}); give another run");
        var json = Without(RegularFile.Read(file, FileKind.Results), "run");
        OutputFile.Write(baseline, to => to.Write(json), "name another file with --baseline");
        OutputFile.Write(policy, to => to.Write(Encoding.UTF8.GetBytes(Text(run))), "name another file with --policy");
    }

    /// <summary>The policy's text: every key with what it does, none of them set, so that the defaults hold.</summary>
    internal static string Text(Run run)
    {
        var comparison = RunComparison.Create(run, run);
        var margins = comparison.Columns
            .Select(column => (column.Name, Margin: Margin.Of(column.Name, [column], new()))).ToList();
        if (comparison.Average is { } average)
            margins.Insert(0, (average.Name, Margin.Of(average.Name, comparison.Columns, new())));
        var names = comparison.Columns.Select(column => Name(column.Name)).ToList();
        string[] lines =
        [
            "# What cognito-eval gate lets pass. Every key may be left out. Take the # off a key to set it.",
            $"# The baseline is a run of {Printable.Line(run.Provenance.Model)}, "
                + $"{run.Tasks.Values.Sum(task => task.Documents)} documents of {run.Tasks.Count} tasks.",
            "",
            "# Points that a value may drop: a candidate passes that is, for certain, no worse than by this much.",
            "# Without it a default holds that follows from how many documents the baseline was asked.",
            "#delta:",
            .. margins.Select(it => it.Margin.IsAssessable
                ? $"#  {Name(it.Name)}: {it.Margin.Delta.ToString("0.00", CultureInfo.InvariantCulture)} # the default"
                : $"#  {Name(it.Name)}: 5 # there is no default: {it.Margin.Documents} documents a column would give one"),
            "",
            "# Columns that the candidate must have; all of the baseline's if none is named.",
            $"#require: [{string.Join(", ", names)}]",
            "",
            "# The least value in percent, whatever the baseline's.",
            FormattableString.Invariant($"#minimum: {{{names[0]}: {Math.Floor(comparison.Columns[0].Baseline):0}}}"),
            "",
            "# Most documents whose score may differ from the baseline's, in percent: for code that should change nothing.",
            "#changed: 0",
            "",
            "# Columns that may pass although the candidate was asked fewer documents.",
            $"#fewer_documents: [{names[0]}]",
            "",
            "# Where the documents are too few to tell: undecided (exit code 4), pass or fail.",
            "undecided: undecided",
        ];
        return string.Concat(lines.Select(line => line + "\n"));
    }

    /// <summary>A name as YAML has it, on its line.</summary>
    private static string Name(string name) => name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')
        ? name : $"'{Printable.Line(name).Replace("'", "''", StringComparison.Ordinal)}'";

    /// <summary>An object of JSON without one of its keys, every other byte as it was.</summary>
    internal static byte[] Without(ReadOnlySpan<byte> json, string key)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        for (var before = (int)reader.BytesConsumed; reader.Read() && reader.TokenType == JsonTokenType.PropertyName;
            before = (int)reader.BytesConsumed)
        {
            var isIt = reader.ValueTextEquals(key);
            reader.Skip();
            if (!isIt)
                continue;
            var after = (int)reader.BytesConsumed;
            // The first key has its comma behind it, every other one before.
            if (json[..before].TrimEnd(" \t\r\n"u8) is [.., (byte)'{']
                && json[after..].TrimStart(" \t\r\n"u8) is [(byte)',', ..])
                after += json[after..].IndexOf((byte)',') + 1;
            return [.. json[..before], .. json[after..]];
        }
        return json.ToArray();
    }
}
