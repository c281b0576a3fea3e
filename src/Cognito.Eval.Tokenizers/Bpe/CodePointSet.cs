using System.Globalization;
using System.Numerics;
using System.Text;

namespace Cognito.Eval.Tokenizers.Bpe;

/// <summary>A set of Unicode code points. Sets of the same points are equal.</summary>
internal sealed class CodePointSet : IEquatable<CodePointSet>
{
    /// <summary>In the order of <see cref="UnicodeCategory"/>.</summary>
    private const string CategoryNames =
        "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Zs Zl Zp Cc Cf Cs Co Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Cn";

    private const int Points = 0x110000, FewBounds = 8;

    /// <summary>Categories of which some points have a case, or are part of what is one character in another case.</summary>
    private static readonly int s_cased = "L M Nl So".Split(' ').Sum(Category);

    /// <summary>The ranges of each category.</summary>
    private static readonly List<(int From, int To)>[] s_categories = Categories();

    private static readonly CodePointSet s_word = Create([
        .. "L M Nd Nl Pc".Split(' ').SelectMany(name => Ranges(Category(name))), (0x200C, 0x200D), (0x24B6, 0x24E9),
        (0x1F130, 0x1F149), (0x1F150, 0x1F169), (0x1F170, 0x1F189)]);

    /// <summary>Where points begin to be in the set, and where they end to, in turn.</summary>
    private readonly int[] _bounds;

    private readonly ulong _low, _high;
    private readonly ulong[]? _bmp;

    private CodePointSet(int[] bounds)
    {
        _bounds = bounds;
        var bits = new ulong[bounds.Length > FewBounds ? 0x10000 / 64 : 2];
        for (var i = 0; i < bounds.Length; i += 2)
            Set(bits, bounds[i], Math.Min(bounds[i + 1], 64 * bits.Length));
        (_low, _high, _bmp) = (bits[0], bits[1], bits.Length > 2 ? bits : null);
    }

    /// <summary>The ASCII characters in it, a bit each: those below 64, then the others.</summary>
    public (ulong Low, ulong High) Ascii => (_low, _high);

    /// <summary>Whether it holds any character that is not ASCII.</summary>
    public bool HasOthers => _bounds is [.., > 128];

    public static CodePointSet Create(int point) => new([point, point + 1]);

    /// <param name="ranges">Their ends are in the set. They may overlap.</param>
    public static CodePointSet Create(List<(int From, int To)> ranges)
    {
        ranges.Sort();
        var bounds = new List<int>();
        foreach (var (from, to) in ranges)
            if (bounds.Count > 0 && from <= bounds[^1])
                bounds[^1] = Math.Max(bounds[^1], to + 1);
            else
                bounds.AddRange([from, to + 1]);
        return new([.. bounds]);
    }

    /// <summary>All points that are not in it.</summary>
    public CodePointSet Complement() => new([
        .. _bounds is [0, ..] ? [] : (int[])[0],
        .. _bounds.Where(bound => bound is not (0 or Points)),
        .. _bounds is [.., Points] ? [] : (int[])[Points]]);

    public IEnumerable<(int From, int To)> Ranges() => _bounds.Chunk(2).Select(range => (range[0], range[1] - 1));

    public bool Contains(int point)
    {
        if (point < 128)
            return ((point < 64 ? _low : _high) >> point & 1) != 0;
        if (_bmp is not null && point < 0x10000)
            return (_bmp[point >> 6] >> point & 1) != 0;
        var place = _bounds.AsSpan().BinarySearch(point);
        return ((place < 0 ? ~place : place + 1) & 1) != 0;
    }

    /// <summary>The width in UTF-16 units of the code point at a place, 0 if it is not in the set or none is there.</summary>
    public int WidthAt(ReadOnlySpan<char> text, int at)
    {
        if ((uint)at >= (uint)text.Length)
            return 0;
        var unit = text[at];
        if (!char.IsHighSurrogate(unit) || Width(text, at) == 1)
            return Contains(unit) ? 1 : 0;
        return Contains(char.ConvertToUtf32(unit, text[at + 1])) ? 2 : 0;
    }

    /// <summary>The width in UTF-16 units of the code point at a place; half a character is one.</summary>
    public static int Width(ReadOnlySpan<char> text, int at) =>
        at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1]) ? 2 : 1;

    /// <summary>White space as Unicode's property says: what \s stands for.</summary>
    public static bool IsSpace(int point) => point < 0x10000 && char.IsWhiteSpace((char)point);

    /// <summary>What Rust's \w stands for.</summary>
    public static bool IsWord(int point) => s_word.Contains(point);

    /// <summary>White space, and all else.</summary>
    public static CodePointSet Space { get; } = Create([.. Enumerable.Range(0, 0x10000).Where(IsSpace).Select(point => (point, point))]);
    public static CodePointSet NoSpace { get; } = Space.Complement();

    /// <summary>The general categories of a name, <c>Lu</c> or <c>L</c>, a bit each; 0 if it is none.</summary>
    public static int Category(string name) => CategoryNames.Split(' ').Index()
        .Where(category => category.Item == name || (name.Length == 1 && category.Item[0] == name[0]))
        .Sum(category => 1 << category.Index);

    /// <summary>All general categories but these.</summary>
    public static int Others(int categories) => ~categories & ((1 << s_categories.Length) - 1);

    public static IEnumerable<(int From, int To)> Ranges(int categories)
    {
        for (; categories != 0; categories &= categories - 1)
            foreach (var range in s_categories[BitOperations.TrailingZeroCount(categories)])
                yield return range;
    }

    /// <summary>A code point and what equals it but for case; null where that is not known to be exact.</summary>
    public static int[]? WithoutCase(Rune rune) => rune.Value switch
    {
        's' or 'S' => ['s', 'S', '\u017F'],
        'k' or 'K' => ['k', 'K', '\u212A'],
        _ when rune.IsAscii => [Rune.ToLowerInvariant(rune).Value, Rune.ToUpperInvariant(rune).Value],
        _ when (s_cased >> (int)Rune.GetUnicodeCategory(rune) & 1) != 0 => null,
        _ => [rune.Value],
    };

    public bool Equals(CodePointSet? other) => other is not null && _bounds.AsSpan().SequenceEqual(other._bounds);

    public override bool Equals(object? obj) => Equals(obj as CodePointSet);

    public override int GetHashCode() => _bounds.Aggregate(0, HashCode.Combine);

    /// <summary>Sets bits, a word at a time.</summary>
    private static void Set(ulong[] bits, int from, int end)
    {
        for (var at = from; at < end; at = (at | 63) + 1)
            bits[at >> 6] |= (ulong.MaxValue << at) & (ulong.MaxValue >> Math.Max(0, (at | 63) + 1 - end));
    }

    private static List<(int From, int To)>[] Categories()
    {
        var ranges = CategoryNames.Split(' ').Select(_ => new List<(int From, int To)>()).ToArray();
        for (var point = 0; point < Points; point++)
        {
            var same = ranges[(int)CharUnicodeInfo.GetUnicodeCategory(point)];
            if (same.Count > 0 && same[^1].To == point - 1)
                same[^1] = (same[^1].From, point);
            else
                same.Add((point, point));
        }
        return ranges;
    }
}
