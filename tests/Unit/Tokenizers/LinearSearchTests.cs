using Cognito.Eval.Files;
using Cognito.Eval.Tokenizers.Bpe;

namespace Cognito.Eval.Tests;

/// <summary>What tokenizers look for in texts costs steps that grow as the text does, whatever is looked for.</summary>
public sealed class LinearSearchTests
{
    [Fact]
    public void The_longest_text_at_each_place_is_found()
    {
        var random = new Random(11);
        for (var i = 0; i < 3000; i++)
        {
            string[] texts = [.. Enumerable.Range(0, random.Next(1, 12)).Select(_ => Chance(random, random.Next(1, 7))).Distinct()];
            var (trie, text, steps) = (new TextTrie(texts), Chance(random, random.Next(40)), 0L);
            var expected = Enumerable.Range(0, text.Length).Select(at => texts.Index()
                .Where(one => text.AsSpan(at).StartsWith(one.Item)).OrderByDescending(one => one.Item.Length).Select(one => one.Index)
                .FirstOrDefault(-1));
            Assert.Equal(expected, trie.LongestAt(text, ref steps));
            Assert.Equal(texts.Any(one => text.EndsWith(one, StringComparison.Ordinal)), trie.EndsWithAny(text));
        }
    }

    public static TheoryData<string[], string> Alike => new()
    {
        { [new string('a', 1000) + "b"], "a" },
        { ["a", new string('a', 1000) + "b"], "a" },
        { ["b" + new string('a', 1000)], "a" },
        { ["x" + Repeat("xa", 500) + "z", "a"], "xa" },
        { [.. Enumerable.Range(1, 400).Select(i => new string('a', i) + "b")], "a" },
        { [.. Enumerable.Range(1, 400).Select(i => "b" + new string('a', i))], "ba" },
        { [.. Enumerable.Range(1, 400).Select(i => new string('a', 400) + (char)(1000 + i))], "a\u03e9" },
    };

    /// <summary>A step or two for each character of the trie, after at most so many as the first way may take.</summary>
    [Theory, MemberData(nameof(Alike))]
    public void Texts_that_are_alike_cost_no_more_steps(string[] texts, string text)
    {
        var (trie, steps) = (new TextTrie(texts), 0L);
        trie.LongestAt(Repeat(text, 50_000), ref steps);
        Assert.InRange(steps, 0, 2L * text.Length * 50_000);

        var tokens = new AddedTokens(texts.Select((one, id) => (one, new AddedToken(id, one, IsSpecial: true))));
        var (whole, at, search) = (Repeat(text, 50_000), 0, new AddedTokens.Search());
        while (tokens.Next(whole, ref at, ref search) is >= 0 and var found)
            at += texts[found].Length;
        Assert.InRange(search.Steps, 0, 22L * text.Length * 50_000);
    }

    [Fact]
    public void Tokens_are_found_as_one_by_one()
    {
        var random = new Random(12);
        for (var i = 0; i < 2000; i++)
        {
            var longest = i % 10 == 0 ? 200 : 4;
            AddedToken[] tokens = [.. Enumerable.Range(0, i % 10 == 0 ? 60 : random.Next(1, 6)).Select(id => new AddedToken(
                id, i % 10 == 0 ? new('a', random.Next(1, longest)) : Chance(random, random.Next(1, longest), "ab \n"), IsSpecial: random.Next(2) == 0, IsWord: random.Next(4) == 0,
                TakesLeft: random.Next(3) == 0, TakesRight: random.Next(3) == 0)).DistinctBy(token => token.Text)];
            var (text, parts) = (i % 10 == 0 ? Repeat(new string('a', random.Next(400)) + "b ", 3) : Chance(random, random.Next(30), "ab \n"),
                new List<TextPart>());
            new AddedTokens(tokens.Select(token => (token.Text, token))).Split(text, parts);
            Assert.Equal(OneByOne(tokens, text), parts);
        }
    }

    /// <summary>As the tokenizers library does it: each match by itself, and white space trimmed anew.</summary>
    private static List<TextPart> OneByOne(AddedToken[] tokens, string text)
    {
        var (parts, begin) = (new List<TextPart>(), 0);
        for (var at = 0; at < text.Length;)
        {
            var token = tokens.Where(token => text.AsSpan(at).StartsWith(token.Text)).MaxBy(token => token.Text.Length);
            var (start, end) = (at, at + (token?.Text.Length ?? 1));
            at = end;
            if (token is null || (token.IsWord && (IsLetter(start - 1) || IsLetter(end))))
                continue;
            if (token.TakesLeft)
                start = Math.Max(begin, text[..start].TrimEnd().Length);
            if (token.TakesRight)
                end = text.Length - text[end..].TrimStart().Length;
            if (begin < start)
                parts.Add(new(null, begin, start));
            parts.Add(new(token, Math.Min(start, end), end));
            begin = end;
        }
        if (begin < text.Length)
            parts.Add(new(null, begin, text.Length));
        return parts;

        bool IsLetter(int at) => at >= 0 && at < text.Length && text[at] is ('a' or 'b');
    }

    [Fact]
    public void A_long_text_is_replaced_as_dotnet_does()
    {
        var random = new Random(13);
        for (var i = 0; i < 2000; i++)
        {
            var old = Repeat(Chance(random, random.Next(1, 5)), random.Next(1, 40));
            var text = string.Concat(Enumerable.Range(0, random.Next(6)).Select(_ => random.Next(2) == 0 ? old : old[random.Next(old.Length)..]));
            Assert.Equal(text.Replace(old, "<>", StringComparison.Ordinal), new LiteralReplacement(old, "<>").Apply(text));
        }
    }

    [Fact]
    public void A_replacement_of_equal_characters_costs_two_steps_each()
    {
        foreach (var old in (string[])[new string('a', 40_000), new string('a', 20_000) + "b" + new string('a', 20_000), new string('a', 40_000) + "b"])
        {
            var (text, steps) = (new string('a', 200_000), 0L);
            Assert.Equal(text.Replace(old, "", StringComparison.Ordinal), new LiteralReplacement(old, "").Apply(text, ref steps));
            Assert.InRange(steps, text.Length, 2 * text.Length);
        }
    }

    [Theory]
    [InlineData("normalizer", "normalizers")]
    [InlineData("decoder", "decoders")]
    public void Steps_that_are_too_many_are_refused(string part, string steps)
    {
        var json = ByteLevelJson.Of();
        var one = """{"type":"Replace","pattern":{"String":"a"},"content":"b"}""";
        json[part] = System.Text.Json.Nodes.JsonNode.Parse($$"""{"type":"Sequence","{{steps}}":[{{string.Join(",", Enumerable.Repeat(one, 257))}}]}""");
        Assert.Contains("more than 256 steps", Assert.Throws<InputException>(() => ByteLevelJson.Tokenizer(json)).Message);
    }

    [Fact]
    public void Much_in_front_of_texts_and_long_added_tokens_are_refused()
    {
        var json = ByteLevelJson.Of();
        json["normalizer"] = System.Text.Json.Nodes.JsonNode.Parse($$"""{"type":"Prepend","prepend":"{{new string('a', 65)}}"}""");
        Assert.Contains("more than 64 characters", Assert.Throws<InputException>(() => ByteLevelJson.Tokenizer(json)).Message);
        json = ByteLevelJson.Of(null, ByteLevelJson.Added(ByteLevelJson.FirstAdded, new('a', (1 << 21) + 1)));
        Assert.Contains("more than 2,097,152 characters", Assert.Throws<InputException>(() => ByteLevelJson.Tokenizer(json)).Message);
    }

    private static string Chance(Random random, int length, string of = "ab") => new(random.GetItems(of.ToCharArray(), length));

    private static string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));
}
