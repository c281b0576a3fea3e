namespace Cognito.Eval.Comparison;

/// <summary>A checkpoint's scores on the way from one run's protocol to another's.</summary>
/// <param name="Columns">The benchmarks of both.</param>
/// <param name="Steps">The first is the baseline as it was computed again, the last the candidate; a rule more is taken at each.</param>
/// <param name="Notes">What must be known of the numbers; one sentence each.</param>
internal sealed record BridgeTable(
    BridgeRun Baseline, BridgeRun Candidate, IReadOnlyList<string> Columns, IReadOnlyList<BridgeStep> Steps, IReadOnlyList<string> Notes)
{
    /// <summary>By column, the steps' differences added up; null where a value is no number.</summary>
    public IReadOnlyDictionary<string, double?> Sum { get; } = new OrderedDictionary<string, double?>(Columns.Select(column => KeyValuePair.Create(
        column, Steps.Skip(1).Aggregate((double?)0.0, (sum, step) => sum + step.Differences[column]))));

    /// <summary>By column, the last value less the first.</summary>
    public double? Difference(string column) => Steps[^1].Values[column] - Steps[0].Values[column];

    /// <exception cref="InvalidOperationException">The steps do not add up to the difference.</exception>
    public BridgeTable Checked() => Columns.All(column => !(Math.Abs(Sum[column] - Difference(column) ?? 0) > 1e-9)) ? this
        : throw new InvalidOperationException("The steps do not add up to the difference.");
}

/// <summary>An end of a bridge.</summary>
/// <param name="Given">Each column's value as the run itself says it.</param>
/// <param name="Unexplained">By column, that value less the one computed here.</param>
/// <param name="IsMeasuredHere">Whether it is a run of ours; else one of another program, of which not all is known.</param>
internal sealed record BridgeRun(
    string Name, string Protocol, IReadOnlyDictionary<string, double?> Given, IReadOnlyDictionary<string, double?> Unexplained, bool IsMeasuredHere);

/// <summary>A state on the way.</summary>
/// <param name="Rule">The rule that was taken; null at the beginning.</param>
/// <param name="Changes">The rule before and now, in words, by the columns that they hold for.</param>
/// <param name="Values">By column, percent; null where it is no number.</param>
/// <param name="Differences">By column, from the state before; null at the beginning, and where a value is no number.</param>
/// <param name="Asked">By column, how many requests the model answered for it; all at both ends, else those not known.</param>
/// <param name="Unmoved">The columns of which neither the questions nor a score changed.</param>
internal sealed record BridgeStep(
    string? Rule, IReadOnlyList<RuleChange> Changes, IReadOnlyDictionary<string, double?> Values, IReadOnlyDictionary<string, double?> Differences,
    IReadOnlyDictionary<string, int> Asked, IReadOnlyList<string> Unmoved);

/// <summary>A rule in words.</summary>
/// <param name="Columns">Those that it bears on.</param>
internal sealed record RuleChange(IReadOnlyList<string> Columns, string Baseline, string Candidate);
