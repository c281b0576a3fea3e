using System.CommandLine;
using Cognito.Eval.Comparison;
using Cognito.Eval.Files;
using Cognito.Eval.Reports;
using Cognito.Eval.Results;

namespace Cognito.Eval.Cli;

/// <summary><c>cognito-eval gate</c>: whether a candidate is no worse than a baseline, as an exit code.</summary>
internal static class GateCommand
{
    private const int Regression = 1, Undecided = 4;

    /// <summary>Names the file whose Markdown GitHub shows with a workflow's run.</summary>
    private const string StepSummary = "GITHUB_STEP_SUMMARY";

    public static Command Create()
    {
        var baseline = new Option<string?>("--baseline", "-b")
        {
            Description = "The run to hold against: a results.json or the folder of a run.",
            HelpName = "RUN",
        };
        var init = new Option<string?>("--init")
        {
            Description = "Instead: write this run as a baseline, and a policy with comments, to be committed: "
                + $"{GateInit.Baseline} and {GateInit.Policy}, or what --baseline and --policy name. Nothing is written over.",
            HelpName = "RUN",
        };
        var candidate = new Option<string?>("--candidate", "-c") { Description = "The run to judge.", HelpName = "RUN" };
        var watch = new Option<string?>("--watch", "-w")
        {
            Description = "Instead: all runs of a lineage in this folder, each against the baseline, with intervals that many looks "
                + "do not use up.",
            HelpName = "DIR",
        };
        var page = new Option<string?>("--html")
        {
            Description = "With --watch: also write its history as a page.",
            HelpName = "FILE",
        };
        var policy = new Option<string?>("--policy", "-p")
        {
            Description = "YAML: delta, require, minimum, changed, fewer_documents, undecided.",
            HelpName = "FILE",
        };
        var junit = new Option<string?>("--junit") { Description = "Also write the verdict as JUnit XML.", HelpName = "FILE" };
        var summary = new Option<bool>("--step-summary") { Description = $"Also append the verdict to the file that {StepSummary} names." };
        var json = Inputs.Json();
        var command = new Command(
            "gate", "Pass, or fail, a candidate against a baseline. Exit code: 0 pass, 1 regression, 2 bad input, 4 undecided.")
        {
            baseline, candidate, watch, policy, init, junit, summary, json, page,
        };
        command.SetAction(parsed => Session.Guard(parsed, () =>
        {
            if (parsed.GetValue(init) is { } first)
                return parsed.GetValue(candidate) is null && parsed.GetValue(watch) is null && parsed.GetValue(junit) is null
                    && parsed.GetValue(page) is null && !parsed.GetValue(summary) && !parsed.GetValue(json)
                    ? Begin(first, parsed.GetValue(baseline) ?? GateInit.Baseline, parsed.GetValue(policy) ?? GateInit.Policy)
                    : throw new InputException("--init: it goes with --baseline and --policy, and judges nothing");
            var held = parsed.GetValue(baseline) ?? throw new InputException(
                "gate: give --baseline RUN, the run to hold against; gate --init RUN makes one of a run");
            var rules = parsed.GetValue(policy) is { } file ? GatePolicy.Read(file) : new();
            if (parsed.GetValue(watch) is { } folder)
                return parsed.GetValue(candidate) is null && parsed.GetValue(junit) is null && !parsed.GetValue(summary)
                    ? Watched(held, folder, rules, parsed.GetValue(page), parsed.GetValue(json))
                    : throw new InputException(
                        "--watch: it takes the runs of a folder, and no --candidate, --junit or --step-summary");
            if (parsed.GetValue(page) is not null)
                throw new InputException("--html: it is for --watch; report --format html shows runs");
            var judged = parsed.GetValue(candidate) ?? throw new InputException("gate: give --candidate RUN, or --watch DIR");
            var runs = RunInputs.Read([held, judged]);
            if (runs.Count != 2)
                throw new InputException("gate: --baseline and --candidate name one run each; a pattern matches several");
            // A run gives the same answers as itself, whatever is known of them.
            var gate = Gate.Decide(runs[0].Run, runs[1].Run, rules, FileOf(held) == FileOf(judged) || GateInputs.HaveEqualReplies(
                runs[0].Run, Folder(held), runs[1].Run, Folder(judged)));
            gate = gate with { Comparison = gate.Comparison with { Baseline = runs[0].Name, Candidate = runs[1].Name } };
            if (parsed.GetValue(junit) is { } path)
                Save(path, GateText.JUnit(gate, rules.Undecided), append: false);
            if (parsed.GetValue(summary))
                Save(Environment.GetEnvironmentVariable(StepSummary) is { Length: > 0 } named ? named : throw new InputException(
                    $"--step-summary: {StepSummary} is not set; GitHub sets it in a workflow's steps"), "## " + GateText.Markdown(gate, rules.Undecided), append: true);
            if (parsed.GetValue(json))
                Console.Write(ComparisonData.ToJson(gate));
            else
                Terminal.Show(GateText.Markdown(gate, rules.Undecided));
            return Code(gate.Verdict, rules.Undecided);
        }));
        return command;
    }

    private static int Begin(string run, string baseline, string policy)
    {
        GateInit.Write(run, baseline, policy);
        Terminal.Line($"written: {baseline}, {policy}. Commit both; then: cognito-eval gate --baseline {baseline} --policy {policy} "
            + "--candidate RUN");
        return Session.Done;
    }

    private static int Code(Verdict verdict, OnUndecided undecided) => (verdict, undecided) switch
    {
        (Verdict.Pass, _) or (Verdict.Undecided, OnUndecided.Pass) => Session.Done,
        (Verdict.Undecided, OnUndecided.Undecided) => Undecided,
        _ => Regression,
    };

    private static string Folder(string run) => Path.GetDirectoryName(FileOf(run))!;

    private static string FileOf(string run) => Path.GetFullPath(RunFile.Find(RunInputs.Expand(run)[0]));

    /// <summary>0 while quiet, 1 at an alarm, 4 where the newest run dropped for certain.</summary>
    private static int Watched(string baseline, string folder, GatePolicy rules, string? page, bool json)
    {
        if (!Directory.Exists(folder))
            throw new InputException($"{folder}: no such folder; {NearNames.PathHint(folder)}--watch names one that holds runs");
        var deep = new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 4 };
        var paths = Directory.EnumerateFiles(folder, RunFile.Name, deep)
            .Where(path => Path.GetFullPath(path) != FileOf(baseline)).Order(StringComparer.Ordinal).ToList();
        if (paths.Count == 0)
            throw new InputException($"{folder}: no {RunFile.Name} in it; --watch names a folder of finished runs");
        var held = RunInputs.Read([baseline])[0];
        var runs = paths.Select(path => (Path.GetRelativePath(folder, Path.GetDirectoryName(path)!), RunInputs.Read(path)));
        var watch = Watch.Over(held.Run, [.. runs], rules) with { Baseline = held.Name };
        if (page is not null)
            Save(page, WatchText.Page(watch), append: false);
        if (json)
            Console.Write(ComparisonData.ToJson(watch));
        else
            Terminal.Show(WatchText.Markdown(watch));
        return watch.Verdict switch { WatchVerdict.Alarm => Regression, WatchVerdict.Dropped => Undecided, _ => Session.Done };
    }

    private static void Save(string path, string text, bool append)
    {
        try
        {
            if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder)
                Directory.CreateDirectory(folder);
            if (append)
                File.AppendAllText(path, text);
            else
                File.WriteAllText(path, text);
        }
        catch (Exception e) when (OutputFile.IsFailure(e))
        {
            throw OutputFile.Failed(path, e, "name another file");
        }
    }
}
