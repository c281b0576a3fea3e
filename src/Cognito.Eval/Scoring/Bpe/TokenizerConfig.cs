using System.Globalization;
using System.Text.Json;

namespace Cognito.Eval;

/// <summary>What tokenizer_config.json (or special_tokens_map.json) says that bears on this tool's use of a tokenizer.</summary>
/// <param name="EndText">The text of the end-of-text token.</param>
/// <param name="CleansSpaces">Decoded text loses spaces before punctuation.</param>
/// <param name="AddsPrefixSpace">Whether a space is put in front of texts; null if it is not told.</param>
/// <param name="Added">Added tokens by id.</param>
internal sealed record TokenizerConfig(
    string Path, string? EndText, bool CleansSpaces, bool? AddsPrefixSpace, bool SplitsSpecial,
    IReadOnlyDictionary<int, string> Added)
{
    public static TokenizerConfig Read(string folder)
    {
        var path = System.IO.Path.Combine(folder, "tokenizer_config.json");
        var config = Object(path);
        var map = Object(System.IO.Path.Combine(folder, "special_tokens_map.json"));
        return new(
            path, Token(config, "eos_token") ?? Token(map, "eos_token"),
            // What a missing key meant to transformers 4: Llama's own classes set it to false.
            config is { } there && there.Flag("clean_up_tokenization_spaces",
                absent: there.Text("tokenizer_class")?.StartsWith("Llama", StringComparison.Ordinal) is false),
            config?.Has("add_prefix_space") is true ? config.Value.Flag("add_prefix_space") : null,
            config?.Flag("split_special_tokens") is true, AddedTokens(config));
    }

    private static Dictionary<int, string> AddedTokens(JsonPart? config)
    {
        var added = new Dictionary<int, string>();
        if (config?.Part("added_tokens_decoder") is { } tokens)
            foreach (var token in tokens.Value.EnumerateObject())
                if (int.TryParse(token.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                    && !added.TryAdd(id, Content(token.Value) ?? ""))
                    throw tokens.Bad($"token {id} is there twice", "fetch the file again");
        return added;
    }

    private static string? Token(JsonPart? part, string key) =>
        part?.Has(key) is true ? Content(part.Value.Value.GetProperty(key)) : null;

    /// <summary>A token is a text, or an object with the text as its content.</summary>
    private static string? Content(JsonElement token) => token.ValueKind switch
    {
        JsonValueKind.String => token.GetString(),
        JsonValueKind.Object when token.TryGetProperty("content", out var content)
            && content.ValueKind == JsonValueKind.String => content.GetString(),
        _ => null,
    };

    private static JsonPart? Object(string path)
    {
        if (!File.Exists(path))
            return null;
        try
        {
            var json = File.ReadAllBytes(path);
            JsonPart.RequireTexts(json);
            using var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new(document.RootElement.Clone(), path)
                : throw new InputException($"{path}: holds no JSON object; fetch the file again");
        }
        catch (InvalidOperationException e)
        {
            throw new InputException($"{path}: holds text that is not valid Unicode; fetch the file again", e);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{path}: cannot be read as JSON ({Fact.Of(e)}); fetch the file again", e);
        }
    }
}
