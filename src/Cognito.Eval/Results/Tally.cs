using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Results;

/// <summary>From graded documents to the numbers of a run: estimates, columns, the average.</summary>
public static class Tally
{
    /// <summary>Where the rounding of a run is not measured: log-likelihoods closer than this may change places.</summary>
    private const double NearTieMargin = 1e-3;

    /// <param name="set">The tasks asked, their columns and the groups that have a score of their own.</param>
    /// <param name="notFiniteTensors">Names of the weights' tensors that hold a NaN or an infinity.</param>
    /// <param name="notes">What keeps this from being a leaderboard score (<see cref="Caveats"/>); empty if it is one.</param>
    /// <param name="remarks">What else is to be said, of the checkpoint's files.</param>
    public static Run Count(
        IReadOnlyList<GradedTask> graded, Protocol protocol, TaskSet set, Provenance provenance, Limit? limit,
        IReadOnlyList<string> notes, Rounding? rounding = null, IReadOnlyList<string>? remarks = null,
        IReadOnlyList<string>? notFiniteTensors = null)
    {
        var results = new OrderedDictionary<string, IReadOnlyDictionary<string, double?>>();
        var tasks = new OrderedDictionary<string, TaskRecord>();
        foreach (var task in graded)
        {
            results[task.Questions.Task.Name] = Metrics(task);
            tasks[task.Questions.Task.Name] = Record(task, rounding?.Margin ?? NearTieMargin);
        }
        var columns = set.Columns;
        return new()
        {
            Results = results,
            Groups = Groups(protocol, set, results, tasks),
            Versions = graded.ToDictionary(task => task.Questions.Task.Name, task => task.Questions.Task.Version),
            Config = new(
                "cognito-eval", $"pretrained={provenance.Model}", CommonShots(graded), null, [], provenance.Device, true,
                limit?.Value, 100000, new Dictionary<string, string>()),
            Leaderboard = Columns(
                protocol, results, columns, tasks, notes, [.. remarks ?? [], .. More(graded, columns, tasks, notFiniteTensors ?? [])]),
            Tasks = tasks,
            Rounding = rounding,
            Routing = graded.All(task => task.Routing is null) ? null : graded.Where(task => task.Routing is not null)
                .ToDictionary(task => task.Questions.Task.Name, task => RoutingRecord.FromSums(task.Routing!)),
            Provenance = provenance,
        };
    }

    private static OrderedDictionary<string, double?> Metrics(GradedTask task)
    {
        var metrics = new OrderedDictionary<string, double?>();
        foreach (var (m, metric) in task.Questions.Task.Metrics.Index())
        {
            var estimate = metric.AggregatePairs is { } pairs
                ? pairs([.. task.Docs.Select(doc => new WeighedScore(doc.Scores.Values[m], doc.Scores.Weights[m]))])
                : metric.Aggregate([.. task.Docs.Select(doc => doc.Scores.Values[m])]);
            metrics[metric.Name] = Finite(estimate.Mean);
            metrics[Metric.ErrorOf(metric.Name)] = Finite(estimate.StandardError);
        }
        return metrics;
    }

    /// <summary>What a task brings to its column.</summary>
    internal static TaskScore Headline(GradedTask task) =>
        new(Metrics(task)[task.Questions.Task.Headline], task.Docs.Count, Metrics(task)[Metric.ErrorOf(task.Questions.Task.Headline)]);

    private static TaskScore Score(IReadOnlyDictionary<string, double?> results, string metric, TaskRecord task) =>
        new(results[metric], task.Documents, results[Metric.ErrorOf(metric)]);

    /// <summary>Groups of which every task was asked.</summary>
    private static OrderedDictionary<string, IReadOnlyDictionary<string, double?>>? Groups(
        Protocol protocol, TaskSet set, IReadOnlyDictionary<string, IReadOnlyDictionary<string, double?>> results,
        IReadOnlyDictionary<string, TaskRecord> tasks)
    {
        var groups = set.Scored.Where(group => group.Scores.Count > 0 && group.Tasks.All(task => tasks.ContainsKey(task.Name))).ToList();
        return groups.Count == 0 ? null : new(groups.Select(group =>
        {
            var values = new OrderedDictionary<string, double?>();
            foreach (var (metric, weighs) in group.Metrics)
            {
                TaskScore[] scores = [.. group.Tasks.Where(task => results[task.Name].ContainsKey(metric))
                    .Select(task => Score(results[task.Name], metric, tasks[task.Name]))];
                if (scores.Length == 0)
                    continue;
                int[] sizes = [.. scores.Select(score => score.Documents)];
                var areKnown = scores.All(score => score.Value is not null);
                (values[metric], values[Metric.ErrorOf(metric)]) = !group.IsAskedByName
                    ? (protocol.Column(scores) / 100, protocol.ColumnError(scores) / 100)
                    : (areKnown ? HarnessGroups.Mean([.. scores.Select(score => score.Value!.Value)], sizes, weighs) : null,
                        HarnessGroups.PooledError([.. scores.Select(score => score.StandardError)], sizes));
            }
            return KeyValuePair.Create<string, IReadOnlyDictionary<string, double?>>(group.Name, values);
        }));
    }

    /// <summary>JSON has no NaN.</summary>
    private static double? Finite(double? value) => value is { } x && double.IsFinite(x) ? x : null;

    private static TaskRecord Record(GradedTask graded, double margin)
    {
        var (asked, task) = (graded.Questions, graded.Questions.Task);
        LmEvalHashes[]? hashes = asked.Protocol is LmEval04 ? [.. asked.Docs.Select(doc => LmEvalHashes.Of(task, doc))] : null;
        int[] near = [.. graded.Docs.Where(doc => doc.Scores.Margin < margin).Select(doc => doc.Asked.Row)];
        return new()
        {
            Column = task.ColumnKey,
            Headline = task.Headline,
            LowerIsBetter = task.Metrics.Any(metric => metric.Name == task.Headline && !metric.HigherIsBetter),
            Split = task.Split,
            NumFewshot = asked.Shots,
            Documents = asked.Docs.Count,
            SplitRows = asked.SplitRows,
            PublishedRows = asked.PublishedRows,
            IsComplete = asked.IsComplete,
            Requests = graded.Docs.Sum(doc => doc.Replies.Count),
            TruncatedRequests = graded.Docs.Sum(doc => doc.Truncated),
            NotFiniteRequests = graded.Docs.Sum(doc =>
                doc.Replies.Count(reply => reply is Likelihood { IsFinite: false } or Completion { IsFinite: false })),
            TruncatedDocuments = graded.Docs.Count(doc => doc.Truncated > 0),
            NearTies = new(margin, near.Length, near),
            RequestsSha256 = asked.Digest,
            DataSha256 = asked.DataSha256,
            DocKeys = hashes?.Select(doc => doc.Key).ToArray(),
            TaskHash = hashes is null ? null : LmEvalHashes.TaskHash(task.LmEval!.Filters.SelectMany(_ => hashes)),
            DocIds = [.. graded.Docs.Select(doc => doc.Asked.Row)],
            Scores = task.Metrics.Index().ToDictionary(
                metric => metric.Item.Name,
                metric => (IReadOnlyList<double>)[.. graded.Docs.Select(doc => doc.Scores.Values[metric.Index])]),
            Weights = task.Metrics.All(metric => metric.AggregatePairs is null) ? null : task.Metrics.Index()
                .Where(metric => metric.Item.AggregatePairs is not null).ToDictionary(
                    metric => metric.Item.Name,
                    metric => (IReadOnlyList<double>)[.. graded.Docs.Select(doc => doc.Scores.Weights[metric.Index])]),
        };
    }

    private static int? CommonShots(IReadOnlyList<GradedTask> graded) =>
        graded.Select(task => task.Questions.Shots).Distinct().ToList() is [var shots] ? shots : null;

    private static Leaderboard Columns(
        Protocol protocol, IReadOnlyDictionary<string, IReadOnlyDictionary<string, double?>> results, IReadOnlyList<Column> columns,
        IReadOnlyDictionary<string, TaskRecord> tasks, IReadOnlyList<string> doubts, IReadOnlyList<string> more)
    {
        var values = new OrderedDictionary<string, double?>();
        foreach (var column in columns)
        {
            var mine = tasks.Where(task => task.Value.Column == column.Key).ToList();
            values[column.Key] = protocol.Column([.. mine.Select(task => Score(results[task.Key], column.Metric, task.Value))]);
        }
        return new(values, protocol.Average(values.Values), doubts.Count == 0, [.. doubts, .. more]);
    }

    /// <summary>What must be known of numbers that are none.</summary>
    private static IEnumerable<string> More(
        IReadOnlyList<GradedTask> graded, IReadOnlyList<Column> columns, IReadOnlyDictionary<string, TaskRecord> tasks,
        IReadOnlyList<string> notFiniteTensors)
    {
        foreach (var column in columns)
            if (NotFinite(column, [.. graded.Where(task => task.Questions.Task.Column == column)], tasks) is { } said)
                yield return said;
        if (notFiniteTensors.Count > 0)
            yield return $"weights: {notFiniteTensors[0]}"
                + (notFiniteTensors.Count == 1 ? " holds" : $" and {notFiniteTensors.Count - 1} more tensors hold")
                + " a NaN or an infinity; fetch the weights again";
    }

    private static bool IsGenerated(GradedTask task) => task.Docs.Any(doc => doc.Replies.Any(reply => reply is Completion));

    private static string? NotFinite(Column column, IReadOnlyList<GradedTask> graded, IReadOnlyDictionary<string, TaskRecord> tasks)
    {
        var mine = graded.Select(task => tasks[task.Questions.Task.Name]).ToList();
        return mine.Sum(task => task.NotFiniteRequests) is var count and > 0
            ? $"{column.Title.Split(" (")[0]}: {count} of {mine.Sum(task => task.Requests)} "
                + (graded.Any(IsGenerated)
                    ? "answers were generated from logits that are no finite numbers; the score says nothing of the model"
                    : "log-likelihoods are no finite numbers; as on the leaderboard, a NaN counts as the greatest") : null;
    }
}
