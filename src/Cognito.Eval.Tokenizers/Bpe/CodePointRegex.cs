namespace Cognito.Eval.Tokenizers.Bpe;

/// <summary>
/// A regular expression that reads a text by code points. .NET's read it by UTF-16 units, and half a character is neither a
/// letter nor anything else. The first alternative that leads to a match is taken, as by Oniguruma.
/// </summary>
internal sealed class CodePointRegex
{
    private readonly PatternProgram _program;
    private readonly Lazy<PatternStates> _states;

    private CodePointRegex(PatternPart part)
    {
        _program = new(part);
        _states = new(() => new(_program));
    }

    /// <exception cref="FormatException">The pattern holds what is not understood, or finds nothing at all.</exception>
    public static CodePointRegex Parse(string pattern)
    {
        var part = CodePointPattern.Parse(pattern);
        return part.Least > 0 ? new(part) : throw new FormatException("a match of no character");
    }

    /// <summary>Finds a text as it is written.</summary>
    /// <exception cref="FormatException">It is too long.</exception>
    public static CodePointRegex FromLiteral(string text)
    {
        if (text.Length > PatternProgram.Most)
            throw new FormatException($"more than {PatternProgram.Most:N0} characters");
        var sets = text.EnumerateRunes().Distinct().ToDictionary(rune => rune, rune => CodePointSet.Create(rune.Value));
        return new(new PatternPart.Sequence([.. text.EnumerateRunes().Select(rune => new PatternPart.One(sets[rune]))]));
    }

    /// <summary>The matches in a text, in order.</summary>
    public PatternMatches In(ReadOnlySpan<char> text, long? most = null) => new(_program, _states, text, most);
}
