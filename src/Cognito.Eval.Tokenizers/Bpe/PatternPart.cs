namespace Cognito.Eval.Tokenizers.Bpe;

/// <summary>A part of a regular expression over code points.</summary>
internal abstract record PatternPart
{
    /// <summary>The fewest code points it takes.</summary>
    public abstract int Least { get; }

    /// <summary>One code point of a set.</summary>
    public sealed record One(CodePointSet Set) : PatternPart
    {
        public override int Least => 1;
    }

    /// <summary>One part after the other.</summary>
    public sealed record Sequence(IReadOnlyList<PatternPart> Parts) : PatternPart
    {
        public override int Least => Parts.Sum(part => part.Least);
    }

    /// <summary>The first of the parts that matches.</summary>
    public sealed record Choice(IReadOnlyList<PatternPart> Parts) : PatternPart
    {
        public override int Least => Parts.Min(part => part.Least);
    }

    /// <summary>A code point of a set several times, as often as it can be.</summary>
    /// <param name="GivesBack">Whether what follows may make it take fewer.</param>
    public sealed record Repeat(CodePointSet Set, int From, int To, bool GivesBack) : PatternPart
    {
        public override int Least => From;
    }

    /// <summary>A part, or else nothing.</summary>
    public sealed record Perhaps(PatternPart Body) : PatternPart
    {
        public override int Least => 0;
    }

    /// <summary>Whether a part matches here, or does not, without taking anything.</summary>
    public sealed record Ahead(PatternPart Body, bool Holds) : PatternPart
    {
        public override int Least => 0;
    }

    /// <summary>Before a line feed or at the end, as Oniguruma has it.</summary>
    public sealed record LineEnd : PatternPart
    {
        public override int Least => 0;
    }
}
