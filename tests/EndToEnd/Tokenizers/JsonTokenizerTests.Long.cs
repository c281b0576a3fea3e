using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cognito.Eval.Files;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;
using Cognito.Eval.Templates;
using Cognito.Eval.Tokenizers.Bpe;
using static Cognito.Eval.Tests.ByteLevelJson;

namespace Cognito.Eval.Tests;

/// <summary>Thousands of texts, and every character there is.</summary>
public sealed partial class JsonTokenizerTests
{
    [Theory, MemberData(nameof(Layouts))]
    public void Lines_and_words_apart_give_the_ids_of_the_whole(string name)
    {
        var (tokenizer, random) = (Layout(name), new Random(11));
        string Text(int most) => string.Concat(random.GetItems(Parts, random.Next(most)));
        for (var i = 0; i < 3000; i++)
        {
            var text = Text(12);
            Assert.Equal(tokenizer.EncodeWhole(text), tokenizer.Encode(text));
            var context = LeaderboardV1.Rules.Encode(tokenizer, new(2), Text(9));
            var continuation = Text(4);
            var given = context.Text.Length == 0 ? [2] : tokenizer.EncodeWhole(PythonText.TrimEnd(context.Text));
            var whole = tokenizer.EncodeWhole(context.Text + continuation);
            var span = context.With(continuation);
            Assert.Equal(given, span.Context);
            Assert.Equal(context.Text.Length == 0 ? whole : [.. whole.Skip(given.Length)], span.Continuation);
        }
    }

    [Theory, InlineData("llama3"), InlineData("gpt2"), InlineData("digits")]
    public void Any_text_comes_back_from_its_bytes(string name)
    {
        var (tokenizer, random) = (Layout(name), new Random(7));
        // Planes 4 to 13 hold no character: one in sixteen of their pieces.
        for (var first = 0; first < 0x110000; first += first is >= 0x40000 and < 0xe0000 ? 16 * 97 : 97)
        {
            var text = new StringBuilder();
            for (var point = first; point < first + 97; point++)
                if (Rune.IsValid(point))
                    text.Append(new Rune(random.Next(3) == 0 ? Math.Min(point, 0xd7ff) & ~31 : point).ToString());
            Assert.Equal($"{text}", tokenizer.Decode(tokenizer.Encode($"{text}"), withSpecial: true));
        }
    }

    private static readonly string[] Parts =
    [
        "Question: 1 + 1 =", "Answer:", "\n", "\n\n", " ", "   ", "\t", "\u00a0", "\u2028", "\r\n", "▁", "it's", "IT'S", "'\u017fa",
        "é😀\u0301", "\ud800", "_", "A", " A", "the cat", " the cat sat.", "....", "<s>", "</s>", End, "7,000", "12345", "\ud835\udd38b",
        "\ud835\udfd812", "e\u0301", "!\n\n", " \n x", "\u0085",
    ];

    public static TheoryData<string> Published => ["mistral-7b-v0.1", "llama-3"];

    [Theory, MemberData(nameof(Published))]
    public void Ids_equal_those_of_the_tokenizers_library(string name)
    {
        var tokenizer = Load(name);
        foreach (var (text, ids) in Goldens(name))
        {
            Assert.Equal(ids, tokenizer.Encode(text));
            Assert.Equal(ids, tokenizer.EncodeToIds(text));
            Assert.Equal(ids, tokenizer.EncodeWhole(text));
        }
    }

    [Theory, MemberData(nameof(Published))]
    public void Decoding_gives_the_text_back(string name)
    {
        var tokenizer = Load(name);
        foreach (var (text, ids) in Goldens(name))
        {
            // SentencePiece's form puts a space in front of what follows an added token, and takes U+2581 for a space.
            var expected = name == "llama-3" || !tokenizer.AddedTexts.Any(text.Contains) ? text : null;
            if (expected is not null)
                Assert.Equal(name == "llama-3" ? expected : expected.Replace('\u2581', ' '), tokenizer.Decode(ids, withSpecial: true));
        }
    }

    [Theory, MemberData(nameof(Published))]
    public void Tokens_and_counts_agree_with_the_ids(string name)
    {
        var tokenizer = Load(name);
        foreach (var (text, ids) in Goldens(name).Where((_, i) => i % 5 == 0))
        {
            var tokens = tokenizer.EncodeToTokens(text, out var normalized);
            Assert.Equal(ids, tokens.Select(token => token.Id));
            Assert.Equal(ids.Length, tokenizer.CountTokens(text));
            Assert.Equal(normalized!.Length, tokens.Sum(token => token.Offset.End.Value - token.Offset.Start.Value));
        }
    }

    [Fact]
    public void A_space_in_front_is_added_as_each_layout_says()
    {
        if (Shared.Folder is null)
            Assert.Skip("needs reference data: set COGNITO_EVAL_SHARED to its folder");
        string[] Spelled(JsonTokenizer tokenizer, string text) => [.. tokenizer.Encode(text).Select(tokenizer.Spelled)];
        var (legacy, first, always) = (Load("mistral-7b-v0.1"), Metaspace("first"), Metaspace("always"));
        Assert.Equal(["▁", "▁x"], Spelled(legacy, " x"));
        Assert.Equal(["▁x"], Spelled(first, " x"));
        Assert.Equal(["▁a", "<s>", "▁b"], Spelled(legacy, "a<s>b"));
        Assert.Equal(["▁a", "<s>", "b"], Spelled(first, "a<s>b"));
        Assert.Equal(["▁a", "<s>", "▁b"], Spelled(always, "a<s>b"));
        Assert.Empty(first.Encode(""));
    }

    private static IEnumerable<(string Text, int[] Ids)> Goldens(string name) =>
        Golden.Lines(Shared.Path("goldens", "tokenizers", name + ".hf.jsonl.gz"))
            .Select(line => (line[0].GetString()!, line[1].Deserialize<int[]>()!));
}
