using System.Globalization;
using System.Text.Json;

namespace Cognito.Eval.Served;

/// <summary>vLLM: prompt_logprobs of a whole prompt; logprob_token_ids where choices are one token each.</summary>
internal sealed class Vllm(ServedHttp http, ServerFacts facts) : Engine(http, facts)
{
    private const string Path = "v1/completions", Named = "token_id:";

    public override string Name => "vllm";

    public override string Recipe => "vllm prompt_logprobs";

    public override string? ChoiceRecipe => HasChoices ? "vllm logprob_token_ids" : null;

    public override string GenerationRecipe => "vllm token_ids";

    /// <summary>The last target, and the token that is always generated.</summary>
    public override int Beyond => 2;

    /// <summary>Whether the server knows logprob_token_ids, which the probe finds out.</summary>
    public bool HasChoices { get; set; }

    public override async Task<TargetScore[]> ScoreAsync(int[] ids, int from, Asking how, CancellationToken cancel)
    {
        var body = Body(ids, 1, how);
        body["prompt_logprobs"] = 1;
        var answer = await AskAsync(Path, body, Checks.Answers, cancel);
        var choice = ChoiceOf(answer);
        RequireSent(ids, choice.At("prompt_token_ids"), answer.At("usage"));
        var entries = choice.At("prompt_logprobs");
        if (entries.Count() != ids.Length)
            throw new CheckFailedException(Checks.Entries, $"{ids.Length} ids were sent, and prompt_logprobs has {entries.Count()} entries");
        if (!entries.At(0).IsNull())
            throw new CheckFailedException(Checks.First, "prompt_logprobs has an entry for the first token, before which there is nothing");
        var scores = new TargetScore[ids.Length - from];
        for (var i = from; i < ids.Length; i++)
        {
            var entry = entries[i];
            var own = entry.At(ids[i].ToString(CultureInfo.InvariantCulture));
            if (own.ValueKind != JsonValueKind.Object)
                throw new CheckFailedException(Checks.OwnId, $"entry {i} of prompt_logprobs does not hold the id {ids[i]} that was sent there");
            scores[i - from] = TargetScore.Create(ids[i], own.At("logprob"), i, entry.EnumerateObject()
                .Select(other => (int.TryParse(other.Name, CultureInfo.InvariantCulture, out var id) ? id : -1, other.Value.At("logprob").Number() ?? double.NaN))
                .Where(other => other.Item1 >= 0 && other.Item1 != ids[i]));
        }
        return scores;
    }

    public override async Task<TargetScore[]> ChooseAsync(int[] context, int[] choices, Asking how, CancellationToken cancel)
    {
        var body = Body(context, 1, how);
        (body["logprobs"], body["logprob_token_ids"], body["return_tokens_as_token_ids"]) = (1, choices, true);
        var answer = await AskAsync(Path, body, Checks.Answers, cancel);
        var choice = ChoiceOf(answer);
        RequireSent(context, choice.At("prompt_token_ids"), answer.At("usage"));
        var found = choice.At("logprobs").At("top_logprobs").At(0);
        if (found.ValueKind != JsonValueKind.Object)
            throw new CheckFailedException(Checks.Entries, "logprobs names no tokens beside the generated one");
        var values = new Dictionary<int, JsonElement>();
        foreach (var one in found.EnumerateObject())
            if (IdOf(one.Name) is { } id)
                values[id] = one.Value;
        // The generated token is the arg max.
        var others = values.Select(one => (one.Key, one.Value.Number() ?? double.NaN)).ToList();
        return [.. choices.Select(id => values.TryGetValue(id, out var value)
            ? TargetScore.Create(id, value, context.Length, others.Where(other => other.Key != id))
            : throw new CheckFailedException(Checks.OwnId, $"logprobs does not hold the id {id} that was asked for in logprob_token_ids"))];
    }

    public override async Task<Piece> ContinueAsync(
        int[] ids, int most, IReadOnlyList<string> stops, IReadOnlyList<int> endIds, Asking how, CancellationToken cancel)
    {
        var body = Body(ids, most, how);
        (body["logprobs"], body["return_tokens_as_token_ids"], body["stop_token_ids"]) = (1, true, endIds);
        if (stops.Count > 0)
            body["stop"] = stops;
        var answer = await AskAsync(Path, body, Checks.Answers, cancel);
        var choice = ChoiceOf(answer);
        RequireSent(ids, choice.At("prompt_token_ids"), answer.At("usage"));
        var logprobs = choice.At("logprobs");
        var written = choice.At("token_ids").Ints() ?? Written(logprobs.At("tokens"));
        var values = logprobs.At("token_logprobs");
        int? notFinite = Enumerable.Range(0, values.Count()).Where(i => !double.IsFinite(TargetScore.Read(values[i], ids.Length + i)))
            .Select(i => (int?)i).FirstOrDefault();
        return new(written, choice.Text("finish_reason") == "stop", notFinite);
    }

    public override string FixOf(string check) => check switch
    {
        Checks.Order or Checks.Batch or Checks.Cache =>
            "start vLLM with --no-enable-prefix-caching (vllm-project/vllm#42019), and with --dtype float32 where the differences are small",
        Checks.Ids or Checks.Entries or Checks.First or Checks.OwnId or Checks.Answers =>
            "start a vLLM that gives prompt_logprobs over HTTP, without a proxy that changes requests; docs/served.md names its flags",
        _ => base.FixOf(check),
    };

    /// <summary>Every parameter that a server's own defaults would set otherwise.</summary>
    private Dictionary<string, object?> Body(int[] ids, int most, Asking how)
    {
        var body = new Dictionary<string, object?>
        {
            ["model"] = Facts.Model,
            ["prompt"] = ids,
            ["max_tokens"] = most,
            ["min_tokens"] = 0,
            ["n"] = 1,
            ["temperature"] = 0,
            ["top_p"] = 1,
            ["top_k"] = 0,
            ["min_p"] = 0,
            ["repetition_penalty"] = 1,
            ["presence_penalty"] = 0,
            ["frequency_penalty"] = 0,
            ["ignore_eos"] = false,
            ["seed"] = 1234,
            ["stream"] = false,
            ["add_special_tokens"] = false,
            ["return_token_ids"] = true,
        };
        if (how.IsCold)
            body["cache_salt"] = Guid.NewGuid().ToString("N");
        return body;
    }

    private static int[] Written(JsonElement tokens) => tokens.ValueKind == JsonValueKind.Array
        && tokens.EnumerateArray().Select(token => IdOf(JsonText.Of(token))).ToList() is var ids && ids.All(id => id is not null)
            ? [.. ids.Select(id => id!.Value)]
            : throw new CheckFailedException(Checks.Generation, "the answer does not tell the ids of what was generated");

    private static int? IdOf(string? name) => name is not null && name.StartsWith(Named, StringComparison.Ordinal)
        && int.TryParse(name.AsSpan(Named.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;
}
