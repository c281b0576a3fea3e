namespace Cognito.Eval.Comparison;

/// <summary>How many documents a comparison takes that finds a given true difference in 4 of 5 times.</summary>
internal static class SampleSize
{
    /// <summary>
    /// How many times as many documents, if those beyond differ as often and by as much as those that were seen: an error falls
    /// with the root of their number. Null where no error is known, or documents are not compared one by one.
    /// </summary>
    /// <param name="points">The true difference.</param>
    /// <param name="level">Of the test, two-sided.</param>
    /// <param name="error">In points, where it is not the contrast's own.</param>
    public static double? Times(Contrast contrast, double points, double level = Power.Level, double? error = null) =>
        contrast.IsPaired && (error ?? contrast.StandardError) * Power.Factor(double.PositiveInfinity, level) / points is { } ratio
            ? ratio * ratio : null;

    /// <summary>How many documents more, to two digits; null where that is not known, 0 where there are enough.</summary>
    public static int? More(Contrast contrast, double points, double level = Power.Level, double? error = null) =>
        Times(contrast, points, level, error) is { } times ? Rounded(contrast.Documents * (times - 1)) : null;

    /// <summary>To two digits, at least one.</summary>
    private static int Rounded(double documents)
    {
        if (documents <= 0)
            return 0;
        var unit = Math.Pow(10, Math.Max(0, Math.Floor(Math.Log10(documents)) - 1));
        return (int)Math.Clamp(Math.Round(documents / unit) * unit, 1, int.MaxValue);
    }
}
