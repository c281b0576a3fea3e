using System.Globalization;
using System.Text.Json;

namespace Cognito.Eval.Served;

/// <summary>A token that was to be predicted.</summary>
/// <param name="LogProbability">In nats; a NaN or an infinity where the server gave one.</param>
/// <param name="IsGreedy">Whether it is the arg max; of equal ones the first.</param>
internal readonly record struct TargetScore(double LogProbability, bool IsGreedy)
{
    /// <summary>What an engine writes for minus infinity, which JSON does not have.</summary>
    private const double LeastWritten = -9999;

    /// <summary>Rounding may bring the logarithm of a probability of one above zero, by no more.</summary>
    private const double MostRounded = 1e-3;

    /// <param name="place">Of the token, for messages.</param>
    /// <param name="others">Tokens that the server names beside it, with theirs.</param>
    public static TargetScore Create(int id, JsonElement value, int place, IEnumerable<(int Id, double Value)> others)
    {
        var own = Read(value, place);
        return new(own, !double.IsNaN(own) && !others.Any(other => other.Value > own || other.Value == own && other.Id < id));
    }

    /// <exception cref="CheckFailedException">It is not there, or no logarithm of a probability.</exception>
    public static double Read(JsonElement value, int place) => value.Number() switch
    {
        > MostRounded and var positive => throw new CheckFailedException(
            Checks.Positive, $"token {place} has the log-probability {Nats.Show(positive)}, which is above 0"),
        <= LeastWritten => double.NegativeInfinity,
        { } number => Math.Min(number, 0),
        // NaN as Python writes it.
        null when value.ValueKind == JsonValueKind.String => double.NaN,
        null => throw new CheckFailedException(Checks.OwnId, $"token {place} has no log-probability of its own"),
    };
}

/// <summary>Natural logarithms in messages, the same in every language.</summary>
internal static class Nats
{
    public static string Show(double value) => double.IsNegativeInfinity(value) ? "minus infinity"
        : value.ToString(Math.Abs(value) < 0.001 ? "0.0e0" : "0.####", CultureInfo.InvariantCulture);
}

/// <summary>What follows a prompt.</summary>
/// <param name="IsEnded">Whether the server says that it ends there.</param>
/// <param name="NotFiniteAt">The first of the tokens whose log-probability is no number.</param>
internal sealed record Piece(int[] Ids, bool IsEnded, int? NotFiniteAt = null);

/// <summary>Who asks, and how.</summary>
/// <param name="Worker">Which of those that ask at the same time; its requests follow each other.</param>
/// <param name="IsCold">Whether the server is to compute all of it, whatever it has kept.</param>
internal readonly record struct Asking(int Worker, bool IsCold = false);

/// <summary>A server's way of being asked: its dialect, and how log-probabilities are to be had of it.</summary>
internal abstract class Engine(ServedHttp http, ServerFacts facts)
{
    public abstract string Name { get; }

    /// <summary>How log-likelihoods are asked for.</summary>
    public abstract string Recipe { get; }

    /// <summary>How those of one token are, where that is another way; null where there is none.</summary>
    public virtual string? ChoiceRecipe => null;

    public abstract string GenerationRecipe { get; }

    /// <summary>How many tokens more than a model's input a request is.</summary>
    public abstract int Beyond { get; }

    /// <summary>The most that it is worth asking at the same time.</summary>
    public virtual int MostAtOnce => int.MaxValue;

    /// <summary>How many tokens are asked for at a time while generating.</summary>
    public virtual int PieceTokens => int.MaxValue;

    /// <summary>How many tokens of a prompt are scored to know the model again.</summary>
    public virtual int ProbedTokens => int.MaxValue;

    public ServerFacts Facts => facts;

    /// <summary>Whether the server's cache of beginnings was seen at work; null while it did not tell.</summary>
    public bool? PrefixCache { get; private set; }

    /// <summary>The scores of ids[from..], each given all before it.</summary>
    /// <exception cref="CheckFailedException">The server refuses, or its answer is not what it should be.</exception>
    /// <exception cref="ServedException">It does not answer, or with errors.</exception>
    public abstract Task<TargetScore[]> ScoreAsync(int[] ids, int from, Asking how, CancellationToken cancel);

    /// <summary>The scores of several tokens at the place after a context.</summary>
    public virtual Task<TargetScore[]> ChooseAsync(int[] context, int[] choices, Asking how, CancellationToken cancel) =>
        throw new NotSupportedException();

    /// <summary>What the model writes greedily after a prompt.</summary>
    /// <param name="stops">Texts at which the server may stop; the answer's end is found here.</param>
    /// <param name="endIds">Ids at which it stops.</param>
    public abstract Task<Piece> ContinueAsync(
        int[] ids, int most, IReadOnlyList<string> stops, IReadOnlyList<int> endIds, Asking how, CancellationToken cancel);

    /// <summary>What the server's own tokenizer makes of a text, without special tokens; null where it does not tell.</summary>
    public async Task<int[]?> TokenizeAsync(string text, CancellationToken cancel)
    {
        try
        {
            var reply = await http.PostAsync("tokenize", new Dictionary<string, object?>
            {
                // vLLM's names, and llama-server's.
                ["model"] = facts.Model,
                ["prompt"] = text,
                ["add_special_tokens"] = false,
                ["content"] = text,
                ["add_special"] = false,
            }, cancel);
            return reply.IsAnswer ? reply.Json.At("tokens").Ints() : null;
        }
        catch (ServedException e) when (e is not ServerGoneException)
        {
            return null;
        }
    }

    /// <summary>The last part of a message about a check that failed.</summary>
    public virtual string FixOf(string check) => check switch
    {
        Checks.Vocabulary => "--tokenizer names the folder or id of the served model's own tokenizer",
        Checks.Order or Checks.Batch or Checks.Cache => "start the server without its cache of prefixes, or with a type of more digits",
        Checks.Generation => "leave out the tasks that generate, or serve the model with vLLM, SGLang or llama-server",
        _ => "see the server's log; docs/served.md says with which engines and flags it is known to work",
    };

    /// <summary>An answer's JSON.</summary>
    /// <param name="check">What has failed where the server refuses.</param>
    protected async Task<JsonElement> AskAsync(string path, Dictionary<string, object?> body, string check, CancellationToken cancel)
    {
        try
        {
            var reply = await http.PostAsync(path, body, cancel);
            return reply.IsAnswer ? reply.Json : throw new CheckFailedException(check, $"the server answers {reply.Said}");
        }
        catch (ServerErrorException e)
        {
            throw new CheckFailedException(check, $"the server answers {(int)e.Status}{(e.Words.Length > 0 ? $" ({e.Words})" : "")}, also when asked again");
        }
    }

    /// <summary>The only choice of an answer to one prompt.</summary>
    protected static JsonElement ChoiceOf(JsonElement answer) => answer.At("choices") is var choices && choices.Count() == 1
        ? choices.At(0) : throw new CheckFailedException(Checks.Entries, $"one prompt was sent, and {choices.Count()} choices came");

    /// <summary>What the server says it was given is what it was sent.</summary>
    protected void RequireSent(int[] ids, JsonElement received, JsonElement usage)
    {
        if (received.ValueKind == JsonValueKind.Array)
        {
            if (received.Ints() is not { } its || !its.AsSpan().SequenceEqual(ids))
                throw new CheckFailedException(Checks.Ids, $"{ids.Length} ids were sent, and the server received others ({received.GetArrayLength()} of them)");
        }
        else if (usage.At("prompt_tokens").Int() is { } count && count != ids.Length)
            throw new CheckFailedException(Checks.Ids, $"{ids.Length} ids were sent, and the server counts {count}: it puts tokens around them, or reads them as text");
        else if (usage.At("prompt_tokens").Int() is null)
            throw new CheckFailedException(Checks.Ids, "the answer does not tell how many ids were received");
        if (usage.At("prompt_tokens_details").At("cached_tokens").Int() is { } cached)
            Saw(cached);
    }

    protected void Saw(int cachedTokens) => PrefixCache = PrefixCache is true || cachedTokens > 0;
}
