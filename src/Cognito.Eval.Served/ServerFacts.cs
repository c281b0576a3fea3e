using System.Text.Json;
using Cognito.Eval.Files;

namespace Cognito.Eval.Served;

/// <summary>What a server tells of itself and of the model.</summary>
/// <param name="Model">As the server calls it.</param>
/// <param name="OwnedBy">The engine, as /v1/models names it; null where it does not.</param>
/// <param name="Root">What the server made it from.</param>
/// <param name="MaxTokens">The most tokens of a request and its answer; null where it does not say.</param>
/// <param name="Vocabulary">How many tokens the model knows; null where it does not say.</param>
/// <param name="Slots">How many requests it works on at a time, where each has a place of its own.</param>
internal sealed record ServerFacts(
    string Model, string? OwnedBy, string? Root, string? Version, int? MaxTokens, int? Vocabulary, int? Slots)
{
    public const string OfVllm = "vllm", OfSglang = "sglang", OfLlama = "llamacpp";

    private const int MostNamed = 10, LongestName = 1000, MostTokens = 1 << 24;

    /// <exception cref="InputException">It is no such server, does not know who asks, or has not the model.</exception>
    public static async Task<ServerFacts> FindAsync(ServedHttp http, ServedModelOptions options, CancellationToken cancel)
    {
        var listed = await http.GetAsync("v1/models", cancel);
        if ((int)listed.Status is 401 or 403)
            throw new InputException($"{http.Address}: the server does not take who asks ({listed.Said}); "
                + "--api-key-env names the variable that holds its key");
        if (!listed.IsAnswer || listed.Json.At("data").ValueKind != JsonValueKind.Array)
            throw new InputException($"{http.Address}/v1/models: {(listed.IsAnswer ? "an answer without a list of models" : $"the server answers {listed.Said}")}; "
                + "--model names a server that speaks OpenAI's language, http://HOST:PORT");
        var model = Choose(http, listed.Json.At("data"), options.Model);
        var owner = model.Text("owned_by");
        var meta = model.At("meta");
        var facts = new ServerFacts(
            options.Model ?? model.Text("id")!, owner, model.Text("root"), null, Tokens(model.At("max_model_len")), Tokens(meta.At("n_vocab")), null);
        return owner switch
        {
            OfLlama => OfProps(facts, await TryAsync(http, "props", cancel), meta),
            OfSglang => OfSglangInfo(facts, await TryAsync(http, "get_server_info", cancel), await TryAsync(http, "get_model_info", cancel)),
            _ => facts with { Version = Short((await TryAsync(http, "version", cancel)).Text("version")) },
        };
    }

    private static ServerFacts OfProps(ServerFacts facts, JsonElement props, JsonElement meta)
    {
        int?[] lengths = [Tokens(props.At("default_generation_settings").At("n_ctx")), Tokens(meta.At("n_ctx")), Tokens(meta.At("n_ctx_train"))];
        return facts with
        {
            Version = Short(props.Text("build_info")),
            Root = props.Text("model_path"),
            Slots = props.At("total_slots").Int() is > 0 and <= 4096 and var slots ? slots : null,
            MaxTokens = lengths.Min(),
        };
    }

    private static ServerFacts OfSglangInfo(ServerFacts facts, JsonElement server, JsonElement model) => facts with
    {
        Version = Short(server.Text("version")),
        Root = facts.Root ?? model.Text("model_path"),
        MaxTokens = facts.MaxTokens ?? Tokens(server.At("context_length")) ?? Tokens(server.At("max_req_input_len")),
    };

    private static JsonElement Choose(ServedHttp http, JsonElement data, string? name)
    {
        var models = data.EnumerateArray().Where(model => model.Text("id") is { Length: > 0 and < LongestName }).ToList();
        if (models.Count == 0)
            throw new InputException($"{http.Address}/v1/models: the server names no model; start it with one");
        var names = string.Join(", ", models.Take(MostNamed).Select(model => QuotedName.Plain(model.Text("id")!)))
            + (models.Count > MostNamed ? $" and {models.Count - MostNamed} more" : "");
        if (name is null)
            return models.Count == 1 ? models[0] : throw new InputException($"{http.Address}: the server has several models ({names}); "
                + "choose one with --served-model");
        bool Is(JsonElement model) => model.Text("id") == name
            || model.At("aliases").Count() > 0 && model.At("aliases").EnumerateArray().Any(alias => JsonText.Of(alias) == name);
        return models.FindIndex(Is) is >= 0 and var at ? models[at]
            : throw new InputException($"--served-model {QuotedName.Plain(name)}: {http.Address} has {names}; name one of these");
    }

    /// <summary>What not every server has; undefined where this one has not.</summary>
    private static async Task<JsonElement> TryAsync(ServedHttp http, string path, CancellationToken cancel)
    {
        try
        {
            var reply = await http.GetAsync(path, cancel);
            return reply.IsAnswer ? reply.Json : default;
        }
        catch (ServedException e) when (e is not ServerGoneException)
        {
            return default;
        }
    }

    private static int? Tokens(JsonElement value) => value.Int() is > 0 and <= MostTokens and var number ? number : null;

    private static string? Short(string? text) => text is { Length: > 0 and < 100 } ? Printable.Line(text) : null;
}
