namespace Cognito.Eval.Torch.Goldens;

/// <summary>How far a decoder is from what another program computed.</summary>
/// <param name="Tolerance">The largest relative difference that passes.</param>
internal sealed record GoldenReport(double Tolerance, IReadOnlyList<CaseReport> Cases, ContinuationReport? Continuation)
{
    public bool Passes => Cases.All(one => one.Passes) && Continuation is not { Passes: false };
}

/// <summary>The sequences of one label.</summary>
internal sealed record CaseReport(GoldenCase Case, Difference Logits, IReadOnlyList<RouterReport> Routers)
{
    public bool Passes => Logits.Passes && Routers.All(router => router.Difference.Passes);
}

/// <summary>The logits of one layer's router.</summary>
internal sealed record RouterReport(int Layer, Difference Difference);

/// <summary>The farthest that a number is from the golden's.</summary>
/// <param name="Absolute">Not finite where the decoder's own numbers are not.</param>
/// <param name="Largest">Of the golden's absolute values.</param>
/// <param name="Tolerance">The largest <paramref name="Relative"/> that passes.</param>
internal sealed record Difference(double Absolute, double Largest, double Tolerance)
{
    /// <summary>To the largest of the golden's; among zeros any difference is infinite.</summary>
    public double Relative => Absolute == 0 ? 0 : Absolute / Largest;

    public bool Passes => Relative <= Tolerance;
}

/// <summary>A greedy continuation beside the golden's.</summary>
/// <param name="Tokens">How many there are.</param>
/// <param name="Decides">Whether a token that differs fails: in float32. In 16 bits two near logits may change places by rounding.</param>
internal sealed record ContinuationReport(int Tokens, bool Decides)
{
    /// <summary>The first token that differs; null where all are equal.</summary>
    public DifferingToken? Differs { get; init; }

    /// <summary>The first token that was chosen among logits of which some are not finite; null where all were.</summary>
    public int? NotFiniteAt { get; init; }

    public bool Passes => NotFiniteAt is null && !(Decides && Differs is not null);
}

/// <param name="Place">Among the continuation's tokens, from 0.</param>
internal sealed record DifferingToken(int Place, int Expected, int Found);
