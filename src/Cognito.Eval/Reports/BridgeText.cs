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
            $"\nRules of the protocols that differ, and can move a number:\n\n{table.ToMarkdown()}\nWhat each costs: compare --bridge asks the model.\n").Text;
    }

    /// <summary>The score after each rule, and under it what the rule made of it, in points.</summary>
    public static string Steps(BridgeTable bridge)
    {
        var table = new TextTable(["Points", .. bridge.Columns.Select(column => (Markdown)column)]);
        Row(table, bridge.Baseline.Protocol, column => ComparisonText.Points(bridge.Steps[0].Values[column]), bridge.Columns);
        foreach (var step in bridge.Steps.Skip(1))
        {
            Row(table, step.Rule!, column => ComparisonText.Points(step.Values[column]), bridge.Columns);
            Row(table, "", column => step.Unmoved.Contains(column) ? new("–") : ComparisonText.Signed(step.Differences[column]), bridge.Columns);
        }
        Row(table, bridge.Candidate.Protocol, column => ComparisonText.Points(bridge.Steps[^1].Values[column]), bridge.Columns);
        Row(table, "sum of the steps", column => ComparisonText.Signed(bridge.Sum[column]), bridge.Columns);
        foreach (var run in new[] { bridge.Baseline, bridge.Candidate }.Where(run => !run.IsMeasuredHere))
        {
            Row(table, $"{run.Protocol}, as its file says", column => ComparisonText.Points(run.Given[column]), bridge.Columns);
            Row(table, "not explained", column => ComparisonText.Signed(run.Unexplained[column]), bridge.Columns);
        }
        return Markdown.From($"From {bridge.Baseline.Name} to {bridge.Candidate.Name}, rule by rule.\n\n{table.ToMarkdown()}\n"
            + $"–: the rule changed neither what was asked nor a score. Rules, from and to:\n\n{Markdown.All(bridge.Steps.Skip(1).SelectMany(Rule))}"
            + $"{Markdown.All(bridge.Notes.Select(note => Markdown.From($"* {note}\n")))}").Text;
    }

    private static void Row(TextTable table, Markdown name, Func<string, Markdown> cell, IReadOnlyList<string> columns) =>
        table.Add([name, .. columns.Select(cell)]);

    private static IEnumerable<Markdown> Rule(BridgeStep step) => step.Changes.Count == 0
        ? [Markdown.From($"- {step.Rule!}\n")]
        : step.Changes.Select(change => Markdown.From($"- {step.Rule!}, {string.Join(", ", change.Columns)}: {change.Baseline}; {change.Candidate}\n"));
}
