using System.Buffers;
using System.IO.Compression;
using System.Text.Json;
using Cognito.Eval.Tokenizers.Bpe;
using Cognito.Eval.Tokenizers.SentencePiece;

namespace Cognito.Eval.Tests;

public sealed partial class SentencePieceTokenizerTests
{
    private static void AssertSplitsExactly(SentencePieceTokenizer tokenizer, string[] texts)
    {
        var random = new Random(5);
        for (var i = 0; i < texts.Length; i++)
        {
            Assert.Equal(tokenizer.EncodeWhole(texts[i]), tokenizer.Encode(texts[i]));
            var parts = Enumerable.Range(0, 12).Select(_ => texts[random.Next(texts.Length)]);
            var joined = string.Join(random.Next(4) switch { 0 => "\n\n", 1 => " ", 2 => "", _ => "\n" }, parts);
            Assert.Equal(tokenizer.EncodeWhole(joined), tokenizer.Encode(joined));
            Assert.Equal(tokenizer.EncodeWhole("\n" + joined + "\n"), tokenizer.Encode("\n" + joined + "\n"));
        }
    }

    private static IEnumerable<JsonElement> Lines(string path)
    {
        using var lines = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        while (lines.ReadLine() is { } line)
            yield return JsonElement.Parse(line);
    }
}
