using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Benchmarks;

/// <summary>What versions of lm-evaluation-harness call the tasks and metrics (protocol 9.2).</summary>
public static class HarnessNames
{
    /// <summary>0.4's own names. One metric was called otherwise before it had a second filter.</summary>
    /// <param name="metric">With the filter after a comma.</param>
    public static (EvalTask Task, string Metric)? OfLmEval(string task, string metric) =>
        TaskSet.Of(LmEval04.Rules).Tasks.FirstOrDefault(its => its.Name == task) is not { } known ? null
        : (metric == "exact_match,get-answer" ? "exact_match,strict-match" : metric) is var name && known.Metrics.Contains(name) ? (known, name) : null;

    /// <summary>The leaderboard's task and metric that are the most alike.</summary>
    /// <param name="metric">With the filter after a comma, as in 0.4's results.</param>
    public static (EvalTask Task, string Metric)? Of(string task, string metric) => (task, metric) switch
    {
        ("truthfulqa_mc1", "acc,none" or "acc") => (TruthfulQa.Task, "mc1"),
        ("truthfulqa_mc2", "acc,none" or "acc") => (TruthfulQa.Task, "mc2"),
        // The first answer after "####", as the leaderboard's own metric takes it.
        ("gsm8k", "exact_match,strict-match" or "exact_match,get-answer") => (Gsm8k.Task, "acc"),
        _ => Known.TryGetValue(task, out var known) && Plain(metric) is var name && known.Metrics.Contains(name) ? (known, name) : null,
    };

    private static Dictionary<string, EvalTask> Known { get; } =
        TaskSet.Leaderboard.Tasks.SelectMany(task => task.Aliases.Prepend(task.Name).Select(name => (name, task))).ToDictionary(it => it.name, it => it.task);

    private static string Plain(string metric) => metric.EndsWith(",none", StringComparison.Ordinal) ? metric[..^5] : metric;
}
