using Cognito.Eval.Protocols;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cognito.Eval.Served;

/// <summary>How a served model is asked.</summary>
/// <remarks>A class, not a record: a record's text would hold the key.</remarks>
public sealed class ServedModelOptions
{
    /// <summary>Which of the server's models; null takes the only one.</summary>
    public string? Model { get; init; }

    /// <summary>Sent to the server with each request; null sends none. No message and no file shows it.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Most requests in flight.</summary>
    public int Concurrency { get; init; } = 32;

    /// <summary>Most tokens of a request; null takes as many as the server does.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Whose questions it will answer: its tokenizer is read as that protocol's reference reads it.</summary>
    public Protocol Protocol { get; init; } = Protocol.Default;

    /// <summary>Ids that end a generated answer; empty takes the tokenizer's end of text.</summary>
    public IReadOnlyList<int> EndIds { get; init; } = [];

    /// <summary>What is to be said of the files beside the tokenizer; one sentence each.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];

    /// <summary>What is asked of it, which decides what is tried before the run.</summary>
    public ServedNeeds Needs { get; init; } = new(Scores: true, Generates: true);

    /// <summary>How long a server may be away, or too busy, before a request has failed for good.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long one answer may take.</summary>
    public TimeSpan AnswerTime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Told of what happens on the way: a server that does not answer, and answers again.</summary>
    public Action<string> Say { get; init; } = _ => { };

    /// <summary>Told of each decision, at the level Debug: the server, the recipe, what was tried.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>The longest time between two looks at the fingerprint; answers are handed on after the next one.</summary>
    internal TimeSpan LongestBetweenChecks { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The shortest.</summary>
    internal TimeSpan ShortestBetweenChecks { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The first pause before a request is made again; each further one is twice as long, at most 10 s.</summary>
    internal TimeSpan FirstPause { get; init; } = TimeSpan.FromSeconds(0.25);
}

/// <summary>What a run asks of a model.</summary>
/// <param name="Scores">Whether it asks for log-likelihoods.</param>
/// <param name="Generates">Whether it asks for text.</param>
public sealed record ServedNeeds(bool Scores, bool Generates);
