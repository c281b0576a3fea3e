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
        var baseline = Named("--baseline", "-b", "The run to hold against: a results.json or the folder of a run.");
        var candidate = Named("--candidate", "-c", "The run to judge.");
        var policy = new Option<string?>("--policy", "-p") { Description = "YAML: delta, require, minimum, changed, fewer_documents, undecided.", HelpName = "FILE" };
        var junit = new Option<string?>("--junit") { Description = "Also write the verdict as JUnit XML.", HelpName = "FILE" };
        var summary = new Option<bool>("--step-summary") { Description = $"Also append the verdict to the file that {StepSummary} names." };
        var json = Inputs.Json();
        var command = new Command(
            "gate", "Pass, or fail, a candidate against a baseline. Exit code: 0 pass, 1 regression, 2 bad input, 4 undecided.")
        {
            baseline, candidate, policy, junit, summary, json,
        };
        command.SetAction(parsed => Session.Guard(parsed, () =>
        {
            var rules = parsed.GetValue(policy) is { } file ? GatePolicy.Read(file) : new();
            var runs = RunInputs.Read([parsed.GetRequiredValue(baseline), parsed.GetRequiredValue(candidate)]);
            if (runs.Count != 2)
                throw new InputException("gate: --baseline and --candidate name one run each; a pattern matches several");
            string Folder(Option<string> named) =>
                Path.GetDirectoryName(Path.GetFullPath(RunFile.Find(RunInputs.Expand(parsed.GetRequiredValue(named))[0])))!;
            var gate = Gate.Decide(runs[0].Run, runs[1].Run, rules,
                GateInputs.HaveEqualReplies(runs[0].Run, Folder(baseline), runs[1].Run, Folder(candidate)));
            gate = gate with { Comparison = gate.Comparison with { Baseline = runs[0].Name, Candidate = runs[1].Name } };
            if (parsed.GetValue(junit) is { } path)
                Save(path, GateText.JUnit(gate, rules.Undecided), append: false);
            if (parsed.GetValue(summary))
                Save(Environment.GetEnvironmentVariable(StepSummary) is { Length: > 0 } named ? named : throw new InputException(
                    $"--step-summary: {StepSummary} is not set; GitHub sets it in a workflow's steps"), "## " + GateText.Markdown(gate, rules.Undecided), append: true);
            Console.Write(parsed.GetValue(json) ? ComparisonData.ToJson(gate) : GateText.Markdown(gate, rules.Undecided));
            return Code(gate.Verdict, rules.Undecided);
        }));
        return command;
    }

    private static int Code(Verdict verdict, OnUndecided undecided) => (verdict, undecided) switch
    {
        (Verdict.Pass, _) or (Verdict.Undecided, OnUndecided.Pass) => Session.Done,
        (Verdict.Undecided, OnUndecided.Undecided) => Undecided,
        _ => Regression,
    };

    private static Option<string> Named(string name, string alias, string description) =>
        new(name, alias) { Description = description, Required = true, HelpName = "RUN" };

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
