namespace Cognito.Eval.Comparison;

/// <summary>
/// How far a value may drop, δ, in points: the policy's, or one that follows from how many documents the baseline was
/// asked. What a candidate was asked changes nothing of it.
/// </summary>
/// <param name="From">"policy" or "default".</param>
/// <param name="IsAssessable">Whether it is a margin: a default that so few documents give says nothing of a model.</param>
/// <param name="Documents">How many documents a column would do, where it is not one.</param>
/// <param name="Fewer">"100 of 1,172", where the candidate was asked fewer documents and the policy does not allow that;
/// else null.</param>
internal readonly record struct Margin(double Delta, string From, bool IsAssessable, int Documents, string? Fewer)
{
    /// <summary>A default's least, in points, and the most of one column's.</summary>
    internal const double Least = 1, Most = 10;

    /// <summary>Share of discordant documents at which a default can just be decided, being so many standard errors.</summary>
    private const double ExpectedDiscordance = 0.1, InErrors = 2.8;

    /// <summary>Documents a column with which the default is at most <see cref="Most"/>: 79.</summary>
    private static readonly int Enough = (int)Math.Ceiling(ExpectedDiscordance * Math.Pow(100 * InErrors / Most, 2));

    /// <param name="name">As a policy says it.</param>
    /// <param name="columns">The column, or those of the average.</param>
    public static Margin Of(string name, IReadOnlyList<Contrast> columns, GatePolicy policy)
    {
        // 0: not known, as of a card.
        var fewer = columns.Where(column => column.Documents > 0 && column.Documents < column.Asked
            && !policy.FewerDocuments.Contains(column.Name, StringComparer.OrdinalIgnoreCase)).ToList();
        var said = fewer.Count == 0 ? null
            : FormattableString.Invariant($"{fewer.Sum(column => column.Documents):N0} of {fewer.Sum(column => column.Asked):N0}");
        if (policy.Delta.TryGetValue(name, out var given))
            return new(given, "policy", true, 0, said);
        var (least, most) = (Default(columns), Most / Math.Sqrt(columns.Count));
        return new(Math.Min(least, Math.Max(Least, most)), "default", least <= most, Enough, said);
    }

    /// <summary>max(1 point, 2.8 × the paired standard error with 10 % discordant documents), of the mean of columns.</summary>
    internal static double Default(IReadOnlyList<Contrast> columns) => Math.Max(Least, InErrors * 100 * Math.Sqrt(
        ExpectedDiscordance * columns.Sum(Inverse)) / columns.Count);

    /// <summary>1 / n; 0 where it is not known how many documents were asked, so that δ is the least.</summary>
    private static double Inverse(Contrast column)
    {
        IReadOnlyList<int> asked = column.AskedByTask.Count > 0 ? column.AskedByTask
            : column.Tasks.Count > 0 ? [.. column.Tasks.Select(task => task.Documents)] : [column.Documents];
        return asked.Zip(ColumnContrast.Weights(asked, column.WeighsDocuments), (n, weight) => n > 0 ? weight * weight / n : 0).Sum();
    }
}
