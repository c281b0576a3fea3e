namespace Cognito.Eval.Protocols;

/// <summary>What is not a task's own: document order, how shots are drawn, merging, special tokens.</summary>
public sealed record Protocol(string Name)
{
    /// <summary>The harness commit and column definitions of the Open LLM Leaderboard v1.</summary>
    public static Protocol LeaderboardV1 { get; } = new("leaderboard-v1")
    {
        Reference = "lm-evaluation-harness b281b0921b636bc36ad05c0b0b0763bd6dd43463",
        Seed = 42,
        ShufflesDocuments = true,
        MergesEqualRequests = true,
        MaxNewTokens = 256,
        GenerationBatch = 1,
    };

    /// <summary>The implementation whose requests these are, to the byte.</summary>
    public required string Reference { get; init; }

    /// <summary>Seed of each task's generator, which shuffles its documents and then draws their shots.</summary>
    public required int Seed { get; init; }

    public required bool ShufflesDocuments { get; init; }

    /// <summary>Whether requests of equal tokens get one answer, whatever their split into context and continuation.</summary>
    public required bool MergesEqualRequests { get; init; }

    /// <summary>Most tokens of a generated answer.</summary>
    public required int MaxNewTokens { get; init; }

    /// <summary>
    /// Prompts that the reference generates for together. Its truncation and its stopping rule look at the whole batch
    /// (protocol 5.5), so the number is part of the question, not of how fast it is answered.
    /// </summary>
    public required int GenerationBatch { get; init; }
}
