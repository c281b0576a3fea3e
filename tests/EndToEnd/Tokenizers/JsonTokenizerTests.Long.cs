using Cognito.Eval.Protocols;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cognito.Eval.Files;
using Cognito.Eval.Planning;
using Cognito.Eval.Tasks;
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
        for (var first = 0; first < 0x110000; first += 97)
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
}
