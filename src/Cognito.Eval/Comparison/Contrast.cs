using System.Text.Json.Serialization;

namespace Cognito.Eval.Comparison;

/// <summary>
/// What a candidate's score differs by from a baseline's, and how sure we are of it. All values in points (percent).
/// </summary>
public sealed record Contrast
{
    /// <summary>A column's key, a task's name, or "Average".</summary>
    public required string Name { get; init; }

    /// <summary>Of a mean of columns: which; null otherwise.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Averaged { get; init; }

    /// <summary>The name with which it can stand beside other means: which columns it is of, unless these are all.</summary>
    [JsonIgnore]
    public string Label =>
        Averaged is null || Name == RunComparison.AverageName ? Name : $"Mean of {string.Join(", ", Averaged)}";

    /// <summary>The headline metric; null for the average, and where only numbers were reported.</summary>
    public string? Metric { get; init; }

    /// <summary>Documents compared, or asked by the candidate where they cannot be compared one by one.</summary>
    public required int Documents { get; init; }

    /// <summary>
    /// Whether both runs' scores of each document are known, so that the difference's error is that of the documents'
    /// differences.
    /// </summary>
    [JsonPropertyName("paired")]
    public required bool IsPaired { get; init; }

    /// <summary>Over the documents compared.</summary>
    public required double Baseline { get; init; }

    /// <summary>Over the documents compared.</summary>
    public required double Candidate { get; init; }

    /// <summary>Requests of the baseline that were answered from a NaN or an infinity.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int BaselineNotFinite { get; init; }

    /// <summary>Requests of the candidate that were answered from a NaN or an infinity.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int CandidateNotFinite { get; init; }

    /// <summary>Whether a score may differ by any number, as a log-likelihood may.</summary>
    [JsonIgnore]
    internal bool IsUnbounded { get; init; }

    /// <summary>Candidate − baseline.</summary>
    public double Difference => Candidate - Baseline;

    /// <summary>
    /// Of the difference; null where it cannot be known. Not below what two documents give that differ by as much as any
    /// may.
    /// </summary>
    public double? StandardError { get; init; }

    /// <summary>Of the standard error.</summary>
    public double? DegreesOfFreedom { get; init; }

    /// <summary>95 % interval of the difference, by score (<see cref="WeightedMean"/>).</summary>
    public Interval? Interval { get; init; }

    /// <summary>Where a column has several tasks: the difference's error if the tasks might have been others.</summary>
    public double? ClusterError { get; init; }

    /// <summary>Whether its documents count alike, whatever task they are of; else its tasks do.</summary>
    internal bool WeighsDocuments { get; init; }

    /// <summary>What documents hang together, as "twins" or "passage"; null where none are known to.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Cluster { get; init; }

    /// <summary>
    /// The difference's error if clusters of documents were drawn, not single ones; null where none are known.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? RobustError => Cluster is not null && StandardError is { } error
        ? 100 * Math.Sqrt(Math.Max(0, error * error / 1e4 + ClusterExcess)) : null;

    /// <summary>The larger of the plain error and that of clusters, which the gate goes by; in points.</summary>
    internal double? CautiousError => RobustError is { } robust ? Math.Max(robust, StandardError!.Value) : StandardError;

    /// <summary>Documents on which the candidate scores higher.</summary>
    public int? Wins { get; init; }

    /// <summary>Documents on which the candidate scores lower.</summary>
    public int? Losses { get; init; }

    /// <summary>"McNemar mid-p", "sign flips", "score" or, over several tasks, "stratified score".</summary>
    public string? Test { get; init; }

    /// <summary>Two-sided.</summary>
    public double? P { get; init; }

    /// <summary>Holm's, over the columns.</summary>
    public double? AdjustedP { get; init; }

    /// <summary>McNemar's exact p, of the documents of all tasks pooled; null where scores are not 0 and 1.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? ExactP { get; init; }

    /// <summary>
    /// McNemar's mid-p of the documents of all tasks pooled, each counting the same; null where the column is one task.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? PooledP { get; init; }

    /// <summary>
    /// The smallest true difference for which <see cref="P"/>, not adjusted, would be below 0.05 in 4 of 5 comparisons.
    /// </summary>
    public double? Detectable => DetectableAt(Power.Level);

    /// <summary>The same for a p below another level.</summary>
    internal double? DetectableAt(double level) => Test == PairedTests.MidP && Wins + Losses is { } discordant
        ? 100 * Power.Detectable(Documents, discordant, level)
        : Test == PairedTests.Score && IsPaired && !IsUnbounded && Scores?.Parts is [{ Stratum: { HasValues: true } seen }] && StandardError is { } error
            && Power.OfScore(seen, error / 100, level) is { } drop ? 100 * drop
        : StandardError * Power.Factor(Scores?.Freedom ?? double.PositiveInfinity, level);

    /// <summary>The column's tasks, where it has several; their p-values are not adjusted.</summary>
    public IReadOnlyList<Contrast> Tasks { get; init; } = [];

    /// <summary>
    /// Documents that the baseline was asked, by task of the column; the published ones of a reported number. Empty where
    /// not known.
    /// </summary>
    internal IReadOnlyList<int> AskedByTask { get; init; } = [];

    /// <summary>Documents that its tasks have, as published or else on disk; null where that is not known.</summary>
    internal int? Published { get; init; }

    /// <summary>Documents that the baseline was asked.</summary>
    internal int Asked => AskedByTask.Count > 0 ? AskedByTask.Sum() : Documents;

    /// <summary>What clusters add to the variance of the difference, as a fraction; below 0 where they take from it.</summary>
    internal double ClusterExcess { get; init; }

    /// <summary>How many times as large the variance is that the gate goes by: with the larger of both errors.</summary>
    private double Inflation => RobustError is { } robust && StandardError is > 0 and { } error
        ? Math.Max(1, robust * robust / error / error) : 1;

    /// <summary>What the gate goes by: as <see cref="Scores"/>, with clusters where these make the error larger.</summary>
    internal WeightedMean? Cautious { get => field ?? (Inflation > 1 ? Scores?.Inflated(Inflation) : Scores); init; }

    /// <summary>The drop's interval as the gate goes by it; null where no error is known.</summary>
    internal Interval? DropInterval(double level = Comparison.Interval.Usual)
    {
        var interval = level == Comparison.Interval.Usual && Cautious == Scores ? Interval
            : Interval is null ? null : Cautious?.Interval(level) * 100;
        return interval is { } it ? IsUnbounded ? new(0 - it.High, 0 - it.Low) : new(Math.Max(-100, 0 - it.High), Math.Min(100, 0 - it.Low)) : null;
    }

    /// <summary>
    /// What it dropped by for certain: the lower end that <paramref name="alpha"/> of all comparisons exceed. It is the
    /// lower one of two, by score and by Student's t: each alone calls drops of rare losses, or of many changes, too often.
    /// </summary>
    internal double LeastDrop(double alpha) => -100 * Math.Max(
        Cautious?.Interval(1 - 2 * alpha)?.High ?? double.NegativeInfinity,
        (Mean with { Variance = Mean.Variance * Inflation }).Interval(1 - 2 * alpha)!.Value.High);

    /// <summary>What <see cref="Interval"/> follows from, in fractions; null where no error is known.</summary>
    internal WeightedMean? Scores { get; init; }

    /// <summary>In fractions, for what is computed from it.</summary>
    internal MeanOf Mean => new(
        Difference / 100, StandardError is { } e ? e * e / 1e4 : double.NaN, DegreesOfFreedom ?? double.PositiveInfinity);
}
