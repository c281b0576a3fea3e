using System.Text.Json;
using Cognito.Eval.Files;

namespace Cognito.Eval.Comparison;

/// <summary>Values in files of lm-evaluation-harness; what cannot be one is a flaw that names the key and the value.</summary>
internal static class HarnessValue
{
    /// <summary>A flaw of the file: the key, the value, and what it should be.</summary>
    public sealed class Flaw(string fact) : Exception(fact);

    /// <summary>What was wrong with a file: a flaw, no JSON at all, or what the JSON reader says of half a character.</summary>
    public static string Said(Exception e) => e switch { Flaw => e.Message, JsonException => Fact.Of(e), _ => "a text holds half a character" };

    /// <summary>A number; null where the file says that there is none: NaN, an infinity, "N/A", null.</summary>
    /// <exception cref="Flaw">Something else.</exception>
    public static double? Number(JsonElement value, string key) => value.ValueKind switch
    {
        _ when IsNone(value) => null,
        JsonValueKind.Number when value.TryGetDouble(out var number) && double.IsFinite(number) => number,
        _ => throw new Flaw($"{key} is {Show(value)}, no number"),
    };

    /// <summary>A number from 0 to 1, or none.</summary>
    public static double? Share(JsonElement value, string key, double slack = 0) => Number(value, key) is not { } number ? null
        : number >= 0 && number <= 1 + slack ? number : throw new Flaw($"{key} is {Show(value)}, which is not between 0 and 1");

    /// <summary>A whole number that counts something, or none.</summary>
    public static int? Count(JsonElement value, string key) => Number(value, key) is not { } number ? null
        : number is >= 0 and <= int.MaxValue && number == Math.Truncate(number) ? (int)number
        : throw new Flaw($"{key} is {Show(value)}, no whole number of things");

    /// <exception cref="Flaw">No text.</exception>
    /// <exception cref="InvalidOperationException">It holds half a character.</exception>
    public static string Text(JsonElement value, string key) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw new Flaw($"{key} is {Show(value)}, no text");

    /// <exception cref="Flaw">The object lacks the key, or is none.</exception>
    public static JsonElement Part(JsonElement whole, string key, string where = "") =>
        whole.ValueKind == JsonValueKind.Object && whole.TryGetProperty(key, out var part) ? part : throw new Flaw($"{where}there is no \"{key}\"");

    /// <exception cref="Flaw">Not an object, or it says a name twice: each read might take a file of documents.</exception>
    public static IEnumerable<JsonProperty> Once(JsonElement whole, string key)
    {
        if (whole.ValueKind != JsonValueKind.Object)
            throw new Flaw($"{key} is {Show(whole)}, no object");
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var part in whole.EnumerateObject())
            yield return names.Add(part.Name) ? part : throw new Flaw($"{key}: \"{part.Name}\" is there twice");
    }

    public static bool IsNone(JsonElement value) => value.ValueKind == JsonValueKind.Null || (value.ValueKind == JsonValueKind.String
        && (value.ValueEquals("NaN") || value.ValueEquals("Infinity") || value.ValueEquals("-Infinity") || value.ValueEquals("N/A")));

    /// <summary>The value as the file writes it, cut for reading.</summary>
    public static string Show(JsonElement value)
    {
        const int Most = 60;
        var text = IsNone(value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        return text.Length <= Most ? text : text[..Most] + "...";
    }
}
