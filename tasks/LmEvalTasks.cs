using Cognito.Eval.Datasets;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Benchmarks;

/// <summary>The six benchmarks as lm-evaluation-harness 0.4 asks them (protocol 9).</summary>
internal static class LmEvalTasks
{
    public static TaskSet Create(DatasetLock locked) => Create(
        [ArcChallenge.LmEval, HellaSwag.LmEval, .. Mmlu.LmEval, TruthfulQa.LmEvalMc1, TruthfulQa.LmEvalMc2, Winogrande.LmEval, Gsm8k.LmEval], locked) with
    {
        Elsewhere = new Dictionary<string, string>
        {
            ["openllm"] = $"that group draws other examples than its tasks by name; --protocol {LmEval04.OpenLlm.Name} asks it",
            ["leaderboard"] = "in lm-evaluation-harness that is the second leaderboard (BBH, GPQA, IFEval, MATH, MMLU-Pro, MuSR), which is not asked here; "
                + $"the first one's six are --protocol {LmEval04.OpenLlm.Name}, or as it asked them --protocol {Protocol.Default.Name}",
            ["ai2_arc"] = "name its tasks, arc_easy,arc_challenge",
        },
    };

    /// <summary>As the group <c>openllm</c> asks them: the leaderboard's shots; for three of them a split's name, so that no more are drawn than shown.</summary>
    public static TaskSet CreateOpenLlm(DatasetLock locked) => Create(
        [
            Drawn(ArcChallenge.LmEval, 25), Drawn(HellaSwag.LmEval, 10), .. Mmlu.LmEval.Select(task => Asked(task, 5)),
            Asked(TruthfulQa.LmEvalMc1, 0), Asked(TruthfulQa.LmEvalMc2, 0), Drawn(Winogrande.LmEval, 5), Asked(Gsm8k.LmEval, 5),
        ], locked, "openllm") with
    {
        NotAsked = new Dictionary<string, string> { [TruthfulQa.LmEvalMc2.Name] = "the group openllm asks truthfulqa_gen too, which is not asked here" },
    };

    private static EvalTask Drawn(EvalTask task, int shots) =>
        Asked(task, shots) with { LmEval = task.LmEval! with { FewshotSplit = "train" } };

    private static EvalTask Asked(EvalTask task, int shots) => task with
    {
        Shots = shots,
        Column = task.Column is not { } column ? null : column with
        {
            Shots = shots,
            Title = column.Title.Replace(LmEval04.Rules.Name, LmEval04.OpenLlm.Name, StringComparison.Ordinal),
            Protocol = LmEval04.OpenLlm.Name,
        },
    };

    /// <param name="all">What else means all of them, beside "all".</param>
    private static TaskSet Create(IReadOnlyList<EvalTask> tasks, DatasetLock locked, params string[] all)
    {
        EvalTask[] sorted = [.. tasks.OrderBy(task => task.Name, StringComparer.Ordinal)];
        return new(sorted)
        {
            Columns = [.. tasks.Select(task => task.Column).OfType<Column>().Distinct()],
            Groups = all.Append("all").Select(name => (name, tasks: (IReadOnlyList<EvalTask>)sorted))
                .Concat(Mmlu.Groups.Select(group => (name: group.Name, tasks: Of(group, sorted)))).ToDictionary(group => group.name, group => group.tasks),
            Scored = [.. Mmlu.Groups.Select(group => group with { Tasks = Of(group, sorted) })],
            Lock = locked,
        };
    }

    private static IReadOnlyList<EvalTask> Of(TaskGroup group, IReadOnlyList<EvalTask> tasks) =>
        [.. group.Tasks.Select(task => tasks.Single(its => its.Name == task.Name))];

    /// <summary>The leaderboard's column, filled as 0.4 scores its tasks.</summary>
    public static Column Column(Column column, string metric) => column with
    {
        Shots = 0,
        Metric = metric,
        Title = column.Title.Replace("hot)", $"hot, {LmEval04.Rules.Name})", StringComparison.Ordinal),
        Protocol = LmEval04.Rules.Name,
    };
}
