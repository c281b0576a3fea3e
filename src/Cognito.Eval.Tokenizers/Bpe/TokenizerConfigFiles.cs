using System.Globalization;
using System.Text.Json;
using Cognito.Eval.Files;

namespace Cognito.Eval.Tokenizers.Bpe;

/// <summary>Reads tokenizer_config.json, special_tokens_map.json and added_tokens.json, in transformers' order.</summary>
internal static class TokenizerConfigFiles
{
    private const string Again = "fetch the file again";

    // What the classes of these families take where no file names the token.
    private static readonly (string Family, string End)[] s_ends =
        [("Llama", "</s>"), ("CodeLlama", "</s>"), ("Gemma", "<eos>"), ("GPT2", "<|endoftext|>"), ("GPTNeoX", "<|endoftext|>"), ("Qwen2", "<|endoftext|>")];

    public static TokenizerConfig Read(string folder)
    {
        var path = Path.Combine(folder, "tokenizer_config.json");
        var config = Object(path);
        // Where tokenizer_config.json lists the added tokens, transformers reads none of the two older files.
        var isOld = config?.Has("added_tokens_decoder") is not true;
        var map = isOld ? Object(Path.Combine(folder, "special_tokens_map.json")) : null;
        var family = config?.Text("tokenizer_class") ?? "";
        bool Is(string name) => family.StartsWith(name, StringComparison.Ordinal);
        var special = SpecialTokens.Read(config, map);
        return new(
            path, special.Roles.GetValueOrDefault("eos_token")?.Text ?? s_ends.FirstOrDefault(end => Is(end.Family)).End,
            // What a missing key meant to transformers 4: these classes set it to false.
            config?.Flag("clean_up_tokenization_spaces", absent: family != "" && !Is("Llama") && !Is("CodeLlama") && !Is("Gemma")) is true,
            Told(config, "add_prefix_space"), Told(config, "legacy"), config?.Flag("split_special_tokens") is true,
            isOld ? OfOldFile(Path.Combine(folder, "added_tokens.json"), special) : OfDecoder(config!.Value), special.All)
        {
            Unread = special.Unread,
            RoleTexts = special.Roles.Values.Select(token => token.Text).ToHashSet(StringComparer.Ordinal),
            ForcesCleaning = config?.Flag("clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output") is true,
            Start = StartRules.Read(config, map, Model(folder), special),
        };
    }

    private static bool? Told(JsonPart? config, string key) => config?.Has(key) is true ? config.Value.Flag(key) : null;

    private static List<FiledToken> OfDecoder(JsonPart config)
    {
        var added = new SortedDictionary<int, AddedToken>();
        var tokens = config.Part("added_tokens_decoder")!.Value;
        foreach (var token in tokens.Value.EnumerateObject())
        {
            if (Id(token.Name) is not { } id || token.Value.ValueKind != JsonValueKind.Object)
                throw tokens.Bad($"\"{token.Name}\" is no id with a token", Again);
            var part = new JsonPart(token.Value, tokens.Where);
            var isSpecial = part.Flag("special");
            if (!added.TryAdd(id, AddedToken.Read(part, id, isSpecial, absent: !isSpecial)))
                throw tokens.Bad($"token {id} is there twice", Again);
        }
        return [.. added.Values.Where(token => token.Text.Length > 0).Select(token => new FiledToken(token, config.Where, Yields: false))];
    }

    private static List<FiledToken> OfOldFile(string path, SpecialTokens special)
    {
        if (Object(path) is not { } file)
            return [];
        var added = new SortedDictionary<int, AddedToken>();
        foreach (var token in file.Value.EnumerateObject())
        {
            if (token.Value.ValueKind != JsonValueKind.Number || !token.Value.TryGetInt32(out var id) || id is < 0 or >= 1 << 20)
                throw file.Bad($"\"{token.Name}\" has no id below {1 << 20}", Again);
            // A model's own roles make a token special later, and leave it normalised.
            var isSpecial = special.All.Any(other => other.IsRoleOnly && other.Text == token.Name);
            if (!added.TryAdd(id, new(id, token.Name, isSpecial, IsNormalized: !isSpecial)))
                throw file.Bad($"token {id} is there twice", Again);
        }
        return [.. added.Values.Where(token => token.Text.Length > 0).Select(token => new FiledToken(token, path, Yields: true))];
    }

    private static int? Id(string name) =>
        int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id < 1 << 20 ? id : null;

    /// <summary>config.json; null where it cannot be read, which is said where the model is.</summary>
    private static JsonPart? Model(string folder)
    {
        try
        {
            return Object(Path.Combine(folder, "config.json"), FileKind.Config);
        }
        catch (InputException)
        {
            return null;
        }
    }

    private static JsonPart? Object(string path) => Object(path, FileKind.TokenizerConfig);

    private static JsonPart? Object(string path, FileKind kind)
    {
        if (!RegularFile.Exists(path))
            return null;
        try
        {
            var json = RegularFile.Read(path, kind);
            JsonPart.RequireTexts(json);
            using var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new(document.RootElement.Clone(), path)
                : throw new InputException($"{path}: holds no JSON object; {Again}");
        }
        catch (InvalidOperationException e)
        {
            throw new InputException($"{path}: holds text that is not valid Unicode; {Again}", e);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{path}: cannot be read as JSON, as if cut short or damaged; {Again}", e);
        }
    }
}
