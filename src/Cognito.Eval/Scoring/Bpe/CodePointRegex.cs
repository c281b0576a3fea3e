namespace Cognito.Eval;

/// <summary>
/// A regular expression that takes a text by code points. .NET's take it by UTF-16 units, where half a character is
/// neither a letter nor anything else. The first alternative that leads to a match is taken, as Oniguruma does.
/// </summary>
internal sealed class CodePointRegex
{
    private readonly PatternProgram _program;
    private readonly PatternStates _states;

    private CodePointRegex(PatternPart part) => _states = new(_program = new(part));

    /// <exception cref="FormatException">The pattern holds what is not understood, or finds nothing at all.</exception>
    public static CodePointRegex Parse(string pattern)
    {
        var part = CodePointPattern.Parse(pattern);
        return part.Least > 0 ? new(part) : throw new FormatException("a match of no character");
    }

    /// <summary>Finds a text as it is written.</summary>
    /// <exception cref="FormatException">It is too long.</exception>
    public static CodePointRegex Of(string text)
    {
        if (text.Length > PatternProgram.Most)
            throw new FormatException($"more than {PatternProgram.Most:N0} characters");
        var sets = text.EnumerateRunes().Distinct().ToDictionary(rune => rune, rune => CodePointSet.Of(rune.Value));
        return new(new PatternPart.Sequence([.. text.EnumerateRunes().Select(rune => new PatternPart.One(sets[rune]))]));
    }

    /// <summary>The matches in a text, in order.</summary>
    public PatternMatches In(ReadOnlySpan<char> text) => new(_program, _states, text);

    /// <summary>The same, with all states kept of no text that is longer than that.</summary>
    public PatternMatches In(ReadOnlySpan<char> text, int shortText) => new(_program, _states, text, shortText);
}
