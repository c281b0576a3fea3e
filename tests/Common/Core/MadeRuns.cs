using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Models;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>Runs to compare: two real ones, and what can be made of them.</summary>
internal static class MadeRuns
{
    public static Run Nano { get; } = RunFile.Read(Fixture.Path("runs", "cognito-nano-200.json"));

    public static Run Early { get; } = RunFile.Read(Fixture.Path("runs", "cognito-nano-early-200.json"));

    /// <summary>What a model could have said of five made-up rows each of three tasks.</summary>
    public static Run OfMiniRows()
    {
        var data = new DataRoot(Fixture.Path("mini", "data"));
        var graded = TaskSet.Leaderboard.Select(["arc,truthfulqa,winogrande"]).Tasks.Select(task =>
        {
            var asked = Questions.Ask(task, data, LeaderboardV1.Rules, limit: new Limit(5));
            return new GradedTask(asked, [.. asked.Docs.Select(doc =>
            {
                Reply[] replies = [.. doc.Requests.Select((_, i) => new Likelihood(-1.0 - i, false))];
                return new GradedDoc(doc, replies, 0, LeaderboardV1.Rules.Grade(task, doc.Doc, replies));
            })], 1.5);
        }).ToList();
        return Tally.Count(graded, LeaderboardV1.Rules, TaskSet.Leaderboard, new() { Model = "made-up" }, new Limit(5), ["a note"]) with
        {
            Circumstances = new()
            {
                Started = DateTimeOffset.UnixEpoch,
                Seconds = 1,
                Host = "h",
                Os = "o",
                Threads = 2,
                ModelPath = "m",
                DataPath = "d",
                TaskSeconds = new Dictionary<string, double>(),
                PeakMemoryMib = 1,
                Stages = new Dictionary<string, StageRecord> { ["log-likelihoods"] = new(1, 1, 1, 1) },
            },
        };
    }

    /// <summary>A task with one metric, by that name, and the scores of its documents.</summary>
    public static Run OfOneTask(string headline, double value, double[] scores, double[]? weights) => new()
    {
        Leaderboard = new(new Dictionary<string, double?>(), null, true, []),
        Provenance = new() { Model = "m", Protocol = LmEval04.Rules.Name },
        Results = new Dictionary<string, IReadOnlyDictionary<string, double?>> { ["t"] = new Dictionary<string, double?> { [headline] = value } },
        Tasks = new Dictionary<string, TaskRecord>
        {
            ["t"] = new()
            {
                Column = "t",
                Headline = headline,
                LowerIsBetter = headline != "f1,none",
                Split = "test",
                NumFewshot = 0,
                Documents = scores.Length,
                SplitRows = scores.Length,
                IsComplete = true,
                Requests = scores.Length,
                TruncatedRequests = 0,
                TruncatedDocuments = 0,
                NearTies = new(0, 0, []),
                RequestsSha256 = new("a", "b", "c"),
                DataSha256 = new Dictionary<string, string>(),
                DocIds = [.. Enumerable.Range(0, scores.Length)],
                Scores = new Dictionary<string, IReadOnlyList<double>> { [headline] = scores },
                Weights = weights is null ? null : new Dictionary<string, IReadOnlyList<double>> { [headline] = weights },
            },
        },
    };

    /// <summary>The run with other scores of a task's headline; its results and columns follow.</summary>
    public static Run WithScores(this Run run, string name, Func<IReadOnlyList<double>, IReadOnlyList<double>> change) =>
        run.With(name, task => task with
        {
            Scores = new Dictionary<string, IReadOnlyList<double>>(task.Scores) { [task.Headline] = change(task.Scores[task.Headline]) },
        });

    public static Run With(this Run run, string name, Func<TaskRecord, TaskRecord> change) => Counted(run with
    {
        Tasks = new OrderedDictionary<string, TaskRecord>(run.Tasks.Select(task =>
            new KeyValuePair<string, TaskRecord>(task.Key, task.Key == name ? change(task.Value) : task.Value))),
    });

    /// <summary>The run with when it was made.</summary>
    public static Run Timed(this Run run) => run with
    {
        Circumstances = new()
        {
            Started = DateTimeOffset.UnixEpoch.AddSeconds(1700000000.25),
            Seconds = 60,
            Host = "h",
            Os = "o",
            Threads = 2,
            ModelPath = "m",
            DataPath = "d",
            TaskSeconds = new Dictionary<string, double>(),
            PeakMemoryMib = 1,
            Stages = new Dictionary<string, StageRecord>(),
        },
    };

    public static Run Without(this Run run, Func<string, bool> tasks) => Counted(run with
    {
        Tasks = new OrderedDictionary<string, TaskRecord>(run.Tasks.Where(task => !tasks(task.Key))),
    });

    /// <summary>The first documents of a task.</summary>
    public static TaskRecord First(this TaskRecord task, int documents) => task with
    {
        Documents = documents,
        DocIds = [.. task.DocIds.Take(documents)],
        Scores = task.Scores.ToDictionary(s => s.Key, s => (IReadOnlyList<double>)[.. s.Value.Take(documents)]),
        RequestsSha256 = new(new('a', 64), new('a', 64), new('a', 64)),
    };

    private static Run Counted(Run run)
    {
        var results = run.Tasks.ToDictionary(task => task.Key, task => Metrics(task.Value));
        var columns = new OrderedDictionary<string, double?>(run.Leaderboard.Columns.Select(column => new KeyValuePair<string, double?>(
            column.Key, LeaderboardV1.Rules.Column([.. run.Tasks.Where(t => t.Value.Column == column.Key)
                .Select(t => new TaskScore(results[t.Key][t.Value.Headline], t.Value.Documents))]))));
        return run with { Results = results, Leaderboard = run.Leaderboard with { Columns = columns, Average = LeaderboardV1.Rules.Average(columns.Values) } };
    }

    private static IReadOnlyDictionary<string, double?> Metrics(TaskRecord task)
    {
        var metrics = new Dictionary<string, double?>();
        foreach (var (metric, scores) in task.Scores)
        {
            var estimate = Estimate.FromValues(scores.ToList());
            metrics[metric] = double.IsFinite(estimate.Mean) ? estimate.Mean : null;
            metrics[metric + "_stderr"] = estimate.StandardError is { } error && double.IsFinite(error) ? error : null;
        }
        return metrics;
    }
}
