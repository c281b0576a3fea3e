using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;
using Cognito.Eval.Templates;
using Cognito.Eval.Tokenizers.SentencePiece;

namespace Cognito.Eval.Tests;

/// <summary>Continuations tokenised in the last line of their context, against the whole text tokenised at once.</summary>
public sealed class EncodedContextTests
{
    private static readonly string[] Parts =
    [
        "Question: 1 + 1 =", "Answer:", "\n", "\n\n", " ", "   ", "\t", "\u00a0", "\u2028", "\r\n", "▁", "▁▁ x",
        "é😀\u0301", "\ud800", "_", "A", " A", "the cat", " the cat sat.", "....", "<s>", "</s>", "[title]", "7,000",
    ];

    public static TheoryData<string> Tokenizers => ["cognito-nano", "llama-2-7b", "mistral-7b-v0.1"];

    private static SentencePieceTokenizer Load(string name) => SentencePieceTokenizer.Load(name == "cognito-nano"
        ? Path.Combine(AppContext.BaseDirectory, "checkpoints", name, "tokenizer.model")
        : Shared.Path("tokenizers", name, "tokenizer.model"));

    [Theory]
    [MemberData(nameof(Tokenizers))]
    public void A_continuation_has_the_tokens_that_it_has_in_the_whole_text(string name)
    {
        var tokenizer = Load(name);
        var random = new Random(11);
        string Text(int most) => string.Concat(random.GetItems(Parts, random.Next(most)));
        for (var i = 0; i < 2000; i++)
        {
            var context = LeaderboardV1.Rules.Encode(tokenizer, new(2), Text(9));
            foreach (var continuation in new[] { Text(4), Text(4) })
            {
                var given = context.Text.Length == 0 ? [2] : tokenizer.EncodeWhole(PythonText.TrimEnd(context.Text));
                var whole = tokenizer.EncodeWhole(context.Text + continuation);
                var span = context.With(continuation);
                Assert.Equal(given, span.Context);
                Assert.Equal(context.Text.Length == 0 ? whole : [.. whole.Skip(given.Length)], span.Continuation);
            }
        }
    }

    [Fact]
    public void Continuations_of_one_context_share_its_array()
    {
        var context = LeaderboardV1.Rules.Encode(Load("cognito-nano"), new(2), "One line.\nAnother");
        Assert.Same(context.With(" a").Context, context.With(" b").Context);
    }
}
