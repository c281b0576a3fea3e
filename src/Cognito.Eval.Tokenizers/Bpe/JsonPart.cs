using System.Text.Json;
using Cognito.Eval.Files;

namespace Cognito.Eval.Tokenizers.Bpe;

/// <summary>An object in a tokenizer's JSON, with the place that messages name.</summary>
internal readonly record struct JsonPart(JsonElement Value, string Where)
{
    public const string SaveAgain = "use the checkpoint's own file, or its tokenizer.model";

    /// <summary>Half a character, in a key or a value, is found only when it is asked for: so ask for all.</summary>
    /// <exception cref="InvalidOperationException">There is one.</exception>
    public static void RequireTexts(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
            if (reader.TokenType is JsonTokenType.PropertyName or JsonTokenType.String)
                reader.GetString();
    }

    /// <summary>What kind of thing it is, by its key <c>type</c>.</summary>
    public string Type => Text("type") ?? throw Bad("says no type");

    public bool Has(string key) => Find(key) is not null;

    public string? Text(string key) => Find(key) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        _ => throw Bad($"\"{key}\" is no text"),
    };

    public bool Flag(string key, bool absent = false) => Find(key) switch
    {
        null => absent,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw Bad($"\"{key}\" is neither true nor false"),
    };

    public int Integer(string key, int most) => Find(key) is { ValueKind: JsonValueKind.Number } value
        && value.TryGetInt32(out var number) && number >= 0 && number <= most
            ? number
            : throw Bad($"\"{key}\" is no whole number from 0 to {most}");

    public JsonPart? Part(string key) => Find(key) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } value => new(value, $"{Where}: {key}"),
        _ => throw Bad($"\"{key}\" is no object"),
    };

    /// <summary>The objects of a list; none if it is not there.</summary>
    public IReadOnlyList<JsonPart> Parts(string key)
    {
        var where = $"{Where}: {key}";
        return [.. List(key).Select(element => element.ValueKind == JsonValueKind.Object
            ? new JsonPart(element, where)
            : throw new InputException($"{where}: holds what is no object; {SaveAgain}"))];
    }

    public IEnumerable<JsonElement> List(string key) => Find(key) switch
    {
        null => [],
        { ValueKind: JsonValueKind.Array } value => value.EnumerateArray(),
        _ => throw Bad($"\"{key}\" is no list"),
    };

    public InputException Bad(string fact, string fix = SaveAgain) => new($"{Where}: {fact}; {fix}");

    private JsonElement? Find(string key) =>
        Value.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
