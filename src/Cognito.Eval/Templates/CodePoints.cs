using System.Numerics;
using System.Text;

namespace Cognito.Eval.Templates;

/// <summary>Python's counting and cutting of texts, by code points, and its slices.</summary>
internal static class CodePoints
{
    private static bool HasPairs(string text) => text.AsSpan().ContainsAnyInRange('\ud800', '\udfff');

    /// <summary>A text for each code point; half a pair is one.</summary>
    public static IEnumerable<string> Of(string text)
    {
        for (var at = 0; at < text.Length;)
        {
            var width = Width(text, at);
            yield return text.Substring(at, width);
            at += width;
        }
    }

    private static int Width(string text, int at) => at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1]) ? 2 : 1;

    /// <summary>The code point of that number; null past the ends.</summary>
    public static string? At(string text, BigInteger index)
    {
        var count = PythonText.Length(text);
        var from = index < 0 ? index + count : index;
        if (from < 0 || from >= count)
            return null;
        return HasPairs(text) ? Of(text).ElementAt((int)from) : text[(int)from].ToString();
    }

    /// <summary>How many code points lie before a place.</summary>
    public static int Before(string text, int at) => HasPairs(text) ? PythonText.Length(text[..at]) : at;

    /// <summary>The place of a code point's number, which is at most their count.</summary>
    public static int Place(string text, int number)
    {
        if (!HasPairs(text))
            return number;
        var at = 0;
        for (; number > 0; number--)
            at += Width(text, at);
        return at;
    }

    public static string Slice(string text, BigInteger? start, BigInteger? stop, BigInteger step)
    {
        var (from, count) = Bounds(PythonText.Length(text), start, stop, step);
        if (step.IsOne)
            return count == 0 ? "" : text[Place(text, from)..Place(text, from + count)];
        string[] points = [.. Of(text)];
        return string.Concat(Numbers(from, count, step).Select(number => points[number]));
    }

    /// <summary>The numbers that a slice takes.</summary>
    public static IEnumerable<int> Numbers(int from, int count, BigInteger step) =>
        Enumerable.Range(0, count).Select(i => (int)(from + i * step));

    /// <summary>Python's slice of something that long: the first number, and how many there are.</summary>
    public static (int From, int Count) Bounds(int length, BigInteger? start, BigInteger? stop, BigInteger step)
    {
        if (step.IsZero)
            throw TemplateException.Value("slice step cannot be zero");
        var (low, high) = step.Sign > 0 ? (0, length) : (-1, length - 1);
        var from = Clamp(start, length, step.Sign > 0 ? low : high, low, high);
        var to = Clamp(stop, length, step.Sign > 0 ? high : low, low, high);
        var count = step.Sign > 0 ? (to - from + step - 1) / step : (from - to - step - 1) / -step;
        return ((int)from, (int)BigInteger.Max(0, count));
    }

    private static BigInteger Clamp(BigInteger? value, int length, int missing, int low, int high)
    {
        if (value is not { } given)
            return missing;
        return BigInteger.Clamp(given < 0 ? given + length : given, low, high);
    }

    public static string Reverse(string text)
    {
        var result = new StringBuilder(text.Length);
        foreach (var point in Of(text).Reverse())
            result.Append(point);
        return result.ToString();
    }
}
