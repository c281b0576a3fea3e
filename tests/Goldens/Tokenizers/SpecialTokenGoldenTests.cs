using System.Text.Json;
using System.Text.Json.Nodes;
using Cognito.Eval.Files;
using Cognito.Eval.Tokenizers;

namespace Cognito.Eval.Tests;

/// <summary>What transformers 5 takes for special, by what each of a tokenizer's files says of one token (special-token-goldens.json).</summary>
public sealed class SpecialTokenGoldenTests : IDisposable
{
    private static readonly JsonElement s_goldens =
        JsonDocument.Parse(File.ReadAllText(Fixture.Path("special-token-goldens.json"))).RootElement;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>What names the token; each with every combination of what the two lists of added tokens say.</summary>
    public static TheoryData<string> Names => [.. s_goldens.GetProperty("cases").EnumerateArray().Select(one => one.GetProperty("name").GetString()!).Distinct()];

    [Theory]
    [MemberData(nameof(Names))]
    public void Ids_and_decoded_texts_are_those_of_version_5(string name)
    {
        foreach (var golden in s_goldens.GetProperty("cases").EnumerateArray().Where(one => one.GetProperty("name").GetString() == name))
        {
            if (golden.TryGetProperty("error", out _))
            {
                Assert.Contains("on which transformers stops", Assert.Throws<InputException>(() => Open(golden)).Message);
                continue;
            }
            var tokenizer = Open(golden).Tokenizer;
            int[] ids = [.. golden.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
            var files = golden.GetProperty("added_tokens").GetRawText() + golden.GetProperty("tokenizer_config.json").GetRawText();
            Assert.True(ids.SequenceEqual(tokenizer.Encode(s_goldens.GetProperty("text").GetString()!)), files);
            Assert.Equal((golden.GetProperty("text").GetString(), files), (tokenizer.Decode(ids), files));
        }
    }

    private CheckpointTokenizer Open(JsonElement golden)
    {
        foreach (var file in Directory.GetFiles(folder.Path))
            File.Delete(file);
        var json = JsonNode.Parse(s_goldens.GetProperty("tokenizer").GetRawText())!;
        json["added_tokens"] = JsonNode.Parse(golden.GetProperty("added_tokens").GetRawText());
        folder.Write("tokenizer.json", json.ToJsonString());
        foreach (var name in (string[])["tokenizer_config.json", "special_tokens_map.json"])
            if (golden.TryGetProperty(name, out var file))
                folder.Write(name, file.GetRawText());
        return CheckpointTokenizer.Open(folder.Path, TokenizerRules.Transformers5);
    }
}
