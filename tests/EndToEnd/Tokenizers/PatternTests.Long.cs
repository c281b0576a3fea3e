using System.Text.Json;
using System.Text.RegularExpressions;
using Cognito.Eval.Tokenizers.Bpe;

namespace Cognito.Eval.Tests;

/// <summary>Thousands of patterns, and long texts.</summary>
public sealed partial class PatternTests
{
    [Fact]
    public void Matches_equal_those_of_dotnet_where_both_mean_the_same()
    {
        var random = new Random(3);
        for (var i = 0; i < Math.Max(4000, Generated); i++)
        {
            var pattern = new GeneratedPattern(random);
            var (regex, text) = (CodePointRegex.Parse(pattern.Ours), GeneratedPattern.Text(random, random.Next(60)));
            var expected = Regex.Matches(text, pattern.Dotnet, RegexOptions.CultureInvariant).Select(match => (match.Index, match.Index + match.Length));
            Assert.Equal(Said(expected), Said(Matches(regex, text)));
            Assert.Equal(Said(expected), Said(Matches(regex, text, most: random.Next(2) * random.Next(200))));

            string Said(IEnumerable<(int, int)> matches) => $"{pattern.Ours} in {text}: {string.Join(' ', matches)}";
        }
    }

    [Fact]
    public void The_sweep_finds_what_going_back_finds()
    {
        string[] characters = ["a", "B", " ", "\n", "\r", "1", "'s", "中", "𝓋", "😀", "\u0301", ".", "…", "\ud83d"];
        var random = new Random(5);
        foreach (var pattern in Real)
            for (var i = 0; i < 20; i++)
            {
                var text = string.Concat(random.GetItems(characters, i == 0 ? 150_000 : random.Next(3000)));
                var regex = CodePointRegex.Parse(pattern);
                Assert.Equal(Matches(regex, text, long.MaxValue), Matches(regex, text, most: random.Next(4 * text.Length + 1)));
            }
    }

    /// <summary>Its states depend on which of the last 24 characters were an a, so that nearly each is met once.</summary>
    [Fact]
    public void States_that_are_too_many_to_hold_are_found_again()
    {
        var random = new Random(9);
        var text = string.Concat(random.GetItems(["a", "b"], 60_000));
        const string pattern = "a[ab]{24}a|b[ab]{3}b|(?!a)[ab]";
        Assert.Equal(Regex.Matches(text, pattern).Select(match => (match.Index, match.Index + match.Length)),
            Matches(CodePointRegex.Parse(pattern), text, most: 0));
    }

    [Fact]
    public void A_pattern_serves_several_threads_at_once()
    {
        var random = new Random(10);
        string[] texts = [.. Enumerable.Range(0, 64).Select(_ => GeneratedPattern.Text(random, 2000))];
        foreach (var pattern in Real)
        {
            var (one, shared) = (CodePointRegex.Parse(pattern), CodePointRegex.Parse(pattern));
            var expected = texts.Select(text => Matches(one, text, long.MaxValue));
            Assert.Equal(expected, texts.AsParallel().AsOrdered().Select(text => Matches(shared, text, most: 0)));
        }
    }

    /// <summary>
    /// A text of 1,000 characters and one of 100,000 of the same kind: a few characters again and again, or by chance.
    /// COGNITO_EVAL_PATTERNS says how many patterns and texts are tried.
    /// </summary>
    [Fact]
    public void Steps_of_any_pattern_grow_as_the_text_does()
    {
        var random = new Random(8);
        for (var i = 0; i < Math.Max(200, Generated); i++)
        {
            var pattern = new GeneratedPattern(random).Ours;
            var some = GeneratedPattern.Text(random, random.Next(1, 50));
            var text = i % 2 == 0 ? Repeat(some, 100_000 / some.Length + 1) : string.Concat(random.GetItems(some.ToCharArray(), 100_000));
            var (few, many) = (Steps(CodePointRegex.Parse(pattern), text[..1000]), Steps(CodePointRegex.Parse(pattern), text[..100_000]));
            var cells = new PatternProgram(CodePointPattern.Parse(pattern)).Cells;
            Assert.True(many <= 3 * 100 * few, $"{pattern} in {some}: {few} steps became {many}");
            Assert.InRange(many, 100_000, 100_000L * (5 * cells + 18));
        }
    }

    private static int Generated => int.Parse(Environment.GetEnvironmentVariable("COGNITO_EVAL_PATTERNS") ?? "0");

    /// <summary>Made by npm's tokenizers, which has Oniguruma; fixtures/patterns/make.js says how.</summary>
    [Fact]
    public void Pieces_equal_those_of_the_tokenizers_library()
    {
        var compared = 0;
        foreach (var line in File.ReadLines(Fixture.Path("patterns", "splits.jsonl")).Select(line => JsonDocument.Parse(line).RootElement))
        {
            var (pattern, text) = (line.GetProperty("pattern").GetString()!, line.GetProperty("text").GetString()!);
            var behavior = Enum.Parse<CutBehavior>(line.GetProperty("behavior").GetString()!);
            if (Parsed(pattern) is not { } regex)
                continue;
            Assert.NotEqual(JsonValueKind.Null, line.GetProperty("pieces").ValueKind); // what Oniguruma refuses is refused
            var pieces = new List<Range>();
            new TextCut(pattern, regex, behavior, line.GetProperty("invert").GetBoolean()).Add(text, 0..text.Length, pieces);
            Assert.Equal(line.GetProperty("pieces").Deserialize<string[]>(), pieces.Select(piece => text[piece]));
            compared++;
        }
        Assert.True(compared > 350, $"{compared} were read");
    }

    private static CodePointRegex? Parsed(string pattern)
    {
        try
        {
            return CodePointRegex.Parse(pattern);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
