using System.Globalization;
using System.Text;

namespace Cognito.Eval.Tasks;

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
    public static string Lower(string text)
    {
        var result = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length;)
        {
            var status = Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out var consumed);
            if (status != System.Buffers.OperationStatus.Done)
                result.Append(text, at, consumed);
            else
                result.Append(Lower(rune, text, at));
            at += consumed;
        }
        return result.ToString();
    }

    /// <summary><c>str.capitalize</c>: the first code point in title case, all others in lower case, full mappings.</summary>
    public static string Capitalize(string text)
    {
        var result = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length;)
        {
            var status = Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out var consumed);
            if (status != System.Buffers.OperationStatus.Done)
                result.Append(text, at, consumed);
            else
                result.Append(at == 0 ? Title(rune) : Lower(rune, text, at));
            at += consumed;
        }
        return result.ToString();
    }

    private static string Title(Rune rune) => rune.Value switch
    {
        >= 0x10D0 and <= 0x10FF => rune.ToString(), // Georgian has upper case but no title case
        var value when TitleExceptions.TryGetValue(value, out var title) => title,
        _ => Rune.ToUpperInvariant(rune).ToString(),
    };

    private static string Lower(Rune rune, string text, int at) => rune.Value switch
    {
        0x0130 => "i\u0307",
        0x03A3 => EndsWord(text, at) ? "\u03C2" : "\u03C3",
        _ => Rune.ToLowerInvariant(rune).ToString(),
    };

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

    private static bool IsCased(Rune rune) => Rune.GetUnicodeCategory(rune) is
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter;

    private static bool IsCaseIgnorable(Rune rune) =>
        "'.:^`\u00A8\u00AD\u00AF\u00B4\u00B7\u00B8\u2018\u2019\u2024\u2027".Contains(rune.ToString(), StringComparison.Ordinal)
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark
            or UnicodeCategory.Format or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol;

    /// <summary>Where Unicode's full title case is not .NET's simple upper case: a letter, then its title case.</summary>
    private const string TitleTable =
        "\u00DF\u0053\u0073 \u0131\u0049 \u0149\u02BC\u004E \u01C4\u01C5 \u01C5\u01C5 \u01C6\u01C5 "
        + "\u01C7\u01C8 \u01C8\u01C8 \u01C9\u01C8 \u01CA\u01CB \u01CB\u01CB \u01CC\u01CB \u01F0\u004A\u030C "
        + "\u01F1\u01F2 \u01F2\u01F2 \u01F3\u01F2 \u0390\u0399\u0308\u0301 \u03B0\u03A5\u0308\u0301 "
        + "\u0587\u0535\u0582 \u1E96\u0048\u0331 \u1E97\u0054\u0308 \u1E98\u0057\u030A \u1E99\u0059\u030A "
        + "\u1E9A\u0041\u02BE \u1F50\u03A5\u0313 \u1F52\u03A5\u0313\u0300 \u1F54\u03A5\u0313\u0301 "
        + "\u1F56\u03A5\u0313\u0342 \u1FB2\u1FBA\u0345 \u1FB4\u0386\u0345 \u1FB6\u0391\u0342 "
        + "\u1FB7\u0391\u0342\u0345 \u1FC2\u1FCA\u0345 \u1FC4\u0389\u0345 \u1FC6\u0397\u0342 "
        + "\u1FC7\u0397\u0342\u0345 \u1FD2\u0399\u0308\u0300 \u1FD3\u0399\u0308\u0301 \u1FD6\u0399\u0342 "
        + "\u1FD7\u0399\u0308\u0342 \u1FE2\u03A5\u0308\u0300 \u1FE3\u03A5\u0308\u0301 \u1FE4\u03A1\u0313 "
        + "\u1FE6\u03A5\u0342 \u1FE7\u03A5\u0308\u0342 \u1FF2\u1FFA\u0345 \u1FF4\u038F\u0345 "
        + "\u1FF6\u03A9\u0342 \u1FF7\u03A9\u0342\u0345 \uFB00\u0046\u0066 \uFB01\u0046\u0069 "
        + "\uFB02\u0046\u006C \uFB03\u0046\u0066\u0069 \uFB04\u0046\u0066\u006C \uFB05\u0053\u0074 "
        + "\uFB06\u0053\u0074 \uFB13\u0544\u0576 \uFB14\u0544\u0565 \uFB15\u0544\u056B \uFB16\u054E\u0576 "
        + "\uFB17\u0544\u056D";

    private static readonly Dictionary<int, string> TitleExceptions =
        TitleTable.Split(' ').ToDictionary(entry => (int)entry[0], entry => entry[1..]);

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
