using Cognito.Eval.Comparison;
using Cognito.Eval.Protocols;
using Cognito.Eval.Reports.Html;
using Cognito.Eval.Results;

namespace Cognito.Eval.Reports;

/// <summary>What runs come to, in one or two sentences.</summary>
internal static class VerdictText
{
    private const double Chance = 0.05;
    private const int MostNamed = 4;

    /// <summary>Whether a difference would be as large by chance in fewer than 5 of 100 comparisons, adjusted over the columns.</summary>
    public static bool IsBeyondChance(Contrast contrast) => (contrast.AdjustedP ?? contrast.P) < Chance;

    /// <summary>Of one run what it scores; of several what the later ones differ by from the first.</summary>
    public static IReadOnlyList<string> Of(RunScores scores) => scores.Pairs switch
    {
        [] => [OfOne(scores)],
        [{ Comparison: { } comparison } only] => [OfTwo(comparison, only.First.Isolated, only.Second.Isolated)],
        _ => OfMany(scores.Pairs),
    };

    /// <summary>Those that differ one by one, the others together.</summary>
    private static IReadOnlyList<string> OfMany(IReadOnlyList<Pair> pairs)
    {
        var first = pairs[0].First.Isolated;
        string Names(IEnumerable<Pair> some) => Listed([.. some.Select(pair => pair.Second.Isolated)]);
        var (compared, not) = (pairs.Where(pair => pair.Comparison is not null).ToList(), pairs.Where(pair => pair.Comparison is null).ToList());
        var differing = compared.Where(pair => pair.Comparison!.Columns.Any(IsBeyondChance)).ToList();
        var alike = compared.Except(differing).ToList();
        return
        [
            .. differing.Take(MostNamed).Select(pair => OfTwo(pair.Comparison!, first, pair.Second.Isolated)),
            .. differing.Count > MostNamed ? [$"So do {differing.Count - MostNamed} more, of which Differences tells."] : Array.Empty<string>(),
            .. alike is [var one] ? [OfTwo(one.Comparison!, first, one.Second.Isolated)]
                : alike.Count > 1 ? [$"Between {first} and {Names(alike)} no benchmark differs beyond chance."] : Array.Empty<string>(),
            .. not.Count > 0 ? [$"{Names(not)} cannot be compared with {first}; Differences says why."] : Array.Empty<string>(),
        ];
    }

    private static string OfOne(RunScores scores)
    {
        var run = scores.Runs[0].Run;
        var noted = run.Leaderboard.Notes.Count == 0 ? ""
            : Protocol.Of(run.Provenance.Protocol) is LmEval04 ? " The notes say more of it." : " It is no leaderboard score; the notes say why.";
        var doubt = noted + NotFinite(run.NotFiniteRequests);
        if (scores.Averages[0] is { } average)
            return $"It scores {Score(average)} on average of {scores.Runs[0].Run.Leaderboard.Columns.Count} benchmarks.{doubt}";
        return scores.Rows switch
        {
            [] => "It has no score.",
            [{ Values: [{ } value] } only] => $"It scores {Score(value)} on {only.Name}.{doubt}",
            var rows => $"It has scores of {Listed([.. rows.Select(row => row.Name)])}, and no average.{doubt}",
        };
    }

    private static string Score(Measured value) => Words.Fixed(value.Value)
        + (value.Interval is { } interval ? $" [{Words.Fixed(interval.Low, 1)}, {Words.Fixed(interval.High, 1)}]" : "");

    private static string OfTwo(RunComparison comparison, string baseline, string candidate)
    {
        var notFinite = NotFinite(comparison.Columns.Sum(column => column.BaselineNotFinite + column.CandidateNotFinite));
        if (comparison.Columns.All(column => column is { IsPaired: true, Wins: 0, Losses: 0 }))
            return $"{candidate} and {baseline} score the same on every document.{notFinite}";
        var sure = comparison.Columns.Where(IsBeyondChance).ToList();
        var (higher, lower) = (sure.Where(column => column.Difference > 0).ToList(), sure.Where(column => column.Difference < 0).ToList());
        string[] parts =
        [
            .. higher.Count > 0 ? [$"higher than {baseline} on {Differences(higher)}"] : Array.Empty<string>(),
            .. lower.Count > 0 ? [$"lower{(higher.Count > 0 ? "" : $" than {baseline}")} on {Differences(lower)}"] : Array.Empty<string>(),
        ];
        var verdict = parts.Length == 0 ? $"Between {candidate} and {baseline} no benchmark differs beyond chance"
            : $"Beyond chance {candidate} scores {string.Join(" and ", parts)}";
        return $"{verdict}{Seen(comparison, sure)}.{Average(comparison.Average)}{notFinite}";
    }

    private static string Differences(IReadOnlyList<Contrast> columns) =>
        Listed([.. columns.Select(column => $"{column.Name} ({Words.Signed(column.Difference)})")]);

    /// <summary>What the columns of no verdict could have shown.</summary>
    private static string Seen(RunComparison comparison, IReadOnlyList<Contrast> sure)
    {
        double[] least = [.. comparison.Columns.Except(sure).Select(column => column.Detectable).OfType<double>()];
        if (least.Length == 0)
            return "";
        var (low, high) = (Words.Fixed(least.Min(), 1), Words.Fixed(least.Max(), 1));
        return $"; {(sure.Count > 0 ? "of the others " : "differences of ")}{(low == high ? low : $"{low} to {high}")} points could have been seen";
    }

    private static string Average(Contrast? average) => average is not { Interval: { } interval } ? ""
        : $" {average.Label}: {Words.Signed(average.Difference)} [{Words.Signed(interval.Low, 1)}, {Words.Signed(interval.High, 1)}]"
            + $"{(IsBeyondChance(average) ? "" : ", within chance")}.";

    private static string NotFinite(int requests) =>
        requests == 0 ? "" : $" {Words.Count(requests)} requests are not finite: those scores say nothing of a model.";

    private static string Listed(IReadOnlyList<string> names) => names.Count > MostNamed
        ? $"{string.Join(", ", names.Take(MostNamed - 1))} and {names.Count - MostNamed + 1} more"
        : names.Count == 1 ? names[0] : $"{string.Join(", ", names.SkipLast(1))} and {names[^1]}";
}
