using System.Text;
using System.Text.Json;
using Cognito.Eval.Tokenizers.Bpe;

namespace Cognito.Eval.Tests;

/// <summary>The patterns of a tokenizer.json, and texts that they are run over.</summary>
internal sealed partial class FuzzTargets
{
    private static readonly string[] PatternMarks =
    [
        "(", ")", "(?:", "(?=", "(?!", "(?i:", "(?<=", "[", "]", "[^", "&&", "|", "?", "*", "+", "++", "{0,9}", "{1000}", "{99999999999}", "{", "}", "$", "^",
        ".", "\\", @"\p{L}", @"\P{N}", @"\p{", @"\s", @"\S", @"\d", "a-z", "-", "𝓋", "\u0301", "\n", "'s", "ss", "ﬆ",
    ];

    private static readonly string[] PatternTexts =
        [.. Texts, new('\u0301', 2000), .. ((string[])["a", "aB1", " \n", "𝓋", "'s ", "  x"]).Select(text => string.Concat(Enumerable.Repeat(text, 1000)))];

    private static byte[][] Patterns() =>
    [
        .. ((string[])[PreTokenization.Gpt2, PreTokenization.Llama3, @" ?[^(\s|[.,!?…])]+", @"\p{L}?\p{L}*0|(?=\p{L}+1)a|.", "(?:a|b)?c++|[^a[b-c]]{1,3}$"])
            .Select(Encoding.UTF8.GetBytes),
    ];

    private static byte[] ChangedPattern(byte[] pattern, Random random) => ChangedText(pattern, random, PatternMarks);

    /// <summary>Marks put in, parts left out, repeated many times, or put into groups.</summary>
    private static byte[] ChangedText(byte[] pattern, Random random, string[] marks)
    {
        var text = new StringBuilder(Encoding.UTF8.GetString(pattern));
        for (var changes = random.Next(1, 6); changes > 0 && text.Length is > 0 and < 100_000; changes--)
        {
            var at = random.Next(text.Length);
            var some = random.Next(1, Math.Min(20, text.Length - at) + 1);
            var many = random.Next(8) == 0 ? random.Next(10_000) : random.Next(80);
            switch (random.Next(5))
            {
                case 0: text.Insert(at, marks[random.Next(marks.Length)]); break;
                case 1: text.Remove(at, some); break;
                case 2: text.Insert(at, text.ToString(at, some), many); break;
                case 3: text.Insert(at, marks[random.Next(marks.Length)], many); break;
                default: text.Insert(at, "(", many).Append(')', many); break;
            }
        }
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static void ReadPattern(byte[] bytes)
    {
        var split = JsonSerializer.SerializeToElement(ByteLevelJson.Split(Encoding.UTF8.GetString(bytes)));
        var cuts = PreTokenization.Read(new(split, "tokenizer.json"));
        foreach (var text in PatternTexts)
            Assert.Equal(text, string.Concat(cuts.Split(text).Select(range => text[range])));
    }
}
