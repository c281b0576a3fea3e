using System.Buffers;
using System.IO.Compression;
using System.Text.Json;
using Cognito.Eval.Tokenizers.Bpe;
using Cognito.Eval.Tokenizers.SentencePiece;

namespace Cognito.Eval.Tests;

/// <summary>Published models against SentencePiece's own ids of some thousand texts.</summary>
public sealed partial class SentencePieceTokenizerTests
{
    public static TheoryData<string> Published => ["llama-2-7b", "mistral-7b-v0.1"];

    [Theory, MemberData(nameof(Published))]
    public void Ids_equal_SentencePieces_own(string name)
    {
        var tokenizer = Load(name);
        foreach (var (text, ids) in Goldens(name))
        {
            Assert.Equal(ids, tokenizer.EncodeToIds(text));
            Assert.Equal(ids, tokenizer.EncodeToIds(text.AsSpan()));
            Assert.Equal(ids, tokenizer.Encode(text));
        }
    }

    [Theory, MemberData(nameof(Published))]
    public void Decoding_gives_the_text_back_but_for_the_character_that_stands_for_a_space(string name)
    {
        var tokenizer = Load(name);
        foreach (var (text, ids) in Goldens(name))
            Assert.Equal(text.Replace('\u2581', ' '), tokenizer.Decode(ids));
    }

    [Theory, MemberData(nameof(Published))]
    public void Tokens_and_counts_agree_with_the_ids(string name)
    {
        var tokenizer = Load(name);
        foreach (var (text, ids) in Goldens(name))
        {
            var tokens = tokenizer.EncodeToTokens(text, out var normalized);
            Assert.Equal(ids, tokens.Select(token => token.Id));
            Assert.Equal(ids.Length, tokenizer.CountTokens(text));
            Assert.Equal(normalized!.Length, tokens.Sum(token => token.Offset.End.Value - token.Offset.Start.Value));
            foreach (var token in tokens.Where(token => token.Value[0] != '<'))
                Assert.Equal(token.Value, normalized[token.Offset]);
        }
    }

    [Theory, MemberData(nameof(Published))]
    public void Lines_and_words_apart_give_the_ids_of_the_whole(string name)
    {
        var tokenizer = Load(name);
        Assert.Equal((LineCut.AfterLineFeed, true), (tokenizer.LineCut, tokenizer.SplitsWords));
        AssertSplitsExactly(tokenizer, [.. Goldens(name).Select(golden => golden.Text)]);
    }

    private static IEnumerable<(string Text, int[] Ids)> Goldens(string name) =>
        Lines(Shared.Path("goldens", "tokenizers", name + ".jsonl.gz"))
            .Select(line => (line[0].GetString()!, line[1].Deserialize<int[]>()!));

    private static SentencePieceTokenizer Load(string name) =>
        SentencePieceTokenizer.Load(Shared.Path("tokenizers", name, "tokenizer.model"));
}
