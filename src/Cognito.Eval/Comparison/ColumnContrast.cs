using Cognito.Eval.Files;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Comparison;

/// <summary>One column of two runs, compared.</summary>
internal static class ColumnContrast
{
    /// <summary>Null where one of the runs lacks it.</summary>
    public static Contrast? Create(string column, Run baseline, Run candidate)
    {
        var (mine, theirs) = (Tasks(baseline, column), Tasks(candidate, column));
        if (mine.Count > 0 && theirs.Count > 0)
        {
            // A subject that only one run asked is left out; the same tasks are compared on both sides.
            string[] common = [.. mine.Keys.Where(theirs.ContainsKey)];
            var tasks = common.Select(task => OfTask(task, mine[task], theirs[task], baseline, candidate)).ToList();
            var weighs = new[] { baseline, candidate }.All(WeighsDocuments);
            return tasks.Count == 0 ? null : OfTasks(column, tasks, weighs) with { AskedByTask = Asked(mine) };
        }
        return baseline.Leaderboard.Columns.GetValueOrDefault(column) is { } before
            && candidate.Leaderboard.Columns.GetValueOrDefault(column) is { } after
                ? Reported(column, before, after, mine, theirs, baseline, candidate) with
                {
                    AskedByTask = mine.Count > 0 ? Asked(mine)
                        : theirs.Values.Select(task => task.PublishedRows).ToList() is var rows && rows.All(n => n is not null)
                            ? [.. rows.Select(n => n!.Value)] : [],
                } : null;
    }

    private static IReadOnlyList<int> Asked(IReadOnlyDictionary<string, TaskRecord> tasks) =>
        [.. tasks.Values.Select(task => task.Documents)];

    private static OrderedDictionary<string, TaskRecord> Tasks(Run run, string column) =>
        new(run.Tasks.Where(task => task.Value.Column == column));

    private static Contrast OfTask(string name, TaskRecord before, TaskRecord after, Run baseline, Run candidate) =>
        (Pairing.IsPaired(before, after) ? Paired(name, before, after) : Unpaired(name, before, after, baseline, candidate)) with
        {
            BaselineNotFinite = before.NotFiniteRequests,
            CandidateNotFinite = after.NotFiniteRequests,
            Published = before.PublishedRows ?? Math.Max(before.SplitRows, after.SplitRows) switch { 0 => null, var rows => rows },
        };

    private static Contrast Paired(string name, TaskRecord before, TaskRecord after)
    {
        var documents = Math.Min(before.DocIds.Count, after.DocIds.Count);
        var (a, b) = (Scores(before, documents), Scores(after, documents));
        var differences = new double[documents];
        var (wins, losses, areBinary) = (0, 0, true);
        for (var i = 0; i < documents; i++)
        {
            differences[i] = b[i] - a[i];
            wins += differences[i] >= Stratum.Tie ? 1 : 0;
            losses += differences[i] <= -Stratum.Tie ? 1 : 0;
            areBinary &= a[i] is 0 or 1 && b[i] is 0 or 1;
        }
        var isUnbounded = ComparedScale.IsUnbounded(before);
        var (test, p) = areBinary ? (PairedTests.MidP, PairedTests.McNemarMidP(wins, losses))
            : PairedTests.MeanDifference(differences);
        var stratum = areBinary ? Stratum.Discordant(documents, wins, losses)
            : isUnbounded ? Stratum.Normal(differences.Average(), Variance(differences), Math.Max(1, documents - 1)) : Stratum.Differences(differences);
        var mean = areBinary ? MeanOf.Discordant(documents, wins, losses) : MeanOf.Documents(differences);
        var (clusters, rows) = (Clusters.Of(before), before.DocIds.Take(documents).ToList());
        return WithError(new()
        {
            Name = name,
            Metric = ComparedScale.Metric(before),
            Documents = documents,
            IsPaired = true,
            IsUnbounded = isUnbounded,
            Baseline = Estimate.FromValues(a).Mean * 100,
            Candidate = Estimate.FromValues(b).Mean * 100,
            Wins = wins,
            Losses = losses,
            Test = test,
            P = p,
            ExactP = areBinary ? PairedTests.McNemar(wins, losses) : null,
        }, isUnbounded ? mean : mean.AtLeastTwoDiscordant([documents], size: stratum.Most), WeightedMean.Of(stratum),
            clusters is null || clusters.Count(rows) == 0 ? null
                : (clusters.Name, clusters.Variance(rows, differences) - mean.Variance));
    }

    /// <summary>Of their mean; of one document not known.</summary>
    private static double Variance(IReadOnlyCollection<double> values) => values.Count < 2 ? double.NaN
        : values.Average() is var mean ? values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1) / values.Count : 0;

    /// <summary>A score that is no number counts as 0.</summary>
    private static ArraySegment<double> Scores(TaskRecord task, int documents) =>
        new([.. ComparedScale.Scores(task).Take(documents).Select(score => double.IsFinite(score) ? score : 0)]);

    /// <summary>
    /// Two means with errors of their own; taken as independent, which is wide where the documents are the same.
    /// </summary>
    private static Contrast Unpaired(string name, TaskRecord before, TaskRecord after, Run baseline, Run candidate)
    {
        var (x, y) = (Result(baseline, name, before), Result(candidate, name, after));
        return Independent(
            name, ComparedScale.Metric(before), after.Documents, x.Mean * 100, y.Mean * 100, x.StandardError * 100, y.StandardError * 100,
            [(OfScores(x, before), -1), (OfScores(y, after), 1)]);
    }

    private static Estimate Result(Run run, string name, TaskRecord task) => run.Results.GetValueOrDefault(name) is { } metrics
        ? ComparedScale.Of(new(metrics.GetValueOrDefault(task.Headline) ?? 0, metrics.GetValueOrDefault(Metric.ErrorOf(task.Headline))), task)
        : throw new InputException($"{run.Provenance.Model}: no results of {name}; give an undamaged results.json");

    /// <summary>
    /// No scores between 0 and 1 have a larger error than 0/1 scores of their mean, and no others have that one.
    /// </summary>
    private static Stratum OfScores(Estimate result, TaskRecord task)
    {
        var (p, n, variance) = (result.Mean, task.Documents, result.StandardError * result.StandardError ?? double.NaN);
        return n > 1 && Math.Abs(p * (1 - p) / (n - 1) - variance) <= 1e-6 / n
            ? Stratum.Right(n, p * n) : Stratum.Normal(p, variance);
    }

    private static Contrast Independent(
        string name, string? metric, int documents, double before, double after, double? errorBefore, double? errorAfter,
        IEnumerable<(Stratum Stratum, double Weight)> strata)
    {
        var mean = new MeanOf((after - before) / 100,
            errorBefore is { } e && errorAfter is { } f ? (e * e + f * f) / 1e4 : double.NaN, double.PositiveInfinity);
        var scores = new WeightedMean([.. strata.Select(it => new WeightedMean.Part(it.Stratum, it.Weight))]);
        var isKnown = mean.Error is not null;
        return WithError(new()
        {
            Name = name,
            Metric = metric,
            Documents = documents,
            IsPaired = false,
            Baseline = before,
            Candidate = after,
            Test = isKnown ? PairedTests.Score : null,
            P = isKnown ? scores.P(0) : null,
        }, mean, isKnown ? scores : null);
    }

    /// <summary>A column of several tasks: fixed strata, each with its weight.</summary>
    /// <param name="weighs">Whether its documents count alike, whatever task they are of.</param>
    private static Contrast OfTasks(string column, IReadOnlyList<Contrast> tasks, bool weighs)
    {
        if (tasks is [var only])
            return only with { Name = column };
        var weights = Weights([.. tasks.Select(task => task.Documents)], weighs);
        // What two discordant documents of the column would give is the least, not two in every task.
        var areBinary = tasks.All(task => task.Test == PairedTests.MidP);
        var mean = MeanOf.Weighted([.. tasks.Select((task, i) => (
            areBinary ? MeanOf.Discordant(task.Documents, task.Wins!.Value, task.Losses!.Value) : task.Mean, weights[i]))]);
        if (areBinary)
            mean = mean.AtLeastTwoDiscordant([.. tasks.Select(task => task.Documents)], weights);
        var (wins, losses) = WinsAndLosses(tasks);
        var scores = tasks.All(task => task.Scores is not null)
            ? WeightedMean.Of(tasks.Select((task, i) => (task.Scores!, weights[i]))) : null;
        var isKnown = scores?.Interval() is not null;
        return WithError(new()
        {
            Name = column,
            Metric = tasks[0].Metric,
            Documents = tasks.Sum(task => task.Documents),
            IsPaired = tasks.All(task => task.IsPaired),
            Baseline = tasks.Select((task, i) => weights[i] * task.Baseline).Sum(),
            Candidate = tasks.Select((task, i) => weights[i] * task.Candidate).Sum(),
            WeighsDocuments = weighs,
            ClusterError = weighs ? null : MeanOf.ClusterError([.. tasks.Select(task => task.Difference)]),
            Wins = wins,
            Losses = losses,
            Test = isKnown ? PairedTests.StratifiedScore : null,
            P = isKnown ? scores!.P(0) : null,
            ExactP = areBinary ? PairedTests.McNemar(wins!.Value, losses!.Value) : null,
            PooledP = areBinary ? PairedTests.McNemarMidP(wins!.Value, losses!.Value) : null,
            Tasks = tasks,
            Published = tasks.All(task => task.Published is not null) ? tasks.Sum(task => task.Published) : null,
            BaselineNotFinite = tasks.Sum(task => task.BaselineNotFinite),
            CandidateNotFinite = tasks.Sum(task => task.CandidateNotFinite),
        }, mean, scores, OfClusters([.. tasks.Select((task, i) => (task, weights[i]))]));
    }

    /// <summary>What clusters add to the variance of a weighted mean, and what they are; null where none is known.</summary>
    internal static (string Name, double Excess)? OfClusters(IReadOnlyList<(Contrast Contrast, double Weight)> parts)
    {
        var clustered = parts.Where(part => part.Contrast.Cluster is not null).ToList();
        return clustered.Count == 0 ? null : (
            string.Join(" and ", clustered.Select(part => part.Contrast.Cluster).Distinct()),
            clustered.Sum(part => part.Weight * part.Weight * part.Contrast.ClusterExcess));
    }

    internal static bool WeighsDocuments(Run run) => Protocol.Of(run.Provenance.Protocol).WeighsDocuments;

    /// <summary>What each of a column's tasks counts: the same, or as many as its documents.</summary>
    internal static IReadOnlyList<double> Weights(IReadOnlyList<int> documents, bool weighs) => weighs && documents.Sum() is > 0 and var all
        ? [.. documents.Select(n => n / (double)all)] : [.. documents.Select(_ => 1.0 / documents.Count)];

    /// <summary>Null where one of them is not compared document by document.</summary>
    public static (int? Wins, int? Losses) WinsAndLosses(IReadOnlyList<Contrast> parts) => parts.All(part => part.Wins is not null)
        ? (parts.Sum(part => part.Wins), parts.Sum(part => part.Losses))
        : (null, null);

    /// <summary>One side, or both, has the column's value alone.</summary>
    private static Contrast Reported(
        string column, double before, double after, IReadOnlyDictionary<string, TaskRecord> mine,
        IReadOnlyDictionary<string, TaskRecord> theirs, Run baseline, Run candidate)
    {
        var known = mine.Count > 0 ? mine : theirs;
        return Independent(
            column, known.Values.FirstOrDefault()?.Headline, theirs.Values.Sum(task => task.Documents), before, after,
            mine.Count > 0 ? Error(baseline, mine) : LargestError(before, known.Values),
            theirs.Count > 0 ? Error(candidate, theirs) : LargestError(after, known.Values),
            [
                .. Strata(baseline, mine, before, known.Values).Select(it => (it.Stratum, -it.Weight)),
                .. Strata(candidate, theirs, after, known.Values),
            ]);
    }

    /// <summary>
    /// A run's tasks of the column; for a number as reported the documents that were published, as if of one task.
    /// </summary>
    private static IEnumerable<(Stratum Stratum, double Weight)> Strata(
        Run run, IReadOnlyDictionary<string, TaskRecord> tasks, double percent, IEnumerable<TaskRecord> known)
    {
        if (tasks.Count > 0)
            return tasks.Zip(
                Weights([.. tasks.Values.Select(task => task.Documents)], WeighsDocuments(run)), (task, weight) => (OfScores(Result(run, task.Key, task.Value), task.Value), weight));
        var rows = Published(known);
        return [(rows is { } n ? Stratum.Right(n, percent / 100 * n) : Stratum.Normal(percent / 100, double.NaN), 1)];
    }

    /// <summary>
    /// As many documents of one task as have the error of the published ones; null where these are not known.
    /// </summary>
    private static double? Published(IEnumerable<TaskRecord> tasks)
    {
        int?[] rows = [.. tasks.Select(task => task.PublishedRows)];
        return rows.Length == 0 || rows.Any(n => n is null or < 2) ? null
            : 1 + rows.Length * (double)rows.Length / rows.Sum(n => 1.0 / (n!.Value - 1));
    }

    private static double? Error(Run run, IReadOnlyDictionary<string, TaskRecord> tasks)
    {
        TaskScore[] scores = [.. tasks.Select(task => Result(run, task.Key, task.Value) is var its
            ? new TaskScore(its.Mean, task.Value.Documents, its.StandardError) : default)];
        return Protocol.Of(run.Provenance.Protocol).ColumnError(scores);
    }

    /// <summary>
    /// The standard error of a reported mean of scores between 0 and 1 over the published documents: that of 0/1 scores,
    /// which no other scores of that mean exceed. Null where it is not known which documents these were.
    /// </summary>
    private static double? LargestError(double percent, IEnumerable<TaskRecord> tasks) =>
        Published(tasks) is { } rows ? Math.Sqrt(percent * (100 - percent) / (rows - 1)) : null;

    /// <param name="mean">Its error is not known, or that of one document, if NaN; then there is no interval.</param>
    /// <param name="scores">What the interval follows from; null where that is not known.</param>
    /// <param name="clusters">What documents hang together, and how much larger the variance is by that; null where nothing
    /// is known.</param>
    public static Contrast WithError(
        Contrast contrast, MeanOf mean, WeightedMean? scores, (string Name, double Excess)? clusters = null) => contrast with
        {
            StandardError = mean.Error * 100,
            DegreesOfFreedom = mean.Error is null || double.IsPositiveInfinity(mean.Freedom) ? null : mean.Freedom,
            Interval = mean.Error is null || scores?.Interval() is not { } interval ? null
            : (contrast.IsUnbounded ? interval : new Interval(Math.Max(-1, interval.Low), Math.Min(1, interval.High))) * 100,
            Scores = scores,
            Cluster = clusters is { } known && double.IsFinite(known.Excess) ? known.Name : null,
            ClusterExcess = clusters is { Excess: var excess } && double.IsFinite(excess) ? excess : 0,
        };
}
