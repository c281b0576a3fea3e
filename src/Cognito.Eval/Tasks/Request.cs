namespace Cognito.Eval.Tasks;

/// <summary>What a model is asked, as text.</summary>
/// <param name="Context">What is given; empty where nothing is.</param>
public abstract record Request(string Context)
{
    /// <summary>What it is asked for; a model may share work between requests of one document, or of one task.</summary>
    public RequestOrigin Origin { get; init; }
}

/// <summary>How likely is the continuation after the context?</summary>
public sealed record LogLikelihood(string Context, string Continuation) : Request(Context);

/// <summary>How likely is a whole text after nothing? One longer than the model takes is cut into windows (perplexity).</summary>
public sealed record LogLikelihoodRolling(string Text) : Request("");

/// <summary>What follows the context, greedily, until one of the stops?</summary>
public sealed record GreedyUntil(string Context, IReadOnlyList<string> Stops) : Request(Context)
{
    /// <summary>Most tokens of the answer; null takes the protocol's number.</summary>
    public int? MaxNewTokens { get; init; }

    /// <summary>How it is generated, as a task file says it: digests of lm-evaluation-harness' kind hold all of it; null where no file says it.</summary>
    public IReadOnlyDictionary<string, object?>? Settings { get; init; }
}

/// <summary>Which document of which task asks.</summary>
/// <param name="Document">Its place in evaluation order.</param>
public readonly record struct RequestOrigin(string Task, int Document);

/// <summary>A model's answer to a request.</summary>
public abstract record Reply;

/// <param name="LogProbability">Natural log, summed over the continuation's tokens.</param>
/// <param name="IsGreedy">Whether greedy decoding would have produced the continuation.</param>
public sealed record Likelihood(double LogProbability, bool IsGreedy) : Reply
{
    /// <summary>Whether it is a number: no NaN, no infinity.</summary>
    public bool IsFinite => double.IsFinite(LogProbability);
}

/// <param name="Text">What was generated, cut at the stops.</param>
public sealed record Completion(string Text) : Reply
{
    /// <summary>Whether all logits that its tokens were chosen from are numbers.</summary>
    public bool IsFinite { get; init; } = true;
}
