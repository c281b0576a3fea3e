namespace Cognito.Eval.Templates;

/// <summary>A part of a pattern.</summary>
internal abstract record RegexNode
{
    /// <summary>How many characters it may take, computed once, as patterns nest; the most is <see cref="Endless"/> where there is no bound.</summary>
    public abstract (long Fewest, long Most) Width { get; }

    public const long Endless = 1L << 40;

    protected static long Bounded(long width) => Math.Min(width, Endless);
}

/// <summary>One character.</summary>
/// <param name="Ranges">Of code points, both ends within.</param>
/// <param name="Kinds">d, D, w, W, s or S.</param>
/// <param name="IsNot">Whether it is any other character.</param>
/// <param name="IsAscii">Whether kinds are those of ASCII.</param>
internal sealed record OneOf(IReadOnlyList<(int First, int Last)> Ranges, string Kinds, bool IsNot, bool IsAscii) : RegexNode
{
    public override (long Fewest, long Most) Width { get; } = (1, 1);
}

/// <summary>A place: \A ^ $ \Z \b \B, with the flags resolved: A, Z, "^" and "$" of lines, "z" before a last line feed.</summary>
internal sealed record Anchor(char Kind, bool IsAscii) : RegexNode
{
    public override (long Fewest, long Most) Width { get; } = (0, 0);
}

internal sealed record Sequence(IReadOnlyList<RegexNode> Items) : RegexNode
{
    public override (long Fewest, long Most) Width { get; } = (Bounded(Items.Sum(item => item.Width.Fewest)), Bounded(Items.Sum(item => item.Width.Most)));
}

internal sealed record Alternatives(IReadOnlyList<RegexNode> Items) : RegexNode
{
    public override (long Fewest, long Most) Width { get; } = (Items.Min(item => item.Width.Fewest), Items.Max(item => item.Width.Most));
}

/// <param name="Number">0 where it catches nothing.</param>
internal sealed record Group(int Number, bool IsAtomic, RegexNode Body) : RegexNode
{
    public override (long Fewest, long Most) Width { get; } = Body.Width;
}

/// <param name="Most">-1 for any number.</param>
/// <param name="Manner">Empty, "?" or "+".</param>
internal sealed record Repeat(RegexNode Body, int Fewest, int Most, string Manner) : RegexNode
{
    public override (long Fewest, long Most) Width { get; } = (Bounded(Body.Width.Fewest * Fewest),
        Body.Width.Most == 0 ? 0 : Most < 0 ? Endless : Bounded(Bounded(Body.Width.Most) * Most));
}

/// <param name="Opening">(?= (?! (?&lt;= or (?&lt;!</param>
internal sealed record Look(string Opening, RegexNode Body) : RegexNode
{
    public override (long Fewest, long Most) Width { get; } = (0, 0);
}

internal sealed record Backreference(int Number) : RegexNode
{
    public override (long Fewest, long Most) Width { get; } = (0, Endless);
}

internal sealed record OnGroup(int Number, RegexNode Then, RegexNode Else) : RegexNode
{
    public override (long Fewest, long Most) Width { get; } = (Math.Min(Then.Width.Fewest, Else.Width.Fewest), Math.Max(Then.Width.Most, Else.Width.Most));
}
