using Cognito.Eval.Files;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Comparison;

/// <summary>One column of two runs, compared.</summary>
internal static class ColumnContrast
{
    /// <summary>Scores that are closer count as the same: rounding moves mc2 by as much.</summary>
    private const double Tie = 1e-4;

    /// <summary>Null where one of the runs lacks it.</summary>
    public static Contrast? Create(string column, Run baseline, Run candidate)
    {
        var (mine, theirs) = (Tasks(baseline, column), Tasks(candidate, column));
        if (mine.Count > 0 && theirs.Count > 0)
        {
            // A subject that only one run asked is left out; the same tasks are compared on both sides.
            string[] common = [.. mine.Keys.Where(theirs.ContainsKey)];
            var tasks = common.Select(task => OfTask(task, mine[task], theirs[task], baseline, candidate)).ToList();
            return tasks.Count == 0 ? null : OfTasks(column, tasks);
        }
        return baseline.Leaderboard.Columns.GetValueOrDefault(column) is { } before
            && candidate.Leaderboard.Columns.GetValueOrDefault(column) is { } after
                ? Reported(column, before, after, mine, theirs, baseline, candidate)
                : null;
    }

    private static OrderedDictionary<string, TaskRecord> Tasks(Run run, string column) =>
        new(run.Tasks.Where(task => task.Value.Column == column));

    private static Contrast OfTask(string name, TaskRecord before, TaskRecord after, Run baseline, Run candidate) =>
        (Pairing.IsPaired(before, after) ? Paired(name, before, after) : Unpaired(name, before, after, baseline, candidate)) with
        {
            BaselineNotFinite = before.NotFiniteRequests,
            CandidateNotFinite = after.NotFiniteRequests,
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
            wins += differences[i] > Tie ? 1 : 0;
            losses += differences[i] < -Tie ? 1 : 0;
            areBinary &= a[i] is 0 or 1 && b[i] is 0 or 1;
        }
        var (test, p) = areBinary
            ? ("McNemar exact", PairedTests.McNemar(wins, losses))
            // What rounding alone moved is not tested: it may lean one way.
            : PairedTests.MeanDifference(wins + losses == 0 ? [] : differences);
        var mean = areBinary
            ? MeanOf.Discordant(documents, wins, losses).AtLeastTwoDiscordant([documents])
            : MeanOf.Documents(differences);
        return WithError(new()
        {
            Name = name,
            Metric = before.Headline,
            Documents = documents,
            IsPaired = true,
            Baseline = Estimate.FromValues(a).Mean * 100,
            Candidate = Estimate.FromValues(b).Mean * 100,
            Wins = wins,
            Losses = losses,
            Test = test,
            P = p,
        }, mean);
    }

    /// <summary>A score that is no number counts as 0.</summary>
    private static ArraySegment<double> Scores(TaskRecord task, int documents) =>
        new([.. task.Scores[task.Headline].Take(documents).Select(score => double.IsFinite(score) ? score : 0)]);

    /// <summary>Two means with errors of their own; taken as independent, which is wide where the documents are the same.</summary>
    private static Contrast Unpaired(string name, TaskRecord before, TaskRecord after, Run baseline, Run candidate)
    {
        var (x, y) = (Result(baseline, name, before), Result(candidate, name, after));
        return Independent(name, before.Headline, after.Documents, x.Mean * 100, y.Mean * 100, x.StandardError * 100, y.StandardError * 100);
    }

    private static Estimate Result(Run run, string name, TaskRecord task) => run.Results.GetValueOrDefault(name) is { } metrics
        ? new(metrics.GetValueOrDefault(task.Headline) ?? 0, metrics.GetValueOrDefault(Metric.ErrorOf(task.Headline)))
        : throw new InputException($"{run.Provenance.Model}: no results of {name}; give an undamaged results.json");

    private static Contrast Independent(
        string name, string? metric, int documents, double before, double after, double? errorBefore, double? errorAfter)
    {
        var mean = new MeanOf((after - before) / 100,
            errorBefore is { } e && errorAfter is { } f ? (e * e + f * f) / 1e4 : double.NaN, double.PositiveInfinity);
        return WithError(new()
        {
            Name = name,
            Metric = metric,
            Documents = documents,
            IsPaired = false,
            Baseline = before,
            Candidate = after,
            Test = double.IsNaN(mean.Variance) ? null : "normal",
            P = double.IsNaN(mean.Variance) ? null : PairedTests.Student(mean),
        }, mean);
    }

    /// <summary>A column of several tasks: fixed strata, each counting the same.</summary>
    private static Contrast OfTasks(string column, IReadOnlyList<Contrast> tasks)
    {
        if (tasks is [var only])
            return only with { Name = column };
        // What two discordant documents of the column would give is the least, not two in every task.
        var areBinary = tasks.All(task => task.Test == "McNemar exact");
        var mean = MeanOf.Strata([.. tasks.Select(task => areBinary
            ? MeanOf.Discordant(task.Documents, task.Wins!.Value, task.Losses!.Value)
            : task.Mean)]);
        if (areBinary)
            mean = mean.AtLeastTwoDiscordant([.. tasks.Select(task => task.Documents)]);
        var (wins, losses) = WinsAndLosses(tasks);
        return WithError(new()
        {
            Name = column,
            Metric = tasks[0].Metric,
            Documents = tasks.Sum(task => task.Documents),
            IsPaired = tasks.All(task => task.IsPaired),
            Baseline = tasks.Average(task => task.Baseline),
            Candidate = tasks.Average(task => task.Candidate),
            ClusterError = MeanOf.ClusterError([.. tasks.Select(task => task.Difference)]),
            Wins = wins,
            Losses = losses,
            Test = areBinary ? "McNemar exact" : double.IsNaN(mean.Variance) ? null : "t",
            P = areBinary ? PairedTests.McNemar(wins!.Value, losses!.Value)
                : double.IsNaN(mean.Variance) ? null : PairedTests.Student(mean),
            Tasks = tasks,
            BaselineNotFinite = tasks.Sum(task => task.BaselineNotFinite),
            CandidateNotFinite = tasks.Sum(task => task.CandidateNotFinite),
        }, mean);
    }

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
            theirs.Count > 0 ? Error(candidate, theirs) : LargestError(after, known.Values));
    }

    private static double? Error(Run run, IReadOnlyDictionary<string, TaskRecord> tasks)
    {
        var errors = tasks.Select(task => Result(run, task.Key, task.Value).StandardError).ToList();
        return errors.Any(error => error is null) ? null : Math.Sqrt(errors.Sum(error => error!.Value * error.Value)) / errors.Count * 100;
    }

    /// <summary>
    /// The standard error of a reported mean of scores between 0 and 1 over the published documents: that of 0/1 scores,
    /// which no other scores of that mean exceed. Null where it is not known which documents these were.
    /// </summary>
    private static double? LargestError(double percent, IEnumerable<TaskRecord> tasks)
    {
        int?[] rows = [.. tasks.Select(task => task.PublishedRows)];
        return rows.Length == 0 || rows.Any(n => n is null or < 2) ? null
            : Math.Sqrt(percent * (100 - percent) * rows.Sum(n => 1.0 / (n!.Value - 1))) / rows.Length;
    }

    public static Contrast WithError(Contrast contrast, MeanOf mean) => contrast with
    {
        StandardError = mean.Error * 100,
        DegreesOfFreedom = mean.Error is null || double.IsPositiveInfinity(mean.Freedom) ? null : mean.Freedom,
        Interval = mean.Interval() * 100,
    };
}
