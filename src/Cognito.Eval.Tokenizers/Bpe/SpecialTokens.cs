using System.Text.Json;
using Cognito.Eval.Files;

namespace Cognito.Eval.Tokenizers.Bpe;

/// <summary>A text that looks like a special token and is none to transformers.</summary>
/// <param name="Why">The file, the key and the reason, as the beginning of a sentence.</param>
internal sealed record UnreadToken(string Text, string Why);

/// <summary>Special tokens, as transformers 5 collects them from tokenizer_config.json and special_tokens_map.json.</summary>
/// <param name="Roles">By role: the usual ones first, then a model's own, such as image_token.</param>
/// <param name="Listed">Those of additional_special_tokens or extra_special_tokens, which have none.</param>
internal sealed record SpecialTokens(
    OrderedDictionary<string, AddedToken> Roles, IReadOnlyList<AddedToken> Listed, IReadOnlyList<UnreadToken> Unread)
{
    private const string Additional = "additional_special_tokens", Extra = "extra_special_tokens";

    /// <summary>Where transformers 5 itself writes a model's own roles.</summary>
    private const string Specific = "model_specific_special_tokens";

    private const string Fix = "save the tokenizer again with transformers";

    private static readonly string[] s_roles =
        ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

    /// <summary>All of them; of equal texts the first.</summary>
    public IReadOnlyList<AddedToken> All => [.. Roles.Values.Concat(Listed).DistinctBy(token => token.Text)];

    /// <param name="config">tokenizer_config.json, if it is there.</param>
    /// <param name="map">special_tokens_map.json, where it counts.</param>
    /// <exception cref="InputException">A value is of a kind on which transformers stops.</exception>
    public static SpecialTokens Read(JsonPart? config, JsonPart? map)
    {
        var roles = new OrderedDictionary<string, AddedToken>();
        foreach (var key in s_roles)
            if ((map?.Has(key) is true ? map : config) is { } file && file.Has(key)
                && Token(Typed(file, key, file.Value.GetProperty(key), config), file.Where, key) is { } token)
                roles[key] = token with { IsRoleOnly = true };
        // A model's own: over objects and the map's comes what tokenizer_config.json says as text or names in a section.
        foreach (var (key, token) in Own(config, IsTyped).Concat(Own(map, _ => true)).Concat(Sections(config, map)))
            roles[key] = token;
        return new(roles, [.. Lists(config, map)], [.. Untyped(config), .. Dropped(config, map)]);
    }

    /// <summary>The value, unless it is an object of tokenizer_config.json that does not say that it is a token.</summary>
    private static JsonElement Typed(JsonPart file, string key, JsonElement value, JsonPart? config) =>
        value.ValueKind != JsonValueKind.Object || IsTyped(value) || file.Where != config?.Where ? value
            : throw file.Bad($"\"{key}\" holds an object without \"__type\": \"AddedToken\", on which transformers stops", Fix);

    /// <summary>Keys of a file that end in _token and are no usual role.</summary>
    private static IEnumerable<(string Key, AddedToken Token)> Own(JsonPart? file, Func<JsonElement, bool> counts) =>
        from key in Keys(file)
        where key.Value.ValueKind is JsonValueKind.String or JsonValueKind.Object && counts(key.Value)
        let token = Token(key.Value, file!.Value.Where, key.Name)
        where token is not null
        select (key.Name, token);

    private static IEnumerable<JsonProperty> Keys(JsonPart? file) => file is not { } there ? []
        : there.Value.EnumerateObject()
            .Where(key => key.Name.EndsWith("_token", StringComparison.Ordinal) && !s_roles.Contains(key.Name));

    private static IEnumerable<(string Key, AddedToken Token)> Sections(JsonPart? config, JsonPart? map)
    {
        (string Key, AddedToken Token)[] texts =
            [.. Own(config, value => value.ValueKind == JsonValueKind.String), .. Section(config, NameOf(config))];
        // What transformers wrote of an earlier time gives way to the keys that stand beside it.
        return [.. texts.Length > 0 ? texts : Section(config, Specific), .. Section(map, Extra)];
    }

    private static IEnumerable<(string Key, AddedToken Token)> Section(JsonPart? file, string key)
    {
        if (Find(file, key) is not { ValueKind: JsonValueKind.Object } section)
            yield break;
        foreach (var role in section.EnumerateObject())
            if (role.Value.ValueKind != JsonValueKind.String && !IsTyped(role.Value))
                throw file!.Value.Bad(
                    $"\"{role.Name}\" in {key} is neither a text nor an AddedToken, on which transformers stops", Fix);
            else if (Token(role.Value, file!.Value.Where, role.Name) is { } token)
                yield return (role.Name, token);
    }

    /// <summary>extra_special_tokens comes before additional_special_tokens, its older name; the map adds to a list.</summary>
    private static IEnumerable<AddedToken> Lists(JsonPart? config, JsonPart? map)
    {
        var (own, more) = (Find(config, Extra) ?? Find(config, Additional), Find(map, Extra));
        var isSection = own is { ValueKind: JsonValueKind.Object };
        return more is { ValueKind: JsonValueKind.Object } ? List(map, Additional, config)
            : more is not null ? [.. isSection ? [] : List(config, NameOf(config), config), .. List(map, Extra, config)]
            : own is null || isSection ? List(map, Additional, config)
            : List(config, NameOf(config), config);
    }

    private static string NameOf(JsonPart? config) => Find(config, Extra) is null ? Additional : Extra;

    private static IEnumerable<AddedToken> List(JsonPart? file, string key, JsonPart? config) => Find(file, key) switch
    {
        null or { ValueKind: JsonValueKind.Null } => [],
        { ValueKind: JsonValueKind.Array } list =>
        [
            .. list.EnumerateArray().Select(token => Token(Typed(file!.Value, key, token, config), file.Value.Where, key, isSpecial: false))
                .OfType<AddedToken>().Select(token => token with { IsRoleOnly = true }),
        ],
        _ => throw file!.Value.Bad($"\"{key}\" is no list of tokens, on which transformers stops", Fix),
    };

    /// <summary>Objects under a model's own key that do not say what they are, which transformers passes over.</summary>
    private static IEnumerable<UnreadToken> Untyped(JsonPart? config) =>
        from key in Keys(config)
        where key.Value.ValueKind == JsonValueKind.Object && !IsTyped(key.Value)
        let text = Text(key.Value)
        where text is not null
        select new UnreadToken(text,
            $"tokenizer_config.json: {key.Name} has no \"__type\": \"AddedToken\", without which transformers passes it over");

    /// <summary>What lists hold that give way to others; what is read all the same is told apart later.</summary>
    private static IEnumerable<UnreadToken> Dropped(JsonPart? config, JsonPart? map) =>
        from list in ((JsonPart? File, string Key, bool GivesWay, string Why)[])
        [
            (config, Additional, Find(config, Extra) is not null, $"tokenizer_config.json: {Additional} is not read beside {Extra}"),
            (config, NameOf(config), Find(map, Extra) is { ValueKind: JsonValueKind.Object },
                $"tokenizer_config.json: {NameOf(config)} is not read beside {Extra} of special_tokens_map.json"),
            (map, Additional, true, $"special_tokens_map.json: {Additional} is not read beside the lists that come before it"),
        ]
        where list.GivesWay
        from text in Texts(Find(list.File, list.Key))
        select new UnreadToken(text, $"{list.Why}, as in transformers 5");

    private static IEnumerable<string> Texts(JsonElement? tokens) => (tokens switch
    {
        { ValueKind: JsonValueKind.Array } list => list.EnumerateArray(),
        { ValueKind: JsonValueKind.Object } section => section.EnumerateObject().Select(role => role.Value),
        _ => Enumerable.Empty<JsonElement>(),
    }).Select(Text).OfType<string>();

    private static string? Text(JsonElement token) => token.ValueKind switch
    {
        JsonValueKind.String => token.GetString(),
        JsonValueKind.Object when token.TryGetProperty("content", out var text) && text.ValueKind == JsonValueKind.String =>
            text.GetString(),
        _ => null,
    };

    private static bool IsTyped(JsonElement value) => value.ValueKind == JsonValueKind.Object
        && value.TryGetProperty("__type", out var type) && type.ValueKind == JsonValueKind.String
        && type.ValueEquals("AddedToken");

    /// <summary>A key's value, null or not.</summary>
    private static JsonElement? Find(JsonPart? file, string key) =>
        file is { } there && there.Value.TryGetProperty(key, out var value) ? value : null;

    /// <summary>A token is a text, or an object with the text as its content; an empty one is none.</summary>
    /// <param name="isSpecial">Whether an object that says that it is not special is all the same.</param>
    private static AddedToken? Token(JsonElement token, string where, string key, bool isSpecial = true) => token.ValueKind switch
    {
        JsonValueKind.String => token.GetString() is { Length: > 0 } text ? new(-1, text, IsSpecial: true) : null,
        JsonValueKind.Object =>
            AddedToken.Read(new(token, where), -1, isSpecial || new JsonPart(token, where).Flag("special"), absent: false)
                is { Text.Length: > 0 } full ? full : null,
        _ => throw new JsonPart(token, where).Bad(
            $"\"{key}\" holds what is neither a text nor a token, on which transformers stops", Fix),
    };
}
