using System.CommandLine;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Comparison;
using Cognito.Eval.Files;
using Cognito.Eval.Reports;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Cli;

/// <summary><c>cognito-eval compare</c>: what differs between runs, and how sure that is.</summary>
internal static class CompareCommand
{
    public static Command Create()
    {
        var runs = new Argument<string[]>("RUN")
        {
            Description = "The baseline, then one or more candidates: results.json files, folders of runs, or patterns.",
            Arity = ArgumentArity.OneOrMore,
        };
        var format = new Option<string>("--format", "-f")
        {
            Description = "table, markdown (with a heading), csv or json.",
            DefaultValueFactory = _ => "table",
        };
        Words.OneOf(format, "table", "markdown", "csv", "json");
        var subjects = new Option<bool>("--subjects") { Description = "Show each of MMLU's subjects too (csv and json always do)." };
        var why = new Option<bool>("--why")
        {
            Description = "Only show what the runs' settings differ in, and their protocols' rules; also for different questions.",
        };
        var details = new Option<bool>("--details")
        {
            Description = "Of two runs with details: also how the right choice's margin and probability moved, and how many choices stayed.",
        };
        var tasks = new Option<string?>("--tasks", "-t") { Description = "Compare these tasks alone.", HelpName = "LIST" };
        var bridge = new Option<bool>("--bridge")
        {
            Description = "Of two runs of one checkpoint under two protocols: ask the model again, rule by rule, and show what each rule "
                + "makes of each score. Nothing is written, and no answer is kept when it is stopped.",
        };
        var json = Inputs.Json();
        var command = new Command(
            "compare", "Compare finished runs: differences with their errors, tests, and what could have been seen. Needs no model, but for --bridge.")
        {
            runs, format, subjects, details, why, tasks, bridge, json,
        };
        foreach (var option in BridgeCommand.Options)
            command.Add(option);
        foreach (var option in FlipOptions.Options)
            command.Add(option);
        command.SetAction((parsed, cancel) => Task.Run(() => Session.Guard(parsed, () =>
        {
            if (!parsed.GetValue(bridge) && BridgeCommand.Options.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) is { } alone)
                throw new InputException($"{alone.Name}: it is for --bridge, which asks the model; a comparison needs none");
            var read = RunInputs.Read(parsed.GetRequiredValue(runs), parsed.GetValue(tasks));
            if (read.Count < 2)
                throw new InputException("compare: one run; give a baseline and a candidate");
            var isJson = parsed.GetValue(json) || parsed.GetValue(format) == "json";
            if (parsed.GetValue(bridge) && (parsed.GetValue(format) == "csv" || parsed.GetValue(details) || parsed.GetValue(subjects) || FlipOptions.Asked(parsed) is not null))
                throw new InputException("--bridge: it shows a table of its own, or JSON; leave out --details, --subjects, --flips and csv");
            if (parsed.GetValue(bridge) && parsed.GetValue(why) && !isJson && read.Count == 2)
                Terminal.Show(Why(read[0], read[1]) + "\n");
            if (parsed.GetValue(bridge))
                return BridgeCommand.Cross(parsed, [.. parsed.GetRequiredValue(runs).SelectMany(RunInputs.Expand)], read, isJson, cancel);
            if (parsed.GetValue(details) && (read.Count != 2 || isJson || parsed.GetValue(format) == "csv"))
                throw new InputException("--details: it is for two runs, as a table or markdown");
            if (FlipOptions.Asked(parsed) is { } flips && (read.Count != 2 || isJson || parsed.GetValue(why) || parsed.GetValue(format) == "csv"))
                throw new InputException($"{flips.Name}: it is for two runs, beside a table or markdown");
            string[] folders = [.. parsed.GetRequiredValue(runs).SelectMany(RunInputs.Expand).Select(FolderOf)];
            var shifts = (parsed.GetValue(details) ? "\n" + Shifts(read, folders) : "") + FlipOptions.Text(parsed, read, folders);
            var text = (parsed.GetValue(why) ? string.Join("\n", read.Skip(1).Select(run => Why(read[0], run)))
                : Text(read, isJson ? "json" : parsed.GetRequiredValue(format), parsed.GetValue(subjects))) + shifts;
            if (!isJson && parsed.GetRequiredValue(format) == "table")
                Terminal.Show(text);
            else
                Console.Write(text);
            return Session.Done;
        }), cancel));
        return command;
    }

    /// <summary>What two runs' settings differ in, and where their protocols do the rules.</summary>
    private static string Why((string Name, Run Run) baseline, (string Name, Run Run) candidate) =>
        ComparisonText.Why(baseline.Name, candidate.Name, SettingDifferences.Between(baseline.Run, candidate.Run))
        + BridgeText.Rules(baseline.Name, candidate.Name, RuleDifferences.Between(baseline.Run, candidate.Run, TaskSet.Of));

    private static string FolderOf(string path) => Path.GetDirectoryName(Path.GetFullPath(RunFile.Find(path)))!;

    private static string Shifts(IReadOnlyList<(string Name, Run Run)> runs, IReadOnlyList<string> folders)
    {
        var shifts = ChoiceShift.Between(runs[0].Run, folders[0], runs[1].Run, folders[1]);
        return shifts.Count > 0 ? ComparisonText.Shifts(shifts) : throw new InputException(
            $"--details: no details of the same task in {folders[0]} and {folders[1]}; run both with --details");
    }

    private static string Text(IReadOnlyList<(string Name, Run Run)> runs, string format, bool subjects)
    {
        var against = runs.Skip(1).Select(run => Compare(runs[0], run)).ToList();
        var names = runs.Select(run => run.Name).ToList();
        return format switch
        {
            "csv" => ComparisonData.ToCsv(against),
            "json" => ComparisonData.ToJson(against),
            _ => (format == "markdown" ? Markdown.From($"## {names[0]} and {string.Join(", ", names.Skip(1))}\n\n").Text : "")
                + (against is [var only] ? ComparisonText.OfTwo(only, subjects) : ManyRunsText.Of(names, against, Pairs(runs))),
        };
    }

    private static RunComparison Compare((string Name, Run Run) baseline, (string Name, Run Run) candidate)
    {
        try
        {
            return RunComparison.Create(baseline.Run, candidate.Run) with { Baseline = baseline.Name, Candidate = candidate.Name };
        }
        catch (InputException e) when (RuleDifferences.ProtocolOf(baseline.Run) != RuleDifferences.ProtocolOf(candidate.Run))
        {
            throw new InputException($"{e.Message}; compare --why shows which rules of their protocols differ", e);
        }
    }

    private static IReadOnlyList<IReadOnlyList<RunComparison?>> Pairs(IReadOnlyList<(string Name, Run Run)> runs) =>
    [
        .. runs.Select((row, i) => (IReadOnlyList<RunComparison?>)
            [.. runs.Select((column, j) => i == j ? null : Compare(column, row))]),
    ];
}
