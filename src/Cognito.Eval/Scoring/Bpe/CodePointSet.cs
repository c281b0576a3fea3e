using System.Globalization;
using System.Text;

namespace Cognito.Eval;

/// <summary>A set of Unicode code points.</summary>
internal sealed class CodePointSet
{
    private const string CategoryNames =
        "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Zs Zl Zp Cc Cf Cs Co Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Cn";

    private static readonly Func<int, bool>[] s_word = [.. "L M Nd Nl Pc".Split(' ').Select(name => Category(name)!)];

    private readonly ulong[] _bmp = new ulong[0x10000 / 64];
    private readonly Func<int, bool> _holds;

    public CodePointSet(Func<int, bool> holds)
    {
        _holds = holds;
        for (var point = 0; point < 0x10000; point++)
            if (holds(point))
                _bmp[point >> 6] |= 1UL << point;
    }

    public static CodePointSet Of(params int[] points) => new(points.Contains);

    public bool Contains(int point) => point < 0x10000 ? (_bmp[point >> 6] >> point & 1) != 0 : _holds(point);

    /// <summary>The width in UTF-16 units of the code point at a place, 0 if it is not in the set or none is there.</summary>
    public int WidthAt(ReadOnlySpan<char> text, int at)
    {
        if ((uint)at >= (uint)text.Length)
            return 0;
        if (!char.IsHighSurrogate(text[at]) || at + 1 == text.Length)
            return Contains(text[at]) ? 1 : 0;
        return Contains(char.ConvertToUtf32(text[at], text[at + 1])) ? 2 : 0;
    }

    /// <summary>White space as Unicode's property says: what \s stands for.</summary>
    public static bool IsSpace(int point) => point < 0x10000 && char.IsWhiteSpace((char)point);

    /// <summary>What Rust's \w stands for.</summary>
    public static bool IsWord(int point) => s_word.Any(category => category(point))
        || point is 0x200C or 0x200D or (>= 0x24B6 and <= 0x24E9)
            or (>= 0x1F130 and <= 0x1F149) or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189);

    /// <summary>The code points of a general category or of a group of them, <c>Lu</c> or <c>L</c>; null if it is neither.</summary>
    public static Func<int, bool>? Category(string name)
    {
        var mask = 0;
        foreach (var (place, category) in CategoryNames.Split(' ').Index())
            if (category == name || (name.Length == 1 && category[0] == name[0]))
                mask |= 1 << place;
        return mask == 0 ? null : point => (mask >> (int)CharUnicodeInfo.GetUnicodeCategory(point) & 1) != 0;
    }

    /// <summary>A code point and what equals it but for case; null where that is not known to be exact.</summary>
    public static int[]? WithoutCase(Rune rune) => !Rune.IsLetter(rune) ? [rune.Value] : rune.Value switch
    {
        's' or 'S' => ['s', 'S', '\u017F'],
        'k' or 'K' => ['k', 'K', '\u212A'],
        _ when rune.IsAscii => [Rune.ToLowerInvariant(rune).Value, Rune.ToUpperInvariant(rune).Value],
        _ => null,
    };
}
