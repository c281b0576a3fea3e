using System.Text.Json;
using System.Text.Json.Serialization;
using Cognito.Eval.Files;

namespace Cognito.Eval.Models;

/// <summary>What a checkpoint's files say of how answers are generated, and what of it was done.</summary>
/// <param name="File">Where it stands: generation_config.json, or config.json where that is absent.</param>
/// <param name="Applied">Key → value, in the order in which they were applied to each step's logits.</param>
/// <param name="WithoutEffect">Keys that change no token of greedy decoding, or that transformers does not know.</param>
public sealed record GenerationRecord(
    string File, IReadOnlyDictionary<string, JsonElement> Applied,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? WithoutEffect = null)
{
    private const int LongestValue = 40;

    /// <summary>One line: the file, what was applied, what was not.</summary>
    public override string ToString() => $"{File}, {string.Join("; ", Parts())}";

    /// <summary>What was applied alone; null if nothing was.</summary>
    [JsonIgnore]
    public string? Settings => Applied.Count == 0 ? null
        : string.Join(", ", Applied.Select(setting => $"{setting.Key} {Shown(setting.Value)}"));

    private IEnumerable<string> Parts()
    {
        if (Settings is { } settings)
            yield return $"as the reference applies it: {settings}";
        if (WithoutEffect is { Count: > 0 } idle)
            yield return $"without effect on greedy answers: {string.Join(", ", idle.Select(key => Printable.Line(key)))}";
    }

    private static string Shown(JsonElement value) =>
        JsonSerializer.Serialize(value) is var text && text.Length > LongestValue ? text[..LongestValue] + "..." : text;
}
