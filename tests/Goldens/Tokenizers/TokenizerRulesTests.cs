using System.Text.Json;
using Cognito.Eval.Tokenizers;

namespace Cognito.Eval.Tests;

/// <summary>A folder's tokenizer as transformers 5.17 itself made it of a tokenizer.model alone (tokenizer5-goldens.json).</summary>
public sealed class TokenizerRulesTests : IDisposable
{
    private static readonly JsonElement Goldens =
        JsonDocument.Parse(File.ReadAllText(Fixture.Path("tokenizer5-goldens.json"))).RootElement;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, Goldens.GetProperty("cases").GetArrayLength())];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Ids_and_decoded_texts_are_those_of_version_5(int at)
    {
        var (golden, texts) = (Goldens.GetProperty("cases")[at], Goldens.GetProperty("texts").EnumerateArray().Select(text => text.GetString()!).ToList());
        var tokenizer = Open(golden, TokenizerRules.Transformers5);
        foreach (var (text, ids, decoded) in texts.Zip(golden.GetProperty("ids").EnumerateArray(), golden.GetProperty("texts").EnumerateArray()))
        {
            int[] expected = [.. ids.EnumerateArray().Select(id => id.GetInt32())];
            Assert.Equal(expected, tokenizer.Tokenizer.Encode(text));
            Assert.Equal(decoded.GetString(), tokenizer.Tokenizer.Decode(expected));
        }
    }

    [Fact]
    public void Another_reading_of_the_same_file_is_another_tokenizer_by_its_hash()
    {
        var golden = Goldens.GetProperty("cases")[0];
        var (four, five) = (Open(golden, TokenizerRules.Transformers4), Open(golden, TokenizerRules.Transformers5));
        Assert.NotEqual(four.Tokenizer.Encode("Question"), five.Tokenizer.Encode("Question"));
        Assert.NotEqual(four.Sha256, five.Sha256);
    }

    private CheckpointTokenizer Open(JsonElement golden, TokenizerRules rules)
    {
        folder.Write("tokenizer.model", File.ReadAllBytes(Path.Combine(Fixture.Nano, "tokenizer.model")));
        folder.Write("tokenizer_config.json", golden.GetProperty("config").GetRawText());
        if (golden.GetProperty("model_type").GetString() is { Length: > 0 } type)
            folder.Write("config.json", JsonSerializer.Serialize(new { model_type = type }));
        return CheckpointTokenizer.Open(folder.Path, rules);
    }
}
