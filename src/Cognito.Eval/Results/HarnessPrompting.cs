using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Cognito.Eval.Files;

namespace Cognito.Eval.Results;

/// <summary>What lm-evaluation-harness did with its prompts, and told the model of generation, beside a task's own rules; null where a file does not say.</summary>
/// <param name="ChatTemplate">"none", or by its digest the template that prompts went through.</param>
/// <param name="SystemInstruction">"none", or between quotes what stood before each prompt.</param>
/// <param name="Multiturn">"yes" where examples were turns of their own, else "no".</param>
/// <param name="Generation">Its gen_kwargs, where there are any.</param>
internal sealed record HarnessPrompting(string? ChatTemplate, string? SystemInstruction, string? Multiturn, string? Generation)
{
    private const string None = "none";

    /// <summary>Of a run of this program.</summary>
    public static HarnessPrompting Plain { get; } = new(None, None, "no", null);

    public static HarnessPrompting Unknown { get; } = new(null, null, null, null);

    /// <summary>Of a results file of 0.4.</summary>
    public static HarnessPrompting Read(JsonElement root) => new(
        Said(root, "chat_template", template => $"one with sha256 {Digest(template)}"),
        Said(root, "system_instruction", instruction => $"\"{Shown(instruction)}\""),
        root.TryGetProperty("fewshot_as_multiturn", out var turns) ? turns.ValueKind == JsonValueKind.True ? "yes" : "no" : null,
        root.TryGetProperty("config", out var config) && config.ValueKind == JsonValueKind.Object && config.TryGetProperty("gen_kwargs", out var its)
            && Text(its) is { Length: > 0 } given && given != "{}" ? $"gen_kwargs {Shown(given)}" : null);

    /// <summary>What of it is not the plain question, in words that follow on; empty where nothing is.</summary>
    public string Words => string.Concat(new[]
    {
        IsSaid(ChatTemplate) ? $"; prompts went through a chat template{(Multiturn == "yes" ? ", examples as turns" : "")}" : "",
        IsSaid(SystemInstruction) ? "; a system instruction stood before them" : "",
    });

    private static bool IsSaid(string? what) => what is not null and not None;

    private static string? Said(JsonElement root, string key, Func<string, string> words) => !root.TryGetProperty(key, out var value) ? null
        : Text(value) is { Length: > 0 } text ? words(text) : None;

    /// <summary>In a cell of a table; what is cut has a digest, so that two which begin alike differ.</summary>
    private static string Shown(string text)
    {
        const int Most = 60;
        var line = Printable.Line(text);
        return line.Length <= Most ? line : $"{line[..(char.IsHighSurrogate(line[Most - 1]) ? Most - 1 : Most)]}... (sha256 {Digest(text)})";
    }

    private static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..12];

    /// <summary>Null where there is none.</summary>
    private static string? Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => value.GetString(),
        _ => value.GetRawText(),
    };
}
