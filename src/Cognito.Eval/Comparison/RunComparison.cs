using Cognito.Eval.Files;
using Cognito.Eval.Results;

namespace Cognito.Eval.Comparison;

/// <summary>Two runs of the same questions: what differs, and how sure we are of it.</summary>
/// <param name="Baseline">The baseline's model.</param>
/// <param name="Candidate">The candidate's model.</param>
/// <param name="Columns">The columns that both runs have, the leaderboard's first and in its order.</param>
/// <param name="Average">Of the leaderboard's columns among them; null with fewer than two.</param>
/// <param name="Missing">Columns that only one of the runs has.</param>
/// <param name="Provenance">What the two runs were not alike in.</param>
/// <param name="Notes">What must be known of the numbers; one sentence each.</param>
public sealed record RunComparison(
    string Baseline, string Candidate, IReadOnlyList<Contrast> Columns, Contrast? Average, IReadOnlyList<string> Missing,
    IReadOnlyList<SettingDifferences> Provenance, IReadOnlyList<string> Notes)
{
    public const string AverageName = "Average";

    /// <summary>Compares document by document where both runs have documents' scores, else by means and their errors.</summary>
    /// <exception cref="InputException">They asked different questions, or have no column in common.</exception>
    public static RunComparison Create(Run baseline, Run candidate)
    {
        foreach (var run in (Run[])[baseline, candidate])
            ComparedScale.Require(run);
        (baseline, candidate) = Pairing.Align(baseline, candidate);
        var unlike = SettingDifferences.Between(baseline, candidate);
        Pairing.RequireSameQuestions(baseline, candidate, unlike);
        var leaderboard = baseline.Leaderboard.Columns.Keys.Union(candidate.Leaderboard.Columns.Keys).ToList();
        var all = leaderboard.Union(Keys(baseline)).Union(Keys(candidate)).ToList();
        var columns = all.Select(column => ColumnContrast.Create(column, baseline, candidate)).OfType<Contrast>().ToList();
        if (columns.Count == 0)
            throw new InputException($"{baseline.Provenance.Model} and {candidate.Provenance.Model} have no column in common: "
                + $"{Have(baseline)} against {Have(candidate)}; compare runs of the same tasks");
        columns = Adjust(columns);
        var averaged = columns.Where(column => leaderboard.Contains(column.Name)).ToList();
        var average = averaged.Count < 2 ? null : Mean(averaged, leaderboard.Count);
        if (average?.Name == AverageName)
            average = average with { Baseline = Reported(baseline) ?? average.Baseline, Candidate = Reported(candidate) ?? average.Candidate };
        return new(
            baseline.Provenance.Model, candidate.Provenance.Model, columns, average,
            [.. all.Where(column => columns.All(c => c.Name != column) && (Has(baseline, column) || Has(candidate, column)))],
            unlike, [.. Pairing.Notes(baseline, candidate, columns), .. ComparedScale.Notes(baseline)]);
    }

    /// <summary>Mean of columns, each counting the same: the variance is the sum of theirs over their number squared.</summary>
    internal static Contrast Mean(IReadOnlyList<Contrast> columns, int all)
    {
        var mean = MeanOf.Strata([.. columns.Select(column => column.Mean)]);
        var (wins, losses) = ColumnContrast.WinsAndLosses(columns);
        var scores = columns.All(column => column.Interval is not null)
            ? WeightedMean.Of(columns.Select(column => (column.Scores!, 1.0 / columns.Count))) : null;
        return ColumnContrast.WithError(new()
        {
            Name = columns.Count == all ? AverageName : $"Mean of {columns.Count}",
            Averaged = [.. columns.Select(column => column.Name)],
            Documents = columns.Sum(column => column.Documents),
            AskedByTask = [.. columns.SelectMany(column => column.AskedByTask.Count > 0 ? column.AskedByTask : [column.Documents])],
            IsPaired = columns.All(column => column.IsPaired),
            Published = columns.All(column => column.Published is not null) ? columns.Sum(column => column.Published) : null,
            Baseline = columns.Average(column => column.Baseline),
            Candidate = columns.Average(column => column.Candidate),
            BaselineNotFinite = columns.Sum(column => column.BaselineNotFinite),
            CandidateNotFinite = columns.Sum(column => column.CandidateNotFinite),
            Wins = wins,
            Losses = losses,
            Test = scores is null ? null : PairedTests.StratifiedScore,
            P = scores?.P(0),
            Cautious = scores is null ? null : WeightedMean.Of(columns.Select(column => (column.Cautious!, 1.0 / columns.Count))),
        }, mean, scores, ColumnContrast.OfClusters([.. columns.Select(column => (column, 1.0 / columns.Count))]));
    }

    /// <summary>An average that was reported stands, since it may be of columns before they were rounded.</summary>
    private static double? Reported(Run run) => run.Tasks.Count == 0 ? run.Leaderboard.Average : null;

    private static List<Contrast> Adjust(List<Contrast> columns)
    {
        var tested = columns.Where(column => column.P is not null).ToList();
        var adjusted = PairedTests.Holm([.. tested.Select(column => column.P!.Value)]);
        return [.. columns.Select(column => tested.IndexOf(column) is >= 0 and var i ? column with { AdjustedP = adjusted[i] } : column)];
    }

    private static IEnumerable<string> Keys(Run run) => run.Tasks.Values.Select(task => task.Column).Distinct();

    private static bool Has(Run run, string column) =>
        run.Leaderboard.Columns.GetValueOrDefault(column) is not null || Keys(run).Contains(column);

    private static string Have(Run run) => string.Join(", ", run.Leaderboard.Columns.Keys.Union(Keys(run)).Where(c => Has(run, c))) is
    { Length: > 0 } columns ? columns : "none";
}
