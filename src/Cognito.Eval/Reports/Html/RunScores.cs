using Cognito.Eval.Comparison;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Reports.Html;

/// <summary>Runs beside each other: the rows of the score table, which the plots follow.</summary>
internal sealed class RunScores
{
    public RunScores(IReadOnlyList<DetailedRun> runs, IReadOnlyList<Column> columns)
    {
        Runs = runs;
        var scores = runs.Select(run => ColumnScore.FromRun(run.Run, columns)).ToList();
        var measured = runs.Select(run => Measured.FromRun(run.Run).ToDictionary(column => column.Name)).ToList();
        // A run lists the leaderboard's columns that it lacks too, so the first run's order is the leaderboard's.
        ColumnScore? Find(IReadOnlyList<ColumnScore> run, string title) =>
            run.FirstOrDefault(score => score.Title == title && score.Value is not null);
        Rows = [.. scores.SelectMany(run => run).Select(score => score.Title).Distinct()
            .Select(title => scores.Select(run => Find(run, title)).ToList())
            .Where(row => row.Any(score => score is not null)).Select(row => new ScoreRow(
                row.First(score => score is not null)!, row,
                [.. row.Zip(measured, (score, run) => score is null ? null : run.GetValueOrDefault(score.Key))]))];
        Pairs = [.. runs.Skip(1).Select((run, i) => Pair.Create(runs[0], run, i + 1))];
        Averages = [.. measured.Select(run => run.GetValueOrDefault(RunComparison.AverageName))];
    }

    public IReadOnlyList<DetailedRun> Runs { get; }

    public IReadOnlyList<ScoreRow> Rows { get; }

    /// <summary>By run; null where a run lacks a column.</summary>
    public IReadOnlyList<Measured?> Averages { get; }

    /// <summary>Each later run against the first.</summary>
    public IReadOnlyList<Pair> Pairs { get; }

    /// <summary>The runs' names where they must be told apart; none where there is one.</summary>
    public IReadOnlyList<string> Names => Runs.Count < 2 ? [] : [.. Runs.Select(run => run.Isolated)];

    /// <summary>The runs' names with the colours of the plots; nothing where there is one.</summary>
    public HtmlText Key => Runs.Count < 2 ? HtmlText.None : HtmlText.From($"""
        <ul class="key" aria-label="Runs">{Runs.Select((run, i) => HtmlText.From($"<li>{Swatch(i)}<bdi>{run.Label}</bdi></li>"))}</ul>
        """);

    /// <summary>The mark of the i-th colour.</summary>
    public static HtmlText Swatch(int run) => HtmlText.From(
        $"<span class=\"swatch bg-run{run % 6}{(run % 2 == 1 ? " diamond" : "")}\" aria-hidden=\"true\"></span>");

    /// <summary>A table's column headings, one a run.</summary>
    public HtmlText Heads => HtmlText.All(Runs.Select(run => HtmlText.From($"<th scope=\"col\" class=\"num\"><bdi>{run.Label}</bdi></th>")));

    /// <summary>Documents of a row's tasks, by run.</summary>
    public IReadOnlyList<IReadOnlyList<DocDetail>> Docs(ScoreRow row) =>
        [.. Runs.Zip(row.Scores, (run, score) => run.Of(score?.Tasks ?? []).ToList())];
}

/// <summary>A column of the leaderboard, or a task outside it, with each run's score.</summary>
/// <param name="Scores">By run; null where a run has none.</param>
/// <param name="Values">The same with their intervals.</param>
internal sealed record ScoreRow(ColumnScore First, IReadOnlyList<ColumnScore?> Scores, IReadOnlyList<Measured?> Values)
{
    /// <summary>The column's short name; a task outside the leaderboard's columns has only its title.</summary>
    public string Name => First.Key;
}
