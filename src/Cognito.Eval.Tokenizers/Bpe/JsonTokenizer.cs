using System.Security.Cryptography;
using System.Text.Json;
using Cognito.Eval.Files;

namespace Cognito.Eval.Tokenizers.Bpe;

/// <summary>The tokenizer of a tokenizer.json.</summary>
public sealed class JsonTokenizer : BpeTokenizer
{
    private JsonTokenizer(TokenizerParts own, TokenizerParts parts, string sha256)
        : base(parts) => (Own, Sha256) = (own, sha256);

    /// <summary>What the file says, without what stands beside it.</summary>
    internal TokenizerParts Own { get; }

    public override string Sha256 { get; }
    public override string FileName => "tokenizer.json";

    /// <exception cref="InputException">The file cannot be read, or asks for what is not done exactly here.</exception>
    public static JsonTokenizer Load(string path) => Load(path, TokenizerConfig.None);

    internal static JsonTokenizer Load(string path, TokenizerConfig config) =>
        Parse(RegularFile.Read(path, FileKind.Tokenizer), path, config);

    /// <param name="config">What stands beside the file.</param>
    internal static JsonTokenizer Parse(byte[] bytes, string path, TokenizerConfig config)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new InputException($"{path}: holds no JSON object; {JsonPart.SaveAgain}");
            var own = Read(new(document.RootElement, path));
            var parts = config.Complete(own, path);
            return new(own, parts, config.Digest(SHA256.HashData(bytes), own, parts));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new InputException($"{path}: is no tokenizer's JSON, as if cut short or damaged; fetch the file again", e);
        }
    }

    private static TokenizerParts Read(JsonPart file)
    {
        var normalization = Normalization.Read(file.Part("normalizer"));
        var preTokenization = PreTokenization.Read(file.Part("pre_tokenizer"));
        var pairs = BytePairs.Read(file.Part("model") ?? throw file.Bad("has no model"), preTokenization.IsByteLevel);
        var around = AroundText.Read(file.Part("post_processor"));
        return new(
            AddedToken.Read(file, pairs.Ids), normalization, preTokenization, pairs, TokenDecoding.Read(file.Part("decoder")))
        {
            Around = around,
        };
    }
}
