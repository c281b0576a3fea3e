using System.Text.Json;

namespace Cognito.Eval.Served;

/// <summary>SGLang's own /generate: log-probabilities from a context's last token on, so that its cache serves the context.</summary>
internal sealed class Sglang(ServedHttp http, ServerFacts facts) : Engine(http, facts)
{
    private const string Path = "generate";

    public override string Name => "sglang";

    public override string Recipe => "sglang generate logprob_start_len";

    public override string GenerationRecipe => "sglang generate output_ids";

    /// <summary>The last target, and a generated token.</summary>
    public override int Beyond => 2;

    public override async Task<TargetScore[]> ScoreAsync(int[] ids, int from, Asking how, CancellationToken cancel)
    {
        // All of a prompt is computed where its log-probabilities are asked for.
        var start = how.IsCold ? 0 : from - 1;
        var body = Body(ids, 1, [], []);
        (body["return_logprob"], body["logprob_start_len"], body["top_logprobs_num"]) = (true, start, 1);
        var meta = MetaOf(await AskAsync(Path, body, Checks.Answers, cancel), ids);
        var (entries, tops) = (meta.At("input_token_logprobs"), meta.At("input_top_logprobs"));
        if (entries.Count() != ids.Length - start)
            throw new CheckFailedException(Checks.Entries,
                $"log-probabilities of {ids.Length - start} tokens were asked for, and input_token_logprobs has {entries.Count()} entries");
        if (!entries.At(0).At(0).IsNull())
            throw new CheckFailedException(Checks.First, "input_token_logprobs has a number where it begins, before which nothing was looked at");
        return [.. Enumerable.Range(from, ids.Length - from).Select(i =>
        {
            var entry = entries[i - start];
            if (entry.At(1).Int() != ids[i])
                throw new CheckFailedException(Checks.OwnId, $"entry {i - start} of input_token_logprobs is not of the id {ids[i]} that was sent there");
            var best = tops.At(i - start);
            if (best.Count() == 0)
                throw new CheckFailedException(Checks.Entries, $"input_top_logprobs names no token at {i - start}");
            return TargetScore.Create(ids[i], entry.At(0), i, best.EnumerateArray()
                .Select(other => (other.At(1).Int() ?? -1, other.At(0).Number() ?? double.NaN)).Where(other => other.Item1 >= 0 && other.Item1 != ids[i]));
        })];
    }

    public override async Task<Piece> ContinueAsync(
        int[] ids, int most, IReadOnlyList<string> stops, IReadOnlyList<int> endIds, Asking how, CancellationToken cancel)
    {
        var body = Body(ids, most, stops, endIds);
        (body["return_logprob"], body["logprob_start_len"]) = (true, -1);
        var answer = await AskAsync(Path, body, Checks.Answers, cancel);
        var meta = MetaOf(answer, ids);
        var written = meta.At("output_token_logprobs");
        var found = written.ValueKind == JsonValueKind.Array ? written.EnumerateArray().Select(token => token.At(1).Int()).ToList() : [null];
        if (found.Any(id => id is null))
            throw new CheckFailedException(Checks.Generation, "output_token_logprobs does not tell the ids of what was generated");
        int? notFinite = Enumerable.Range(0, found.Count).Where(i => !double.IsFinite(TargetScore.Read(written[i].At(0), ids.Length + i)))
            .Select(i => (int?)i).FirstOrDefault();
        return new([.. found.Select(id => id!.Value)], meta.At("finish_reason").Text("type") == "stop", notFinite);
    }

    public override string FixOf(string check) => check switch
    {
        Checks.Order or Checks.Batch or Checks.Cache => "start SGLang with --disable-radix-cache, and with --dtype float32 where the differences are small",
        Checks.Ids or Checks.Entries or Checks.First or Checks.OwnId or Checks.Answers =>
            "start an SGLang that gives log-probabilities at /generate, without a proxy that changes requests; docs/served.md names its flags",
        _ => base.FixOf(check),
    };

    private JsonElement MetaOf(JsonElement answer, int[] ids)
    {
        var meta = answer.At("meta_info");
        if (meta.ValueKind != JsonValueKind.Object)
            throw new CheckFailedException(Checks.Entries, "the answer has no meta_info");
        RequireSent(ids, default, meta);
        if (meta.At("cached_tokens").Int() is { } cached)
            Saw(cached);
        return meta;
    }

    private static Dictionary<string, object?> Body(int[] ids, int most, IReadOnlyList<string> stops, IReadOnlyList<int> endIds) => new()
    {
        ["input_ids"] = ids,
        ["sampling_params"] = new Dictionary<string, object?>
        {
            ["max_new_tokens"] = most,
            ["min_new_tokens"] = 0,
            ["n"] = 1,
            ["temperature"] = 0,
            ["top_p"] = 1,
            ["top_k"] = -1,
            ["min_p"] = 0,
            ["repetition_penalty"] = 1,
            ["presence_penalty"] = 0,
            ["frequency_penalty"] = 0,
            ["ignore_eos"] = false,
            ["skip_special_tokens"] = false,
            ["no_stop_trim"] = true,
            ["stop"] = stops,
            ["stop_token_ids"] = endIds,
        },
        ["return_text_in_logprobs"] = false,
        ["stream"] = false,
    };
}
