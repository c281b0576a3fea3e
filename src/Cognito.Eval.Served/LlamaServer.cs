using System.Text.Json;

namespace Cognito.Eval.Served;

/// <summary>
/// llama.cpp's llama-server, which gives log-probabilities of generated tokens alone: each token of a continuation is forced by a
/// bias, which its log-probability does not see. Requests of one worker go to one slot, whose cache has all that came before.
/// </summary>
internal sealed class LlamaServer(ServedHttp http, ServerFacts facts) : Engine(http, facts)
{
    private const string Path = "v1/completions";

    /// <summary>Beyond any difference of logits.</summary>
    private const double Bias = 10_000;

    public override string Name => "llama-server";

    public override string Recipe => "llama-server logit_bias, token by token";

    public override string GenerationRecipe => "llama-server logprobs.content ids";

    /// <summary>A generated token.</summary>
    public override int Beyond => 1;

    /// <summary>More would wait at the server, where they would take each other's slots.</summary>
    public override int MostAtOnce => Facts.Slots ?? 1;

    /// <summary>Its cache makes pieces cheap, and what is written past an answer's end is thrown away.</summary>
    public override int PieceTokens => 64;

    public override int ProbedTokens => 8;

    public override async Task<TargetScore[]> ScoreAsync(int[] ids, int from, Asking how, CancellationToken cancel)
    {
        var scores = new TargetScore[ids.Length - from];
        for (var i = from; i < ids.Length; i++)
        {
            // What this very continuation has put into the cache is its own.
            var body = Body(ids[..i], 1, how with { IsCold = how.IsCold && i == from });
            (body["logprobs"], body["logit_bias"]) = (2, new object[] { new object[] { ids[i], Bias } });
            var written = Tokens(await AskedAsync(body, i, cancel));
            if (written.Count() != 1)
                throw new CheckFailedException(Checks.Entries, $"one token was asked for, and logprobs.content has {written.Count()}");
            if (written[0].At("id").Int() != ids[i])
                throw new CheckFailedException(Checks.Forced, $"the id {ids[i]} was forced by logit_bias, and another was generated");
            if (written[0].At("top_logprobs").Count() == 0)
                throw new CheckFailedException(Checks.Entries, "top_logprobs names no token");
            scores[i - from] = TargetScore.Create(ids[i], written[0].At("logprob"), i, written[0].At("top_logprobs").EnumerateArray()
                .Select(other => (other.At("id").Int() ?? -1, other.At("logprob").Number() ?? double.NaN)).Where(other => other.Item1 >= 0 && other.Item1 != ids[i]));
        }
        return scores;
    }

    public override async Task<Piece> ContinueAsync(
        int[] ids, int most, IReadOnlyList<string> stops, IReadOnlyList<int> endIds, Asking how, CancellationToken cancel)
    {
        var body = Body(ids, most, how);
        body["logprobs"] = 1;
        var answer = await AskedAsync(body, ids.Length, cancel);
        var written = Tokens(answer);
        var found = written.EnumerateArray().Select(token => token.At("id").Int()).ToList();
        if (found.Any(id => id is null))
            throw new CheckFailedException(Checks.Generation, "logprobs.content does not tell the ids of what was generated");
        int? notFinite = Enumerable.Range(0, found.Count).Where(i => !double.IsFinite(TargetScore.Read(written[i].At("logprob"), ids.Length + i)))
            .Select(i => (int?)i).FirstOrDefault();
        return new([.. found.Select(id => id!.Value)], ChoiceOf(answer).Text("finish_reason") == "stop", notFinite);
    }

    public override string FixOf(string check) => check switch
    {
        Checks.Order or Checks.Batch or Checks.Cache => "start llama-server with -ctk f32 -ctv f32 -fa off",
        Checks.Forced or Checks.Entries or Checks.Ids or Checks.Answers =>
            "start a llama-server whose /v1/completions takes ids, logit_bias and logprobs, without a proxy that changes requests",
        _ => base.FixOf(check),
    };

    private async Task<JsonElement> AskedAsync(Dictionary<string, object?> body, int sent, CancellationToken cancel)
    {
        var answer = await AskAsync(Path, body, Checks.Answers, cancel);
        // The server counts ids and does not repeat them.
        RequireSent(new int[sent], default, answer.At("usage"));
        return answer;
    }

    private static JsonElement Tokens(JsonElement answer) => ChoiceOf(answer).At("logprobs").At("content") is { ValueKind: JsonValueKind.Array } content
        ? content : throw new CheckFailedException(Checks.Entries, "the answer has no logprobs.content");

    private Dictionary<string, object?> Body(int[] ids, int most, Asking how) => new()
    {
        ["model"] = Facts.Model,
        ["prompt"] = ids,
        ["max_tokens"] = most,
        ["n"] = 1,
        ["temperature"] = 0,
        ["dynatemp_range"] = 0,
        ["top_p"] = 1,
        ["top_k"] = 0,
        ["min_p"] = 0,
        ["typical_p"] = 1,
        ["top_n_sigma"] = -1,
        ["xtc_probability"] = 0,
        ["repeat_penalty"] = 1,
        ["presence_penalty"] = 0,
        ["frequency_penalty"] = 0,
        ["dry_multiplier"] = 0,
        ["mirostat"] = 0,
        ["ignore_eos"] = false,
        ["grammar"] = "",
        ["seed"] = 1234,
        ["stream"] = false,
        ["post_sampling_probs"] = false,
        ["cache_prompt"] = !how.IsCold,
        ["id_slot"] = how.Worker < 0 ? -1 : how.Worker % MostAtOnce,
    };
}
