using System.Text.Json;
using Cognito.Eval.Tokenizers.Bpe;

namespace Cognito.Eval.Tests;

/// <summary>
/// Real tokenizer.json files against Hugging Face's own tokenizers library, which tests/tokenizers.sh has asked: ids,
/// decoding with and without special tokens, and what is put around a text.
/// </summary>
public sealed class TokenizerFamilyTests
{
    private const string Variable = "COGNITO_EVAL_TOKENIZERS";

    public static TheoryData<string> Families =>
    [
        "llama2", "llama3", "llama3_2", "qwen2_5", "qwen3", "gemma", "gemma2", "gemma3", "gpt2", "gptoss", "deepseek_v3", "mistral_nemo",
        "made-up-gpt-neox", "made-up-olmo", "made-up-phi3", "made-up-phi3-metaspace",
    ];

    [Theory, MemberData(nameof(Families))]
    public void Ids_and_decoding_equal_the_librarys(string family)
    {
        var files = Answers(family);
        var tokenizer = JsonTokenizer.Load(Path.Combine(files, "tokenizer.json"));
        var differences = new List<string>();
        var count = 0;
        foreach (var line in File.ReadLines(Path.Combine(files, "answers.jsonl")))
        {
            var answer = JsonElement.Parse(line);
            var (text, ids) = (answer[0].GetString()!, answer[1].Deserialize<int[]>()!);
            count++;
            if (!ids.SequenceEqual(tokenizer.Encode(text)) || !ids.SequenceEqual(tokenizer.EncodeWhole(text))
                || tokenizer.Decode(ids) != answer[2].GetString() || tokenizer.Decode(ids, withSpecial: true) != answer[3].GetString())
                differences.Add(line);
        }
        Assert.True(count > 2000, $"{count} texts");
        Assert.Empty(differences);
    }

    [Theory, MemberData(nameof(Families))]
    public void What_is_put_around_a_text_equals_the_librarys(string family)
    {
        var files = Answers(family);
        var around = JsonTokenizer.Load(Path.Combine(files, "tokenizer.json")).Own.Around;
        var answer = JsonElement.Parse(File.ReadAllText(Path.Combine(files, "around.json")));
        var (bare, whole) = (answer[1].Deserialize<int[]>()!, answer[2].Deserialize<int[]>()!);
        Assert.Equal(whole, around.Before.Concat(bare).Concat(around.After));
    }

    private static string Answers(string family)
    {
        var folder = Environment.GetEnvironmentVariable(Variable);
        Assert.SkipWhen(folder is null or "", $"needs answers of the tokenizers library: set {Variable} to the folder that tests/tokenizers.sh made");
        var files = Path.Combine(folder!, "expected", family);
        Assert.SkipUnless(Directory.Exists(files), $"{Variable} holds no {family}: npm did not fetch it");
        return files;
    }
}
