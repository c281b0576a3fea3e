using System.Globalization;
using System.Text;

namespace Cognito.Eval.Templates;

/// <summary>Python's text primitives where .NET's differ (protocol 2.5): white space, strip, capitalize, length.</summary>
public static class PythonText
{
    /// <summary><c>str.isspace</c> of one character: .NET's white space and the separators U+001C to U+001F.</summary>
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\u001c' and <= '\u001f';

    public static string Strip(string text) => TrimEnd(TrimStart(text));

    public static string TrimStart(string text)
    {
        var start = 0;
        while (start < text.Length && IsSpace(text[start]))
            start++;
        return text[start..];
    }

    /// <summary><c>str.rstrip</c>.</summary>
    public static string TrimEnd(string text)
    {
        var end = text.Length;
        while (end > 0 && IsSpace(text[end - 1]))
            end--;
        return text[..end];
    }

    /// <summary><c>len(str)</c>: code points, where <see cref="string.Length"/> counts UTF-16 units.</summary>
    public static int Length(string text)
    {
        var count = text.Length;
        for (var i = 1; i < text.Length; i++)
            if (char.IsSurrogatePair(text[i - 1], text[i]))
                count--;
        return count;
    }

    /// <summary><c>str.lower</c>, full mappings.</summary>
    public static string Lower(string text) => Mapped(text, (rune, at) => Lower(rune, text, at));

    /// <summary><c>str.upper</c>, full mappings.</summary>
    public static string Upper(string text) => Mapped(text, (rune, _) => PythonUnicode.Upper(rune));

    /// <summary><c>str.casefold</c>.</summary>
    public static string CaseFold(string text) => Mapped(text, (rune, _) => PythonUnicode.Fold(rune));

    /// <summary><c>str.capitalize</c>: the first code point in title case, all others in lower case, full mappings.</summary>
    public static string Capitalize(string text) =>
        Mapped(text, (rune, at) => at == 0 ? PythonUnicode.Title(rune) : Lower(rune, text, at));

    /// <summary><c>str.title</c>: a cased letter after another is in lower case, any other in title case.</summary>
    public static string Title(string text)
    {
        var isAfterCased = false;
        return Mapped(text, (rune, at) =>
        {
            var mapped = isAfterCased ? Lower(rune, text, at) : PythonUnicode.Title(rune);
            isAfterCased = IsCased(rune);
            return mapped;
        });
    }

    /// <summary><c>str.swapcase</c>.</summary>
    public static string SwapCase(string text) => Mapped(text, (rune, at) => PythonUnicode.IsUpper(rune) ? Lower(rune, text, at)
        : PythonUnicode.IsLower(rune) ? PythonUnicode.Upper(rune)
        : rune.ToString());

    /// <summary>Each code point by a function of it and of its place; half pairs stay.</summary>
    private static string Mapped(string text, Func<Rune, int, string> map)
    {
        var result = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length;)
        {
            var status = Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out var consumed);
            if (status != System.Buffers.OperationStatus.Done)
                result.Append(text, at, consumed);
            else
                result.Append(map(rune, at));
            at += consumed;
        }
        return result.ToString();
    }

    private static string Lower(Rune rune, string text, int at) => rune.Value == 0x03A3
        ? EndsWord(text, at) ? "\u03C2" : "\u03C3"
        : PythonUnicode.Lower(rune);

    /// <summary>Unicode's Final_Sigma condition: a cased letter before and none after, case-ignorable ones skipped.</summary>
    private static bool EndsWord(string text, int at)
    {
        var before = Before(text, at).SkipWhile(IsCaseIgnorable).Take(1).Any(IsCased);
        var after = After(text, at + 1).SkipWhile(IsCaseIgnorable).Take(1).Any(IsCased);
        return before && !after;
    }

    /// <summary>The code points before a place, the nearest first; no more is read than is asked for.</summary>
    private static IEnumerable<Rune> Before(string text, int at)
    {
        for (var width = 0; at > 0; at -= width)
        {
            Rune.DecodeLastFromUtf16(text.AsSpan(0, at), out var rune, out width);
            yield return rune;
        }
    }

    private static IEnumerable<Rune> After(string text, int at)
    {
        for (var width = 0; at < text.Length; at += width)
        {
            Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out width);
            yield return rune;
        }
    }

    private static bool IsCased(Rune rune) => PythonUnicode.IsLower(rune) || PythonUnicode.IsUpper(rune) || PythonUnicode.IsTitle(rune);

    private static bool IsCaseIgnorable(Rune rune) =>
        "'.:\u00B7\u0387\u055F\u05F4\u2018\u2019\u2024\u2027\uFE13\uFE52\uFE55\uFF07\uFF0E\uFF1A".Contains(rune.ToString(), StringComparison.Ordinal)
        || PythonUnicode.Category(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark
            or UnicodeCategory.Format or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol;

    /// <summary>One character of <c>str.isprintable</c>.</summary>
    internal static bool IsPrintable(Rune rune) => PythonUnicode.IsPrintable(rune);

    /// <summary>Decimal digits of any script as ASCII's, as <c>int</c> and <c>float</c> read them.</summary>
    internal static string AsciiDigits(string text) => text.All(char.IsAscii) ? text
        : Mapped(text, (rune, _) => PythonUnicode.IsDecimal(rune) ? ((int)Rune.GetNumericValue(rune)).ToString(CultureInfo.InvariantCulture) : rune.ToString());

    /// <summary>Whether there is one and all are such, as <c>str.isalpha</c> and its like ask.</summary>
    internal static bool IsAll(string text, Func<Rune, bool> isSuch) => text.Length > 0 && text.EnumerateRunes().All(isSuch);

    /// <summary><c>str.islower</c> and <c>str.isupper</c>: a letter is such, and none is of another case.</summary>
    internal static bool IsOneCase(string text, Func<Rune, bool> isSuch) =>
        text.EnumerateRunes().Any(isSuch) && text.EnumerateRunes().All(rune => isSuch(rune) || !IsCased(rune));

    /// <summary><c>str.istitle</c>.</summary>
    internal static bool IsTitle(string text)
    {
        var (isAfterCased, isAny) = (false, false);
        foreach (var rune in text.EnumerateRunes())
        {
            var begins = PythonUnicode.IsUpper(rune) || PythonUnicode.IsTitle(rune);
            if (begins ? isAfterCased : PythonUnicode.IsLower(rune) && !isAfterCased)
                return false;
            isAfterCased = IsCased(rune);
            isAny |= isAfterCased;
        }
        return isAny;
    }

    /// <summary>The order of Python's strings.</summary>
    public static Comparer<string> ByCodePoint { get; } = Comparer<string>.Create((a, b) =>
    {
        using var left = a.EnumerateRunes().GetEnumerator();
        using var right = b.EnumerateRunes().GetEnumerator();
        while (true)
        {
            var (more, moreRight) = (left.MoveNext(), right.MoveNext());
            if (!more || !moreRight)
                return more.CompareTo(moreRight);
            if (left.Current != right.Current)
                return left.Current.CompareTo(right.Current);
        }
    });
}
