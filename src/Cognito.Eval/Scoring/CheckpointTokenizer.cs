using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.ML.Tokenizers;

namespace Cognito.Eval;

/// <summary>A checkpoint's tokenizer, with what its folder says of the end of a text.</summary>
/// <param name="EndId">The end-of-text token; it stands for an empty context.</param>
/// <param name="EndText">The same as text: one more stop string of generated answers.</param>
public sealed record CheckpointTokenizer(Tokenizer Tokenizer, int VocabularySize, int EndId, string EndText, string Sha256)
{
    /// <summary>Opens the tokenizer of a checkpoint's folder.</summary>
    /// <exception cref="InputException">There is none, or it is not one that is understood exactly.</exception>
    public static CheckpointTokenizer Open(string folder)
    {
        var path = Path.Combine(folder, "tokenizer.model");
        if (!File.Exists(path))
            throw new InputException(File.Exists(Path.Combine(folder, "tokenizer.json"))
                ? $"{folder}: has tokenizer.json but no tokenizer.model; this version reads SentencePiece's tokenizer.model"
                : $"{folder}: no tokenizer.model; give the folder of a checkpoint as the hub lays it out");
        var tokenizer = SentencePieceTokenizer.Load(path);
        var end = tokenizer.EosId ?? throw new InputException(
            $"{path}: has no end-of-text piece; give the tokenizer of a causal language model");
        var (own, named) = (tokenizer.Model.Pieces[end].Text, EndTextOf(folder));
        // Another end token lies outside tokenizer.model: its id would decode to nothing, and stops on it be missed.
        return named is null || named == own
            ? new(tokenizer, tokenizer.VocabularySize, end, own, tokenizer.Sha256)
            : throw new InputException(
                $"{Path.Combine(folder, "tokenizer_config.json")}: eos_token is \"{named}\", but tokenizer.model ends texts with "
                + $"\"{own}\"; added tokens are not read yet, so give a checkpoint whose eos_token is in its tokenizer.model");
    }

    public TokenSpan Encode(LogLikelihood request) =>
        TokenSpan.Encode(Tokenizer, EndId, request.Context, request.Continuation);

    public int[] Encode(GreedyUntil request) => [.. Tokenizer.EncodeToIds(request.Context)];

    /// <summary>tokenizer_config.json's eos_token: a text, or an object with the text as its content.</summary>
    private static string? EndTextOf(string folder)
    {
        var path = Path.Combine(folder, "tokenizer_config.json");
        if (!File.Exists(path))
            return null;
        try
        {
            return (JsonNode.Parse(File.ReadAllBytes(path)) as JsonObject)?["eos_token"] switch
            {
                JsonValue text when text.TryGetValue<string>(out var token) => token,
                JsonObject { } added when added["content"] is JsonValue text && text.TryGetValue<string>(out var token) => token,
                _ => null,
            };
        }
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException or IOException
            or UnauthorizedAccessException)
        {
            throw new InputException($"{path}: cannot be read as JSON ({e.Message.Split('.')[0]}); fetch the file again", e);
        }
    }
}
