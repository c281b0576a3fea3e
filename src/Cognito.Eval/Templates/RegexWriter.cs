using System.Globalization;
using System.Text;

namespace Cognito.Eval.Templates;

/// <summary>Writes a pattern for .NET so that it means what Python's means.</summary>
internal static class RegexWriter
{
    private const string Letters = @"\p{L}\p{Nd}\p{Nl}\p{No}_", AsciiLetters = "a-zA-Z0-9_", Space = @"\s\u001c-\u001f", AsciiSpace = @"\u0009-\u000d\u0020";

    public static string Write(RegexNode root, RegexSubstitution substitution)
    {
        var to = new StringBuilder();
        Append(to, root, substitution);
        return to.ToString();
    }

    private static void Append(StringBuilder to, RegexNode node, RegexSubstitution substitution)
    {
        switch (node)
        {
            case OneOf one: to.Append(Class(one, substitution)); break;
            case Anchor anchor: to.Append(Place(anchor)); break;
            case Sequence sequence:
                foreach (var item in sequence.Items)
                    Append(to, item, substitution);
                break;
            case Alternatives alternatives:
                foreach (var (i, item) in alternatives.Items.Index())
                    Append(i > 0 ? to.Append('|') : to, item, substitution);
                break;
            case Group group:
                Append(to.Append(group.IsAtomic ? "(?>" : group.Number > 0 ? string.Create(CultureInfo.InvariantCulture, $"(?<{group.Number}>") : "(?:"), group.Body, substitution);
                to.Append(')');
                break;
            case Look look:
                Append(to.Append(look.Opening), look.Body, substitution);
                to.Append(')');
                break;
            case Repeat repeat: Append(to, repeat, substitution); break;
            case Backreference reference: to.Append(CultureInfo.InvariantCulture, $@"\k<{reference.Number}>"); break;
            case OnGroup on:
                Append(to.Append(CultureInfo.InvariantCulture, $"(?({on.Number})(?:"), on.Then, substitution);
                Append(to.Append(")|(?:"), on.Else, substitution);
                to.Append("))");
                break;
        }
    }

    private static void Append(StringBuilder to, Repeat repeat, RegexSubstitution substitution)
    {
        if (repeat.Manner == "+")
            to.Append("(?>");
        Append(to.Append("(?:"), repeat.Body, substitution);
        to.Append(')').Append(repeat.Most < 0
            ? string.Create(CultureInfo.InvariantCulture, $"{{{repeat.Fewest},}}")
            : string.Create(CultureInfo.InvariantCulture, $"{{{repeat.Fewest},{repeat.Most}}}"));
        to.Append(repeat.Manner == "+" ? ")" : repeat.Manner);
    }

    private static string Place(Anchor anchor)
    {
        var word = $"[{(anchor.IsAscii ? AsciiLetters : Letters)}]";
        return anchor.Kind switch
        {
            'A' => @"\A",
            'Z' => @"\z",
            'z' => @"(?=\n?\z)",
            '^' => @"(?<=\A|\n)",
            '$' => @"(?=\n|\z)",
            'b' => $"(?:(?<={word})(?!{word})|(?<!{word})(?={word}))",
            _ => $@"(?:(?<={word})(?={word})|(?<!{word})(?!{word})(?!\A\z))",
        };
    }

    private static string Class(OneOf one, RegexSubstitution substitution)
    {
        var inside = new StringBuilder();
        foreach (var (first, last) in one.Ranges)
            if (first <= 0xffff)
                inside.Append(Unit(first)).Append(last > first ? "-" + Unit(Math.Min(last, 0xffff)) : "");
        foreach (var (original, standIn) in substitution.Pairs)
            if (one.Ranges.Any(range => range.First <= original && original <= range.Last))
                inside.Append(Unit(standIn));
        var others = new List<string>();
        foreach (var kind in one.Kinds)
            if (char.IsLower(kind))
                inside.Append(Kind(kind, one.IsAscii));
            else
                others.Add($"[^{Kind(char.ToLowerInvariant(kind), one.IsAscii)}]");
        if (others.Count == 0)
            return inside.Length > 0 ? $"[{(one.IsNot ? "^" : "")}{inside}]" : one.IsNot ? @"[\s\S]" : "(?!)";
        if (inside.Length > 0)
            others.Add($"[{inside}]");
        return one.IsNot ? $@"(?:(?!{string.Join('|', others)})[\s\S])" : $"(?:{string.Join('|', others)})";
    }

    private static string Kind(char kind, bool isAscii) => kind switch
    {
        'd' => isAscii ? "0-9" : @"\p{Nd}",
        'w' => isAscii ? AsciiLetters : Letters,
        _ => isAscii ? AsciiSpace : Space,
    };

    private static string Unit(int value) => value < 128 && char.IsAsciiLetterOrDigit((char)value)
        ? ((char)value).ToString()
        : string.Create(CultureInfo.InvariantCulture, $@"\u{value:x4}");
}

/// <summary>
/// Characters that are two units to .NET, or newer than Python's tables, and for each one of the same kind that neither text nor pattern has.
/// </summary>
internal sealed class RegexSubstitution
{
    private readonly Dictionary<int, char> _to = [];
    private readonly Dictionary<char, string> _back = [];

    public static RegexSubstitution None { get; } = new();

    public bool IsNone => _to.Count == 0;

    public IEnumerable<(int Original, char StandIn)> Pairs => _to.Select(pair => (pair.Key, pair.Value));

    public static RegexSubstitution For(string text, RegexNode root)
    {
        if (text.All(c => c < 0x370) || text.EnumerateRunes().All(IsPlain))
            return None;
        var substitution = new RegexSubstitution();
        var taken = text.ToHashSet();
        var ranges = Ranges(root).ToArray();
        foreach (var rune in text.EnumerateRunes().Where(rune => !IsPlain(rune)).Distinct())
        {
            var standIn = Pool(rune).FirstOrDefault(c => !taken.Contains(c) && !ranges.Any(range => range.First <= c && c <= range.Last));
            if (standIn == 0)
                throw PythonRegexException.Refused("a pattern whose classes leave no character for those of the text outside the first plane");
            taken.Add(standIn);
            substitution._to[rune.Value] = standIn;
            substitution._back[standIn] = rune.ToString();
        }
        return substitution;
    }

    private static bool IsPlain(Rune rune) => rune.IsBmp && PythonUnicode.Category(rune) == Rune.GetUnicodeCategory(rune);

    private static IEnumerable<char> Pool(Rune rune) => PythonUnicode.IsDecimal(rune)
        ? Span(0x660, 0xfff).Where(char.IsDigit)
        : PythonUnicode.IsAlpha(rune) || PythonUnicode.IsNumeric(rune) ? Span(0xac00, 0xd7a3).Concat(Span(0x4e00, 0x9fff)) : Span(0xe000, 0xf8ff);

    private static IEnumerable<char> Span(int first, int last) => Enumerable.Range(first, last - first + 1).Select(value => (char)value);

    private static IEnumerable<(int First, int Last)> Ranges(RegexNode node) => node switch
    {
        OneOf one => one.Ranges,
        Sequence sequence => sequence.Items.SelectMany(Ranges),
        Alternatives alternatives => alternatives.Items.SelectMany(Ranges),
        Group group => Ranges(group.Body),
        Repeat repeat => Ranges(repeat.Body),
        Look look => Ranges(look.Body),
        OnGroup on => Ranges(on.Then).Concat(Ranges(on.Else)),
        _ => [],
    };

    /// <summary>A text as it is searched.</summary>
    public string To(string text)
    {
        if (IsNone)
            return text;
        var to = new StringBuilder(text.Length);
        foreach (var point in CodePoints.Of(text))
            to.Append(Rune.TryGetRuneAt(point, 0, out var rune) && _to.TryGetValue(rune.Value, out var standIn) ? standIn.ToString() : point);
        return to.ToString();
    }

    public string Back(string text) => IsNone ? text : string.Concat(text.Select(c => _back.TryGetValue(c, out var original) ? original : c.ToString()));
}

/// <summary>Which characters are one to a pattern that ignores case.</summary>
internal static class RegexCase
{
    private static readonly Lazy<int[][]> Classes = new(() => [.. Enumerable.Range(0, 0x110000).Where(Rune.IsValid).Select(value => new Rune(value))
        .Where(PythonUnicode.HasCase).GroupBy(Key).Where(group => group.Skip(1).Any()).Select(group => group.Select(rune => rune.Value).ToArray())]);

    /// <summary>The upper case of the lower case: alike for all that Python's re takes for one letter.</summary>
    private static string Key(Rune rune) => rune.Value == 0x130 ? "I" : PythonText.Upper(PythonUnicode.Lower(rune));

    private static readonly Lazy<Dictionary<int, int[]>> ByLetter = new(() =>
        Classes.Value.SelectMany(letters => letters.Select(letter => (letter, letters))).ToDictionary(pair => pair.letter, pair => pair.letters));

    /// <summary>With all letters that are one with a letter within.</summary>
    public static IReadOnlyList<(int First, int Last)> Widened(IReadOnlyList<(int First, int Last)> ranges, bool isAscii)
    {
        var wider = new List<(int, int)>(ranges);
        foreach (var (first, last) in ranges)
            if (isAscii)
                for (var letter = Math.Max(first, 'A'); letter <= Math.Min(last, 'z'); letter++)
                    wider.AddRange(char.IsAsciiLetter((char)letter) ? [(letter ^ 32, letter ^ 32)] : []);
            else if (first == last)
                wider.AddRange(ByLetter.Value.TryGetValue(first, out var letters) ? letters.Select(letter => (letter, letter)) : []);
            else
                foreach (var many in Classes.Value)
                    if (Array.Exists(many, letter => first <= letter && letter <= last))
                        wider.AddRange(many.Select(letter => (letter, letter)));
        return wider;
    }
}
