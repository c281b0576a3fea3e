using Cognito.Eval.Data;
using Cognito.Eval.Datasets;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cognito.Eval;

/// <summary>What is asked, of which rows, and where it is kept.</summary>
public sealed record EvaluationOptions
{
    /// <summary>Where the rows lie.</summary>
    public required DataRoot Data { get; init; }

    /// <summary>Whose rules the questions follow.</summary>
    public Protocol Protocol { get; init; } = Protocol.Default;

    /// <summary>Examples in each prompt; null asks each task as the protocol does.</summary>
    public int? Shots { get; init; }

    /// <summary>How many documents of each task; null asks all.</summary>
    public Limit? Limit { get; init; }

    /// <summary>Folder of results, in which the run gets one of its own; null keeps nothing.</summary>
    public string? Output { get; init; }

    /// <summary>What is kept of each document.</summary>
    public DetailLevel Details { get; init; } = DetailLevel.Scores;

    /// <summary>Whether all is asked again, whatever an earlier run of the same thing has answered.</summary>
    public bool IsFresh { get; init; }

    /// <summary>Told of each decision, at the level Debug: which run's folder, which journal.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;
}
