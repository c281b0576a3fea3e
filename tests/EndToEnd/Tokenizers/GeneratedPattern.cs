namespace Cognito.Eval.Tests;

/// <summary>A pattern made by chance, as ours reads it and as .NET's does, where both mean the same.</summary>
internal sealed class GeneratedPattern
{
    private static readonly string[] Characters =
        ["a", "b", "A", "s", "0", "1", " ", "_", "-", "'", ",", "é", "ß", "中", "ʰ", "²", "\u0301", "\u00a0"];

    private static readonly string[] Sets =
        [@"\s", @"\S", @"\d", @"\p{L}", @"\p{Lu}", @"\p{Ll}", @"\p{N}", @"\p{M}", @"\P{L}", @"\P{N}", @"\n", @"\t"];

    private static readonly string[] Ranges = ["a-c", "0-9", "A-Z", "一-龥", "é-ſ"];

    private readonly Random _random;

    public GeneratedPattern(Random random)
    {
        _random = random;
        (Ours, Dotnet) = Choice(0);
    }

    public string Ours { get; }
    public string Dotnet { get; }

    /// <summary>A text of characters that patterns ask for, some of them many times.</summary>
    public static string Text(Random random, int length)
    {
        var few = random.GetItems([.. Characters, "\n", "\t"], random.Next(1, 5));
        var text = new System.Text.StringBuilder();
        while (text.Length < length)
            text.Insert(text.Length, few[random.Next(few.Length)], random.Next(4) > 0 ? 1 : random.Next(1, 1 + length / 3));
        return text.ToString(0, length);
    }

    private (string Ours, string Dotnet) Choice(int depth)
    {
        var parts = Enumerable.Range(0, _random.Next(1, depth == 0 ? 5 : 3)).Select(_ => Sequence(depth)).ToArray();
        return (string.Join('|', parts.Select(part => part.Ours)), string.Join('|', parts.Select(part => part.Dotnet)));
    }

    private (string Ours, string Dotnet) Sequence(int depth)
    {
        (string Ours, string Dotnet)[] parts = [.. Enumerable.Range(0, _random.Next(3)).Select(_ => Part(depth)), Repeated(0)];
        return (string.Concat(parts.Select(part => part.Ours)), string.Concat(parts.Select(part => part.Dotnet)));
    }

    private (string Ours, string Dotnet) Part(int depth)
    {
        var group = depth < 2 ? _random.Next(12) : 12;
        if (group > 3)
            return group == 4 ? ("$", @"(?=\n|\z)") : Repeated(10);
        var (ours, dotnet) = Choice(depth + 1);
        string[] opens = ["(?:", "(?:", "(?=", "(?!"];
        var end = group == 0 ? ")?" : ")";
        // What Oniguruma calls an assertion is not repeated.
        return group == 0 && ours.Contains('$') ? (ours, dotnet) : group == 0 && ours.Contains("(?") ? ($"(?:{ours})", $"(?:{dotnet})")
            : (opens[group] + ours + end, opens[group] + dotnet + end);
    }

    /// <param name="empty">How many of ten may take nothing.</param>
    private (string Ours, string Dotnet) Repeated(int empty)
    {
        var (ours, dotnet) = One();
        string[] some = ["", "", "+", "{1,3}", "{2,}", "{2}"], none = ["?", "*", "{0,2}"], keeps = ["++", "?+", "*+"];
        var many = _random.Next(10) < empty ? _random.GetItems([.. some, .. none, .. keeps], 1)[0] : some[_random.Next(some.Length)];
        return (ours + many, keeps.Contains(many) ? $"(?>{dotnet}{many[..^1]})" : dotnet + many);
    }

    private (string Ours, string Dotnet) One() => _random.Next(4) switch
    {
        0 => Same(Characters[_random.Next(Characters.Length)]),
        1 => Same(Sets[_random.Next(Sets.Length)]),
        2 => Same("."),
        _ => Class(0),
    };

    /// <summary>.NET has no unions: so one of several, and of a negated one anything but these; once, however often they hold.</summary>
    private (string Ours, string Dotnet) Class(int depth)
    {
        var parts = Enumerable.Range(0, _random.Next(1, 4)).Select(_ => _random.Next(depth < 2 ? 4 : 3) switch
        {
            0 => Same(Characters[_random.Next(Characters.Length)].Replace("-", @"\-")),
            1 => Same(Sets[_random.Next(Sets.Length)]),
            2 when Ranges[_random.Next(Ranges.Length)] is var range => (range, $"[{range}]"),
            _ => Class(depth + 1),
        }).ToArray();
        var (ours, dotnet) = (string.Concat(parts.Select(part => part.Item1)), string.Join('|', parts.Select(part => part.Item2)));
        return _random.Next(3) == 0 ? ($"[^{ours}]", $@"(?>(?!{dotnet})[\s\S])") : ($"[{ours}]", $"(?>{dotnet})");
    }

    private static (string, string) Same(string both) => (both, both);
}
