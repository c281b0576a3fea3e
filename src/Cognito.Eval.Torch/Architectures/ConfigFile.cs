using System.Globalization;
using System.Text.Json;
using Cognito.Eval.Files;

namespace Cognito.Eval.Torch.Architectures;

/// <summary>A JSON object of a checkpoint's file, whose values are checked as they are taken.</summary>
internal sealed class ConfigFile
{
    private readonly string _name;
    private readonly JsonElement _object;

    private ConfigFile(string name, JsonElement value) => (_name, _object) = (name, value);

    public static ConfigFile Read(string path)
    {
        try
        {
            return Parse(path, RegularFile.Read(path, FileKind.Config));
        }
        catch (JsonException e)
        {
            throw new InputException($"{path}: it is not JSON (line {e.LineNumber + 1}); {Fix}", e);
        }
        catch (InvalidOperationException e)
        {
            throw new InputException($"{path}: it holds text that is not valid Unicode; {Fix}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{path}: it cannot be read ({Fact.Of(e)}); see that it is a file of yours", e);
        }
    }

    /// <summary>A text of that name.</summary>
    /// <exception cref="InputException">It holds no object.</exception>
    /// <exception cref="JsonException">It is not JSON.</exception>
    public static ConfigFile Parse(string name, ReadOnlyMemory<byte> json)
    {
        RequireTexts(json.Span);
        using var document = JsonDocument.Parse(json);
        return document.RootElement.ValueKind == JsonValueKind.Object
            ? new(name, document.RootElement.Clone())
            : throw new InputException($"{name}: it holds no JSON object; {Fix}");
    }

    private const string Fix = "fetch the checkpoint's own file again";

    /// <summary>Half a character, in a key or a value, is found only when it is asked for: so ask for all.</summary>
    private static void RequireTexts(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
            if (reader.TokenType is JsonTokenType.PropertyName or JsonTokenType.String)
                reader.GetString();
    }

    /// <summary>Whether the key is there, null or not.</summary>
    public bool Holds(string key) => _object.TryGetProperty(key, out _);

    /// <summary>Whether the key is there and not null.</summary>
    public bool Has(string key) => Value(key) is not null;

    public IEnumerable<string> Keys => _object.EnumerateObject().Select(property => property.Name);

    public int Int(string key, int least, int most, int? absent = null) =>
        Value(key) is not { } value ? absent ?? throw Bad(key, "is missing")
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var n) && n >= least && n <= most ? n
        : throw Bad(key, $"is {Shown(value)}, not a whole number from {least} to {most}");

    /// <summary>As <see cref="Int"/>, but null where the key holds a null, which is not what a missing key says.</summary>
    public int? IntOrNull(string key, int least, int most, int? absent) =>
        Has(key) ? Int(key, least, most) : Holds(key) ? null : absent;

    public double Number(string key, double least, double most, double? absent = null) =>
        Value(key) is not { } value ? absent ?? throw Bad(key, "is missing")
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var n) && n >= least && n <= most ? n
        : throw Bad(key, string.Create(CultureInfo.InvariantCulture,
            $"is {Shown(value)}, not a number from {least} to {most}"));

    /// <summary>As <see cref="Number"/>, but null where the key holds a null, which is not what a missing key says.</summary>
    public double? NumberOrNull(string key, double least, double most, double? absent) =>
        Has(key) ? Number(key, least, most) : Holds(key) ? null : absent;

    /// <summary>Numbers in a list; none where the key is not there.</summary>
    public IReadOnlyList<double> Numbers(string key, double least, double most) => Value(key) switch
    {
        null => [],
        { ValueKind: JsonValueKind.Array } list => [.. list.EnumerateArray().Select(e =>
            e.ValueKind == JsonValueKind.Number && e.TryGetDouble(out var n) && n >= least && n <= most ? n
            : throw Bad(key, string.Create(
                CultureInfo.InvariantCulture, $"holds {Shown(e)}, not a number from {least} to {most}")))],
        { } value => throw Bad(key, $"is {Shown(value)}, not a list"),
    };

    public bool Bool(string key, bool absent = false) => Value(key) switch
    {
        null => absent,
        { ValueKind: JsonValueKind.True or JsonValueKind.False } value => value.GetBoolean(),
        { } value => throw Bad(key, $"is {Shown(value)}, not true or false"),
    };

    /// <summary>One of the words given; null where the key is not there.</summary>
    public string? Word(string key, params string[] words) => Value(key) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value when words.Contains(value.GetString()) => value.GetString(),
        { } value => throw Bad(key, $"is {Shown(value)}; this version knows {string.Join(", ", words)}", null),
    };

    /// <summary>A whole number, or several in a list; none where the key is not there.</summary>
    public int[] Ints(string key, int least, int most)
    {
        if (Value(key) is not { } value)
            return [];
        var elements = value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().ToArray() : [value];
        return [.. elements.Select(e => e.ValueKind == JsonValueKind.Number && e.TryGetInt32(out var n)
            && n >= least && n <= most ? n
            : throw Bad(key, $"holds {Shown(e)}, not a whole number from {least} to {most}"))];
    }

    /// <summary>A string, or the first of a list of them; null where there is none.</summary>
    public string? FirstWord(string key) =>
        Value(key) is not { } value ? null
        : (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0 ? value[0] : value)
            is { ValueKind: JsonValueKind.String } first && first.GetString() is { Length: > 0 } word ? word : null;

    public bool IsEqual(ConfigFile other) => JsonElement.DeepEquals(_object, other._object);

    /// <summary>All keys that hold something.</summary>
    public IEnumerable<(string Key, JsonElement Value)> Held => _object.EnumerateObject()
        .Where(property => property.Value.ValueKind != JsonValueKind.Null).Select(property => (property.Name, property.Value));

    /// <summary>An object within; null where the key is not there.</summary>
    public ConfigFile? Section(string key) => Value(key) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } value => new($"{_name}: in \"{key}\"", value),
        { } value => throw Bad(key, $"is {Shown(value)}, not an object"),
    };

    /// <summary>An object within that holds nothing.</summary>
    public ConfigFile Empty(string key) => Parse($"{_name}: in \"{key}\"", "{}"u8.ToArray());

    /// <summary>One line: the file, the key, what is wrong, and what to do.</summary>
    public InputException Bad(string key, string fact, string? fix = Fix) =>
        new($"{_name}: \"{key}\" {fact}{(fix is null ? "" : "; " + fix)}");

    /// <summary>What the key holds; null where it is not there, or null.</summary>
    public JsonElement? Value(string key) =>
        _object.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>A value as it is written there, on one line and not too long.</summary>
    public static string Shown(JsonElement value)
    {
        var text = value.GetRawText().ReplaceLineEndings(" ");
        return text.Length <= 40 ? text : text[..40] + "...";
    }
}
