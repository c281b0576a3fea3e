using Cognito.Eval.Comparison;

namespace Cognito.Eval.Reports;

/// <summary>Rules that differ between two runs, and what each costs, as tables.</summary>
internal static class BridgeText
{
    /// <summary>A row a rule, benchmark by benchmark; nothing where none differs.</summary>
    public static string Rules(string baseline, string candidate, IReadOnlyList<RuleDifferences> rules)
    {
        var table = new TextTable("Benchmark", "Rule", baseline, candidate) { TextColumns = 4 };
        foreach (var (i, rule) in rules.Index())
            table.Add(i > 0 && rules[i - 1].Column == rule.Column ? "" : rule.Column, rule.Rule, rule.Baseline, rule.Candidate);
        return rules.Count == 0 ? "" : Markdown.From(
            $"\nRules of the protocols that differ, and can move a number:\n\n{table.ToMarkdown()}\n"
            + $"What each costs: compare --bridge asks the model.\n").Text;
    }

    /// <summary>The score after each rule, and under it what the rule made of it, in points.</summary>
    public static string Steps(BridgeTable bridge)
    {
        var moving = bridge.Steps.Skip(1).Where(step => step.Unmoved.Count < bridge.Columns.Count).ToList();
        var table = new TextTable(["Points", .. bridge.Columns.Select(column => (Markdown)column)]);
        Row(bridge.Baseline.Protocol, column => ComparisonText.Points(bridge.Steps[0].Values[column]));
        foreach (var step in moving)
        {
            Row(step.Rule!, column => ComparisonText.Points(step.Values[column]));
            Row("", column => step.Unmoved.Contains(column) ? new("–") : ComparisonText.Signed(step.Differences[column]));
        }
        Row(bridge.Candidate.Protocol, column => ComparisonText.Points(bridge.Steps[^1].Values[column]));
        Row("sum of the steps", column => ComparisonText.Signed(bridge.Sum[column]));
        foreach (var run in new[] { bridge.Baseline, bridge.Candidate }.Where(run => !run.IsMeasuredHere))
        {
            Row($"{run.Protocol}, as its file says", column => ComparisonText.Points(run.Given[column]));
            Row("not explained", column => ComparisonText.Signed(run.Unexplained[column]));
        }
        return Markdown.From($"From {bridge.Baseline.Name} to {bridge.Candidate.Name}, rule by rule.\n\n{table.ToMarkdown()}\n"
            + $"–: the rule changed neither what was asked nor the score.\n{Idle([.. bridge.Steps.Skip(1).Except(moving)])}\n"
            + $"Rules, from and to:\n\n{Markdown.All(moving.SelectMany(Rule))}"
            + $"{Markdown.All(bridge.Notes.Select(note => Markdown.From($"* {note}\n")))}").Text;

        void Row(Markdown name, Func<string, Markdown> cell) => table.Add([name, .. bridge.Columns.Select(cell)]);
    }

    private static Markdown Idle(IReadOnlyList<BridgeStep> steps) => steps.Count == 0 ? Markdown.None
        : Markdown.From($"Rules that differ, and moved nothing here: {string.Join(", ", steps.Select(step => step.Rule))}.\n");

    private static IEnumerable<Markdown> Rule(BridgeStep step) =>
        step.Changes.Select(change => Markdown.From($"- {step.Rule!}, {string.Join(", ", change.Columns)}: {change.Baseline}; {change.Candidate}\n"));
}
