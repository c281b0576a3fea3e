using System.Text.Json;
using Cognito.Eval.Tokenizers;

namespace Cognito.Eval.Served;

/// <summary>Another server that speaks OpenAI's language: echo with logprobs, where it honours that.</summary>
/// <param name="tokenizer">Generated text becomes tokens by it, as this language tells no ids.</param>
internal sealed class OpenAi(ServedHttp http, ServerFacts facts, VocabularyTokenizer tokenizer) : Engine(http, facts)
{
    private const string Path = "v1/completions";

    public override string Name => "openai";

    public override string Recipe => "openai echo";

    public override string GenerationRecipe => "openai text, encoded again";

    /// <summary>The last target, and a generated token.</summary>
    public override int Beyond => 2;

    public override async Task<TargetScore[]> ScoreAsync(int[] ids, int from, Asking how, CancellationToken cancel)
    {
        var body = Body(ids, 1);
        (body["echo"], body["logprobs"]) = (true, 1);
        var answer = await AskAsync(Path, body, Checks.Echo, cancel);
        var choice = ChoiceOf(answer);
        var (values, tops) = (choice.At("logprobs").At("token_logprobs"), choice.At("logprobs").At("top_logprobs"));
        if (values.Count() <= 1)
            throw new CheckFailedException(Checks.Echo, values.ValueKind == JsonValueKind.Array
                ? "echo was asked for, and token_logprobs holds the generated token alone: the server ignores echo"
                : "echo was asked for, and the answer has no token_logprobs: the server ignores echo, or gives log-probabilities of generated tokens alone");
        RequireSent(ids, choice.At("prompt_token_ids"), answer.At("usage"));
        // The generated token's follows those of the prompt.
        if (values.Count() != ids.Length + 1 || tops.Count() != values.Count())
            throw new CheckFailedException(Checks.Entries, $"{ids.Length} ids were sent and one token was generated, and token_logprobs has "
                + $"{values.Count()} entries, top_logprobs {tops.Count()}");
        if (!values[0].IsNull())
            throw new CheckFailedException(Checks.First, "token_logprobs has a number for the first token, before which there is nothing");
        return [.. Enumerable.Range(from, ids.Length - from).Select(i => TargetScore.Create(ids[i], values[i], i,
            // Texts name tokens here, and two may have one text: the largest number is the arg max's, whatever its name.
            tops[i].ValueKind == JsonValueKind.Object
                ? tops[i].EnumerateObject().Select(other => (int.MaxValue, other.Value.Number() ?? double.NaN))
                : throw new CheckFailedException(Checks.Entries, $"top_logprobs names no token at {i}")))];
    }

    public override async Task<Piece> ContinueAsync(
        int[] ids, int most, IReadOnlyList<string> stops, IReadOnlyList<int> endIds, Asking how, CancellationToken cancel)
    {
        var answer = await AskAsync(Path, Body(ids, most), Checks.Answers, cancel);
        var choice = ChoiceOf(answer);
        RequireSent(ids, choice.At("prompt_token_ids"), answer.At("usage"));
        if (choice.Text("text") is not { } text)
            throw new CheckFailedException(Checks.Generation, "the answer has no text");
        int[] written = [.. Encoded(ids, text).Take(most)];
        var isEnded = choice.Text("finish_reason") == "stop";
        return new(isEnded && written.Length < most && endIds.Count > 0 ? [.. written, endIds[0]] : written, isEnded);
    }

    /// <summary>A text's ids after a prompt's, where both together are encoded as they were; else the text's own.</summary>
    private int[] Encoded(int[] prompt, string text)
    {
        var whole = tokenizer.Encode(tokenizer.Decode(prompt) + text);
        for (var special = 0; special <= 1 && special < prompt.Length; special++)
            if (whole.AsSpan().StartsWith(prompt.AsSpan(special)))
                return whole[(prompt.Length - special)..];
        return tokenizer.Encode(text);
    }

    public override string FixOf(string check) => check switch
    {
        Checks.Echo => "this engine gives no log-probabilities of a prompt; serve the model with vLLM, SGLang or llama-server, or ask only tasks that generate",
        _ => base.FixOf(check),
    };

    private Dictionary<string, object?> Body(int[] ids, int most) => new()
    {
        ["model"] = Facts.Model,
        ["prompt"] = ids,
        ["max_tokens"] = most,
        ["n"] = 1,
        ["temperature"] = 0,
        ["top_p"] = 1,
        ["presence_penalty"] = 0,
        ["frequency_penalty"] = 0,
        ["seed"] = 1234,
        ["stream"] = false,
    };
}
