namespace Cognito.Eval.Planning;

/// <summary>A part of a run whose batches are numbered: what a journal keeps and shards are dealt of.</summary>
/// <param name="Requests">How many of the run's requests each batch answers.</param>
/// <param name="Costs">What each batch costs, in tokens.</param>
public sealed record Stage<TBatch>(
    string Name, IReadOnlyList<TBatch> Batches, IReadOnlyList<int> Requests, IReadOnlyList<long> Costs)
{
    /// <summary>What a batch's answers are kept under.</summary>
    public string KeyOf(int batch) => $"{Name}/{batch}";

    /// <summary>The same with only a shard's batches counted.</summary>
    public int RequestsOf(Shard shard) => shard.Of(Costs).Sum(b => Requests[b]);
}

/// <summary>Names of stages, as they stand in journals.</summary>
public static class Stages
{
    public const string LogLikelihoods = "log-likelihoods";

    /// <summary>The sample that is computed once more, unshared. It answers no request of the run.</summary>
    public const string Rounding = "rounding";

    public static string Generation(string task) => $"generation/{task}";

    public static Stage<ScoreBatch> Create(Plan plan, string name)
    {
        var requests = new int[plan.Batches.Count];
        foreach (var (batch, _) in plan.Answers)
            requests[batch] += name == Rounding ? 0 : 1;
        return new(name, plan.Batches, requests, [.. plan.Shares.Select(share => (long)share.Values.Sum())]);
    }

    /// <param name="batches">The plan's batches, as the model gets them.</param>
    public static Stage<GenerationBatch> Create(GenerationPlan plan, IReadOnlyList<GenerationBatch> batches) => new(
        Generation(plan.Task), batches,
        [.. plan.Batches.Select(batch => batch.Sum(group => group.Rows.Sum(row => row.Requests.Count)))],
        [.. batches.Select(batch => batch.Prompts.Sum(prompt => (long)prompt.Tokens.Length + prompt.MaxNewTokens))]);
}
