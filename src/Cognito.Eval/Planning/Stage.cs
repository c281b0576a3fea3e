namespace Cognito.Eval.Planning;

/// <summary>A part of a run whose batches are numbered: what a journal keeps and shards are dealt of.</summary>
/// <param name="Requests">How many of the run's requests each batch answers.</param>
/// <param name="Costs">What each batch costs, in tokens.</param>
internal sealed record Stage<TBatch>(
    string Name, IReadOnlyList<TBatch> Batches, IReadOnlyList<int> Requests, IReadOnlyList<long> Costs)
{
    /// <summary>What a batch's answers are kept under.</summary>
    public string KeyOf(int batch) => $"{Name}/{batch}";

    /// <summary>The same with only a shard's batches counted.</summary>
    public int RequestsOf(Shard shard) => shard.Of(Costs).Sum(b => Requests[b]);
}

/// <summary>Names of stages, as they stand in journals.</summary>
internal static class Stages
{
    public const string LogLikelihoods = "log-likelihoods";

    /// <summary>Likelihoods of whole texts.</summary>
    public const string Rolling = "rolling log-likelihoods";

    /// <summary>The sample that is computed once more, unshared. It answers no request of the run.</summary>
    public const string Rounding = "rounding", RollingRounding = "rolling rounding";

    public static string Generation(string task) => $"generation/{task}";

    public static Stage<ScoreBatch> Create(Plan plan, string name)
    {
        var requests = new int[plan.Batches.Count];
        // A text in windows is answered with its last one.
        var last = -1;
        foreach (var windows in plan.Windows.Where(windows => windows > 0))
            requests[plan.Answers[last += windows].Batch] += name is Rounding or RollingRounding ? 0 : 1;
        return new(name, plan.Batches, requests, [.. plan.Shares.Select(share => (long)share.Values.Sum())]);
    }

    public static Stage<GenerationBatch> Create(GenerationPlan plan) => new(
        Generation(plan.Task), plan.Inputs,
        [.. plan.Batches.Select(batch => batch.Sum(group => group.Rows.Sum(row => row.Requests.Count)))],
        [.. plan.Inputs.Select(batch => batch.Prompts.Sum(prompt => (long)prompt.Tokens.Length + prompt.MaxNewTokens))]);
}
