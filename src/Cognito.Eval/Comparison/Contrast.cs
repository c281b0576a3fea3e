using System.Text.Json.Serialization;

namespace Cognito.Eval.Comparison;

/// <summary>What a candidate's score differs by from a baseline's, and how sure we are of it. All values in points (percent).</summary>
public sealed record Contrast
{
    /// <summary>Sum of the normal quantiles of 97.5 % and 80 %: a true difference of so many standard errors shows in 4 of 5 comparisons.</summary>
    public const double PowerFactor = 1.9599639845400545 + 0.8416212335729143;

    /// <summary>A column's key, a task's name, or "Average".</summary>
    public required string Name { get; init; }

    /// <summary>The headline metric; null for the average, and where only numbers were reported.</summary>
    public string? Metric { get; init; }

    /// <summary>Documents compared, or asked by the candidate where they cannot be compared one by one.</summary>
    public required int Documents { get; init; }

    /// <summary>Whether both runs' scores of each document are known, so that the difference's error is that of the documents' differences.</summary>
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

    /// <summary>Candidate − baseline.</summary>
    public double Difference => Candidate - Baseline;

    /// <summary>Of the difference; null where it cannot be known. For 0/1 scores not below what two discordant documents give.</summary>
    public double? StandardError { get; init; }

    /// <summary>Of the standard error.</summary>
    public double? DegreesOfFreedom { get; init; }

    /// <summary>95 % interval of the difference.</summary>
    public Interval? Interval { get; init; }

    /// <summary>Where a column has several tasks: the difference's error if the tasks might have been others.</summary>
    public double? ClusterError { get; init; }

    /// <summary>Documents on which the candidate scores higher.</summary>
    public int? Wins { get; init; }

    /// <summary>Documents on which the candidate scores lower.</summary>
    public int? Losses { get; init; }

    /// <summary>"McNemar exact", "sign flips", "paired t", or "normal" where unpaired.</summary>
    public string? Test { get; init; }

    /// <summary>Two-sided.</summary>
    public double? P { get; init; }

    /// <summary>Holm's, over the columns.</summary>
    public double? AdjustedP { get; init; }

    /// <summary>The smallest true difference that would show in 4 of 5 comparisons.</summary>
    public double? Detectable => StandardError * PowerFactor;

    /// <summary>The column's tasks, where it has several; their p-values are not adjusted.</summary>
    public IReadOnlyList<Contrast> Tasks { get; init; } = [];

    /// <summary>In fractions, for what is computed from it.</summary>
    internal MeanOf Mean => new(
        Difference / 100, StandardError is { } e ? e * e / 1e4 : double.NaN, DegreesOfFreedom ?? double.PositiveInfinity);
}
