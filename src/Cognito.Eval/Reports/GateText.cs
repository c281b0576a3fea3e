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
            table.Add(criterion.Name, Word(criterion), ComparisonText.Signed(criterion.Drop),
                ComparisonText.Range(criterion.DropInterval, criterion.Delta), Delta(criterion), criterion.Reason);
        return Reports.Markdown.From(
            $"{Headline(gate, undecided)}\n\n{GateVerdictText.Of(gate)}\n\nBaseline: {gate.Comparison.Baseline}. Candidate: {gate.Comparison.Candidate}.\n\n{table.ToMarkdown()}\n"
            + $"Points; a drop above 0 is a loss. A test of non-inferiority: what passes is, at 97.5 % of confidence, no worse than by "
            + $"δ. {Deciding(gate)}\n{Undecidable(gate)}"
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

    /// <summary>δ and whose it is; as many decimals as tell it from the end of the interval beside it.</summary>
    private static string Delta(Criterion criterion) => criterion is { Delta: { } delta, DeltaFrom: { } from }
        ? $"{Decimals.Beside(delta, Nearest(criterion.DropInterval, delta))} ({from})" : "-";

    private static double? Nearest(Interval? interval, double delta) => interval is not { } it ? null
        : Math.Abs(it.Low - delta) < Math.Abs(it.High - delta) ? it.Low : it.High;

    private static string Deciding(Gate gate) => gate.Comparison.Average is { } average
        ? $"The {average.Name.ToLowerInvariant()} decides; a column objects where its drop is certain."
        : gate.Comparison.Columns.Count > 1
            ? $"Each of the {gate.Comparison.Columns.Count} columns decides, at a level shared by all."
        : "The column decides.";

    /// <summary>Defaults that are larger than a drop that would matter, and what has none.</summary>
    private static IEnumerable<Markdown> Undecidable(Gate gate)
    {
        string[] wide = [.. gate.Criteria.Where(criterion => criterion is { DeltaFrom: "default", Delta: > Margin.Least })
            .Select(criterion => criterion.Name)];
        if (wide.Length > 0)
            yield return Reports.Markdown.From($"{string.Join(", ", wide)}: so few documents cannot decide on a drop of 1 point; the "
                + $"default δ follows how many the baseline was asked, and a policy may name one.\n");
    }

    /// <summary>
    /// One test case a criterion; an undecided one that counts is skipped, or failed where the policy says so. The suite begins
    /// with the verdict in words, as a property.
    /// </summary>
    public static string JUnit(Gate gate, OnUndecided undecided)
    {
        var cases = gate.Criteria.Select(criterion => XmlText.Element("testcase",
            XmlText.Attribute("classname", "cognito-eval.gate"), XmlText.Attribute("name", criterion.Name), XmlText.Attribute("time", "0"),
            Outcome(criterion, undecided), XmlText.Element("system-out", Said(criterion)))).ToList();
        int Count(string name) => cases.Count(test => test.Element(name) is not null);
        return XmlText.Element("testsuites", XmlText.Element("testsuite",
            XmlText.Attribute("name", $"cognito-eval gate: {gate.Comparison.Candidate} against {gate.Comparison.Baseline}"),
            XmlText.Attribute("tests", cases.Count), XmlText.Attribute("failures", Count("failure")), XmlText.Attribute("errors", 0),
            XmlText.Attribute("skipped", Count("skipped")), XmlText.Attribute("time", "0"),
            XmlText.Element("properties", XmlText.Element("property", XmlText.Attribute("name", "verdict"),
                XmlText.Attribute("value", $"{Headline(gate, undecided)}. {GateVerdictText.Of(gate)}"))), cases)) + "\n";
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
        ? $"{criterion.Reason}: drop {Decimals.Of(drop)} points, 95 % interval "
            + $"{ComparisonText.Range(criterion.DropInterval, criterion.Delta).Text}, δ {Delta(criterion)}"
        : criterion.Reason;
}
