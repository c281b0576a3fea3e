using Cognito.Eval.Journal;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Models;

/// <summary>A language model that answers requests, whatever it is: a checkpoint, a server, ten lines of a test.</summary>
public interface ILanguageModel : IDisposable
{
    /// <summary>What it is, as far as that is known before it works.</summary>
    ModelIdentity Identity { get; }

    ModelLimits Limits { get; }

    /// <summary>How it cuts its work unless it is told otherwise; one that does not plan asks each request alone.</summary>
    Budget Budget => Budget.Exact;

    /// <summary>By how many nats a log-likelihood of it was seen to move before the run; 0 where nobody looked.</summary>
    double SeenRounding => 0;

    /// <summary>Makes ready to answer these requests: loads weights, begins to plan. A model that needs nothing does nothing.</summary>
    /// <exception cref="Files.InputException">It cannot answer them.</exception>
    Task PrepareAsync(IReadOnlyList<Request> requests, AnswerOptions options, CancellationToken cancel) => Task.CompletedTask;

    /// <summary>The requests' answers in any order, each once; of a part of the run those alone that it answers.</summary>
    /// <remarks>The thread that asks for the next answer may be the one that computes it.</remarks>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    IAsyncEnumerable<Answer> AnswerAsync(IReadOnlyList<Request> requests, AnswerOptions options, CancellationToken cancel);

    /// <summary>
    /// What its answers come from, by hash. It may take as long as reading all weights, so it goes on while the model answers.
    /// </summary>
    Task<ModelFingerprint> FingerprintAsync(CancellationToken cancel);
}

/// <summary>An answer to one of the requests that were asked together.</summary>
/// <param name="Place">The request's place among them.</param>
public sealed record Answer(int Place, Reply Reply)
{
    /// <summary>The request's tokens, before any were cut off; of a generated answer those that count. Null where the model has none.</summary>
    public RequestTokens? Tokens { get; init; }

    /// <summary>Whether the request was too long for the model and lost its oldest tokens.</summary>
    public bool IsTruncated { get; init; }
}

/// <summary>How requests are to be answered. None of it changes an answer by more than rounding.</summary>
public sealed record AnswerOptions
{
    /// <summary>The part of the work that is done here.</summary>
    public Shard Part { get; init; } = Shard.Whole;

    /// <summary>Whose rules texts become tokens by, and generated tokens answers.</summary>
    public Protocol Protocol { get; init; } = Protocol.Default;

    /// <summary>How the work is cut; null leaves it to the model. A run that goes on keeps to the budget it began with.</summary>
    public Budget? Budget { get; init; }

    /// <summary>Whether each request goes through the model alone and unshared: what rounding is measured against.</summary>
    public bool IsExact { get; init; }

    /// <summary>Where answers are kept, and found again; null keeps none.</summary>
    public AnswerJournal? Journal { get; init; }

    /// <summary>Takes what answering cost.</summary>
    public AnswerAccount Account { get; init; } = new();

    public IProgress<Progress>? Progress { get; init; }

    /// <summary>How many requests will be asked once more when these are answered, to measure rounding.</summary>
    internal int AskedAgain { get; init; }
}

/// <summary>How far a stage has come.</summary>
/// <param name="Task">The task being worked on.</param>
/// <param name="Done">Of <paramref name="All"/>: tokens for log-likelihoods, prompts for generation.</param>
/// <param name="Tokens">Tokens that went through the model so far, in this process.</param>
/// <param name="Kept">What of <paramref name="Done"/> a journal had.</param>
public readonly record struct Progress(string Stage, string Task, long Done, long All, long Tokens, long Kept)
{
    /// <summary>All stages of the work in their order, with what they cost; empty where the model does not plan.</summary>
    public IReadOnlyList<StageCost> Stages { get; init; } = [];

    /// <summary>Which of them this one is, from 1; 0 where it is none of them.</summary>
    public int Number { get; init; }
}

/// <summary>What a stage costs by its plan.</summary>
/// <param name="Tokens">
/// Through the model, the most that may be generated among them; null while the stage is not planned.
/// </param>
/// <param name="Generates">Whether its tokens come one by one.</param>
public readonly record struct StageCost(string Name, long? Tokens, bool Generates);

/// <summary>What a model is able to answer.</summary>
/// <param name="MaxLength">The most tokens of a request.</param>
public sealed record ModelLimits(int MaxLength)
{
    public bool Scores { get; init; } = true;
    public bool Rolls { get; init; } = true;

    /// <summary>Why it generates nothing: a sentence that names file, fact and fix; null if it does.</summary>
    public string? WhyNoGeneration { get; init; }
}

/// <summary>What a model's answers come from.</summary>
/// <param name="Sha256">Of the weights.</param>
/// <param name="NotFiniteTensors">Names of the tensors that hold a NaN or an infinity.</param>
public sealed record ModelFingerprint(string Sha256, IReadOnlyList<string> NotFiniteTensors)
{
    /// <summary>What stands for the weights of a model that a server has; null where they are to be had.</summary>
    public ServedFingerprint? Served { get; init; }

    /// <summary>Whether answers of a model with this hash, or this prompt's log-probabilities, are this one's.</summary>
    public bool IsThatOf(string? sha256, ServedFingerprint? served) =>
        Sha256 == sha256 || Served is not null && served is not null && Served.IsWithin(served);
}
