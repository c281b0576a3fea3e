using System.Text.Json;
using System.Text.RegularExpressions;
using Cognito.Eval.Tokenizers.Bpe;

namespace Cognito.Eval.Tests;

/// <summary>Patterns of a tokenizer.json: the matches are the reference's, and no pattern runs away.</summary>
public sealed partial class PatternTests
{
    public static TheoryData<string, string> RunsAway => new()
    {
        { @"\p{L}+0|.", "a" },
        { Repeat(@"\p{L}?", 60) + "0|.", "a" },
        { Repeat(@"\p{L}*", 12) + "0|.", "a" },
        { Repeat(@"(?:\p{L}|\p{L})", 40) + "0|.", "a" },
        { Repeat(@"\p{L}{0,9}", 6) + "0|.", "a" },
        { @"\p{L}{40}0|.", "a" },
        { @"\p{L}++0|.", "a" },
        { @"(?=\p{L}+0)a|(?!\p{L}*1)\p{L}", "a" },
        { @"a(?=(?:a|aa)?a*(?!a*b))|b", "aa" },
        { @"\s+(?!\S)x|\s*[\r\n]+x|.", " \n" },
        { @"(?:a?𝓋?)" + Repeat(@"[a𝓋]?", 30) + "1|.", "a𝓋" },
    };

    /// <summary>Counted in steps, for times depend on the machine.</summary>
    [Theory, MemberData(nameof(RunsAway))]
    public void Steps_grow_as_the_text_does(string pattern, string text)
    {
        var regex = CodePointRegex.Parse(pattern);
        var (few, many) = (Steps(regex, Repeat(text, 1000)), Steps(regex, Repeat(text, 100_000)));
        Assert.InRange(many, 1, 100 * few * 3);
    }

    [Fact]
    public void Sound_patterns_take_few_steps()
    {
        string[] characters = ["a", "B", " ", "\n", "1", "'", "中", "𝓋", "."];
        var random = new Random(6);
        foreach (var regex in Real.Select(CodePointRegex.Parse))
            for (var i = 0; i < 20; i++)
            {
                var few = random.GetItems(characters, 3);
                var text = string.Concat(random.GetItems(few, 2000));
                Assert.InRange(Steps(regex, text), 1, 20 * text.Length);
            }
    }

    public static TheoryData<string, string> TooMuch => new()
    {
        { Repeat("(", 100_000) + "a" + Repeat(")", 100_000), "more than 4,096 characters" },
        { Repeat("(?=", 50_000) + "a" + Repeat(")", 50_000) + "a", "more than 4,096 characters" },
        { Repeat("a", 40_000), "more than 4,096 characters" },
        { Repeat("(", 65) + "a" + Repeat(")", 65), "more than 64 groups" },
        { Repeat("(?!", 65) + "a" + Repeat(")", 65) + "b", "more than 64 groups" },
        { Repeat("[", 65) + "a" + Repeat("]", 65), "more than 64 groups or classes" },
        { Repeat("a?", 2000) + "b", "more than 512 parts" },
        { @"\p{L}{1000}", "more than 512 parts" },
        { @"\p{L}{99999999999999}", "more than 512 parts" },
        { Repeat("a|", 600) + "b", "more than 512 parts" },
        { @"[\p{L}&&[a-z]]", "&& in a class" },
        { @"[a-z&&\S]", "&& in a class" },
        { "[[:alpha:]]", "[: in a class" },
        { "[a-[b]]", "a range that is none" },
        { @"[\d-a]", "a range that is none" },
        { @"\p{Han}", @"\p{Han}" },
        { "(?i:st)", "st without case" },
        { "(?i:a\u0308)", "without case" },
        { "(?i:ⓐ)", "without case" },
        { @"(?i:\p{Lu})", @"\p without case" },
        { "(?=a)?b", "repeated" },
        { "(?:a|(?!b))?c", "repeated" },
        { "(?:ab)+", "repeated" },
        { "a{}", "counts nothing" },
        { "a{,}", "counts nothing" },
        { "a{3,1}", "counts nothing" },
        { "a+?", "? after a quantifier" },
        { "a|b*", "a match of no character" },
        { "[^]", "a class of nothing" },
        { "[a", "a class of nothing, or without its end" },
        { "[", "a class of nothing, or without its end" },
        { "(a", "without its )" },
        { "a)", "a ) too many" },
        { @"a\", "its end too early" },
        { @"\p{L", "its end too early" },
        { "(?", "a group (?" },
    };

    /// <summary>On a stack that is a quarter of the smallest one.</summary>
    [Theory, MemberData(nameof(TooMuch))]
    public void What_is_too_much_or_not_known_is_refused_by_name(string pattern, string fact) =>
        OnSmallStack(() => Assert.Contains(fact, Assert.Throws<FormatException>(() => CodePointRegex.Parse(pattern)).Message));

    [Fact]
    public void What_is_just_not_too_much_is_read_and_found()
    {
        string[] most =
        [
            Repeat("(", 64) + "a" + Repeat(")", 64), Repeat("(?=", 64) + "a" + Repeat(")", 64) + "a", Repeat("[", 64) + "a" + Repeat("]", 64),
            Repeat("a?", 509) + "a", "a{1,510}", Repeat("b|", 254) + "a",
        ];
        OnSmallStack(() =>
        {
            foreach (var regex in most.Select(CodePointRegex.Parse))
            {
                Assert.Equal((0, 1), Assert.Single(Matches(regex, "a ")));
                Assert.Equal((0, 1), Assert.Single(Matches(regex, "a ", most: 0)));
            }
        });
    }

    [Fact]
    public void A_text_is_found_as_it_is_written()
    {
        Assert.Equal([(1, 5), (6, 10)], Matches(CodePointRegex.FromLiteral(".+𝓋"), "x.+𝓋x.+𝓋.+a"));
        Assert.Equal([(2, 514)], Matches(CodePointRegex.FromLiteral(Repeat("a", 512)), "ab" + Repeat("a", 600)));
        Assert.Contains("512", Assert.Throws<FormatException>(() => CodePointRegex.FromLiteral(Repeat("a", 40_000))).Message);
    }

    [Fact]
    public void Equal_sets_are_one()
    {
        var parts = Assert.IsType<PatternPart.Sequence>(CodePointPattern.Parse(@"a[\p{L}1][1\p{L}]a")).Parts.Cast<PatternPart.One>().ToArray();
        Assert.Same(parts[0].Set, parts[3].Set);
        Assert.Same(parts[1].Set, parts[2].Set);
    }

    private static void OnSmallStack(Action work)
    {
        Exception? failure = null;
        var thread = new Thread(() => failure = Record.Exception(work), maxStackSize: 1 << 18);
        thread.Start();
        thread.Join();
        Assert.Null(failure);
    }
}
