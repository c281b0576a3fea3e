using Cognito.Eval.Datasets;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Benchmarks;

/// <summary>The tasks there are.</summary>
public static class TaskRegistry
{
    private static TaskSet? _leaderboard, _lmEval, _lmEvalRegistered, _lmEvalOpenLlm;

    extension(TaskSet)
    {
        /// <summary>The six benchmarks of the Open LLM Leaderboard v1, and its columns.</summary>
        public static TaskSet Leaderboard => _leaderboard ??= Create();

        /// <summary>The same benchmarks as lm-evaluation-harness 0.4 asks them.</summary>
        public static TaskSet LmEval => _lmEval ??= LmEvalTasks.Create(TaskSet.Leaderboard.Lock);

        /// <summary>The same as its group <c>openllm</c> asks them.</summary>
        public static TaskSet LmEvalOpenLlm => _lmEvalOpenLlm ??= LmEvalTasks.CreateOpenLlm(TaskSet.Leaderboard.Lock);

        /// <summary>The tasks that a protocol has: "all" means the leaderboard's benchmarks, and others are asked by their names.</summary>
        public static TaskSet Of(Protocol protocol) => protocol.Name == LmEval04.Rules.Name
            ? _lmEvalRegistered ??= ShippedTasks.With(TaskSet.LmEval)
            : protocol.Name == LmEval04.OpenLlm.Name ? TaskSet.LmEvalOpenLlm : TaskSet.Registered;

        /// <summary>The columns of all protocols' tables.</summary>
        public static IReadOnlyList<Column> AllColumns =>
            [.. TaskSet.Leaderboard.Columns, .. TaskSet.LmEval.Columns, .. TaskSet.LmEvalOpenLlm.Columns];

        /// <summary>Every task that has a name here: the leaderboard's, which "all" means, and those added to them.</summary>
        public static TaskSet Registered => TaskSet.Leaderboard.With(Added) with
        {
            Elsewhere = ShippedTasks.Names.ToDictionary(name => name, name => $"--protocol {LmEval04.Rules.Name} asks it; the leaderboard never did")
                .Concat(OfTheHarness).ToDictionary(),
        };
    }

    /// <summary>What lm-evaluation-harness calls what has another name here, or is asked under another protocol.</summary>
    private static IEnumerable<KeyValuePair<string, string>> OfTheHarness =>
    [
        .. TaskSet.LmEval.Tasks.Select(task => task.Name).Where(name => name.StartsWith("truthfulqa", StringComparison.Ordinal)).Select(name =>
            KeyValuePair.Create(name, $"--protocol {LmEval04.Rules.Name} asks it; the leaderboard's mc2 is {TruthfulQa.Task.Name}")),
        .. Mmlu.Groups.Select(group => group.Name).Where(name => !TaskSet.Leaderboard.Groups.ContainsKey(name)).Select(name =>
            KeyValuePair.Create(name, $"--protocol {LmEval04.Rules.Name} has that group; the leaderboard's MMLU is one column")),
        KeyValuePair.Create("openllm", $"--protocol {LmEval04.OpenLlm.Name} asks it as lm-evaluation-harness does; the leaderboard's own six are \"all\""),
        KeyValuePair.Create("ai2_arc", $"--protocol {LmEval04.Rules.Name} --tasks arc_easy,arc_challenge are its tasks; the leaderboard's is {ArcChallenge.Task.Name}"),
    ];

    /// <summary>Benchmarks beside the leaderboard's: one line each.</summary>
    private static readonly EvalTask[] Added = [];

    private static TaskSet Create()
    {
        EvalTask[] all = [.. ((IEnumerable<EvalTask>)
            [ArcChallenge.Task, HellaSwag.Task, .. Mmlu.Tasks, TruthfulQa.Task, Winogrande.Task, Gsm8k.Task])
            .OrderBy(task => task.Name, StringComparer.Ordinal)];
        return new(all)
        {
            Columns =
            [
                .. ((EvalTask[])[ArcChallenge.Task, HellaSwag.Task, Mmlu.Tasks[0], TruthfulQa.Task, Winogrande.Task, Gsm8k.Task])
                    .Select(task => task.Column!),
            ],
            Groups = new Dictionary<string, IReadOnlyList<EvalTask>>
            {
                ["all"] = all,
                ["leaderboard"] = all,
                ["mmlu"] = Mmlu.Tasks,
                ["hendrycksTest"] = Mmlu.Tasks,
            },
            Lock = DatasetLock.Read(Path.Combine(AppContext.BaseDirectory, "datasets.lock.json")),
        };
    }
}
