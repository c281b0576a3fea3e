using System.Text.Json;

namespace Cognito.Eval.Tokenizers.Bpe;

/// <summary>A token with a role, as the files beside a vocabulary name it.</summary>
/// <param name="IsTold">The files say which it is, or that there is none.</param>
internal readonly record struct RoleText(string? Text, bool IsTold)
{
    public string? Or(string? absent) => IsTold ? Text : absent;

    public static RoleText Read(string key, JsonPart? config, JsonPart? map, SpecialTokens special) =>
        map is { } there && there.Value.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.Null
            ? new(null, true)
        : special.Roles.GetValueOrDefault(key)?.Text is { } text ? new(text, true)
        : new(null, config is { } file && file.Value.TryGetProperty(key, out _));
}

/// <summary>What transformers 5.17 puts around a text by the files beside a vocabulary; see docs/tokenizers.md.</summary>
/// <param name="Class">The class that it makes of the folder.</param>
/// <param name="AddsBos">add_bos_token of tokenizer_config.json; null if it is not told.</param>
/// <param name="AddsEos">add_eos_token, likewise.</param>
internal sealed record StartRules(string Class, RoleText Bos, RoleText Eos, bool? AddsBos, bool? AddsEos)
{
    public static StartRules None { get; } = new(TokenizerClass.Backend, default, default, null, null);

    public static StartRules Read(JsonPart? config, JsonPart? map, JsonPart? model, SpecialTokens special) => new(
        TokenizerClass.Of(config, model),
        RoleText.Read("bos_token", config, map, special), RoleText.Read("eos_token", config, map, special),
        Flag(config, "add_bos_token"), Flag(config, "add_eos_token"));

    /// <summary>Of a tokenizer.json, beside which add_bos_token and add_eos_token are thrown away.</summary>
    /// <param name="file">What its post_processor puts around.</param>
    public StartOfText OfJson(BpeTokenizer tokenizer, AroundText file)
    {
        var bos = Named(tokenizer, Bos.Or(BosOfClass));
        return Class switch
        {
            // It makes its post-processor anew, by an add_bos_token that is false by then.
            TokenizerClass.GptNeoX => bos,
            // Likewise, by one that is true unless it is told.
            TokenizerClass.CodeLlama => bos with { Before = Ids(bos.Token) },
            _ => bos with { Before = file.Before, After = file.After },
        };
    }

    /// <summary>Of a tokenizer.model without a tokenizer.json.</summary>
    /// <param name="bos">Its own piece for the beginning of a text, if it has one; the next is its end.</param>
    public StartOfText OfModel(BpeTokenizer tokenizer, string? bos, string? eos)
    {
        var start = Named(tokenizer, Bos.Or(BosOfClass ?? bos));
        var end = Named(tokenizer, Eos.Or(EosOfClass ?? eos)).Token;
        return start with
        {
            Before = AddsBos ?? Class == TokenizerClass.CodeLlama ? Ids(start.Token) : [],
            After = AddsEos is true ? Ids(end) : [],
        };
    }

    private string? BosOfClass => Class switch
    {
        TokenizerClass.Llama or TokenizerClass.CodeLlama => "<s>",
        TokenizerClass.Gemma => "<bos>",
        TokenizerClass.Gpt2 or TokenizerClass.GptNeoX => "<|endoftext|>",
        _ => null,
    };

    private string? EosOfClass => Class switch
    {
        TokenizerClass.Llama or TokenizerClass.CodeLlama => "</s>",
        TokenizerClass.Gemma => "<eos>",
        _ => null,
    };

    private static StartOfText Named(BpeTokenizer tokenizer, string? text) =>
        new(text is null ? null : tokenizer.IdOf(text), text);

    private static IReadOnlyList<int> Ids(int? token) => token is { } id ? [id] : [];

    /// <summary>Whatever Python takes for true is so; a null is told too.</summary>
    private static bool? Flag(JsonPart? config, string key) =>
        config is not { } file || !file.Value.TryGetProperty(key, out var value) ? null : value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.Number => !value.TryGetDouble(out var number) || number != 0,
            JsonValueKind.String => value.GetString() is { Length: > 0 },
            JsonValueKind.Array => value.GetArrayLength() > 0,
            JsonValueKind.Object => value.EnumerateObject().Any(),
            _ => false,
        };
}
