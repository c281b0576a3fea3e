using System.Globalization;
using System.Xml.Linq;
using Cognito.Eval.Comparison;

namespace Cognito.Eval.Reports;

/// <summary>A gate's verdict for readers and for continuous integration: Markdown, and JUnit's XML.</summary>
public static class GateText
{
    public static string Markdown(Gate gate, OnUndecided undecided)
    {
        var table = new TextTable("Criterion", "Verdict", "Drop", "95 % interval", "δ", "Reason") { TextColumns = 2, EndsInText = true };
        foreach (var criterion in gate.Criteria)
            table.Add(criterion.Name, Word(criterion), ComparisonText.Signed(criterion.Drop), ComparisonText.Range(criterion.DropInterval),
                ComparisonText.Points(criterion.Delta), criterion.Reason);
        return Reports.Markdown.From(
            $"{Headline(gate, undecided)}\n\nBaseline: {gate.Comparison.Baseline}. Candidate: {gate.Comparison.Candidate}.\n\n{table.ToMarkdown()}\n"
            + $"Points; a drop above 0 is a loss. The average decides; a column objects where its drop is certain.\n{Undecidable(gate)}"
            + $"{gate.Comparison.Notes.Select(note => Reports.Markdown.From($"* {note}\n"))}{gate.Comparison.Provenance.Select(ComparisonText.Differs)}").Text;
    }

    public static string Headline(Gate gate, OnUndecided undecided) => "Gate: " + (gate.Verdict, undecided) switch
    {
        (Verdict.Pass, _) => "pass",
        (Verdict.Regression, _) when gate.Criteria.Any(criterion =>
            criterion is { Name: Gate.NotANumber, Verdict: Verdict.Regression }) => $"regression: {Gate.NotANumber}",
        (Verdict.Regression, _) => "regression: " + string.Join(", ", gate.Criteria
            .Where(criterion => criterion.Verdict == Verdict.Regression).Select(criterion => criterion.Name)),
        (_, OnUndecided.Undecided) => "undecided",
        (_, OnUndecided.Pass) => "undecided, which the policy lets pass",
        _ => "undecided, which the policy lets fail",
    };

    private static string Word(Criterion criterion) => criterion switch
    {
        { Verdict: Verdict.Undecided, Counts: false } => "(undecided)",
        { Verdict: var verdict } => verdict.ToString().ToLowerInvariant(),
    };

    private static Markdown Undecidable(Gate gate)
    {
        string[] wide = [.. gate.Criteria.Where(criterion => criterion.Delta > Gate.LeastDelta && criterion.Name != RunComparison.AverageName)
            .Select(criterion => criterion.Name)];
        return wide.Length == 0 ? Reports.Markdown.None
            : Reports.Markdown.From($"{string.Join(", ", wide)}: so few documents cannot decide on a drop of 1 point; δ is larger there.\n");
    }

    /// <summary>One test case a criterion; an undecided one that counts is skipped, or failed where the policy says so.</summary>
    public static string JUnit(Gate gate, OnUndecided undecided)
    {
        var cases = gate.Criteria.Select(criterion => XmlText.Element("testcase",
            XmlText.Attribute("classname", "cognito-eval.gate"), XmlText.Attribute("name", criterion.Name), XmlText.Attribute("time", "0"),
            Outcome(criterion, undecided), XmlText.Element("system-out", Said(criterion)))).ToList();
        int Count(string name) => cases.Count(test => test.Element(name) is not null);
        return XmlText.Element("testsuites", XmlText.Element("testsuite",
            XmlText.Attribute("name", $"cognito-eval gate: {gate.Comparison.Candidate} against {gate.Comparison.Baseline}"),
            XmlText.Attribute("tests", cases.Count), XmlText.Attribute("failures", Count("failure")), XmlText.Attribute("errors", 0),
            XmlText.Attribute("skipped", Count("skipped")), XmlText.Attribute("time", "0"), cases)) + "\n";
    }

    private static XElement? Outcome(Criterion criterion, OnUndecided undecided) => (criterion.Verdict, criterion.Counts, undecided) switch
    {
        (Verdict.Regression, _, _) or (Verdict.Undecided, true, OnUndecided.Fail) =>
            XmlText.Element("failure", XmlText.Attribute("message", criterion.Reason), Said(criterion)),
        (Verdict.Undecided, true, OnUndecided.Undecided) or (Verdict.Undecided, false, _) =>
            XmlText.Element("skipped", XmlText.Attribute("message", criterion.Reason)),
        _ => null,
    };

    private static string Said(Criterion criterion) => criterion.Drop is { } drop
        ? string.Create(CultureInfo.InvariantCulture,
            $"{criterion.Reason}: drop {drop:0.00} points, 95 % interval {ComparisonText.Range(criterion.DropInterval).Text}, δ {criterion.Delta:0.00}")
        : criterion.Reason;
}
