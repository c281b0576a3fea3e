using System.Globalization;
using System.Text;
using Cognito.Eval.Files;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Reports;

/// <summary>A run as a model card shows it: the leaderboard's table, and the model-index of its front matter.</summary>
public static class ModelCard
{
    /// <summary>Front matter and table, as they stand in a card.</summary>
    public static string Render(Run run, IReadOnlyList<Column> columns) =>
        $"---\n{Yaml(run, columns)}---\n\n{Table(run, columns)}";

    /// <summary>The leaderboard's table, two decimals; what was not measured is a dash. A star marks what is no such score, and why stands below.</summary>
    public static string Table(Run run, IReadOnlyList<Column> columns)
    {
        var average = new List<(string, string)>();
        if (HasAverage(run) && Average(run, columns) is var mean)
            average.Add(("Avg." + Star(mean is not null && run.Leaderboard.Notes.Count > 0), Cell(mean) + ColumnScore.Mark(run.NotFiniteRequests)));
        List<(string Metric, string Value)> rows =
        [
            .. average,
            .. ColumnScore.FromRun(run, columns).Select(score => (score.Title + Star(score.IsMarked), Cell(score.Value) + ColumnScore.Mark(score.NotFinite))),
        ];
        var (left, right) = (rows.Max(row => row.Metric.Length), Math.Max(5, rows.Max(row => row.Value.Length)));
        var table = new StringBuilder()
            .Append($"|{Centred("Metric", left)}|{Centred("Value", right)}|\n")
            .Append($"|{new string('-', left)}|{new string('-', right - 1)}:|\n");
        foreach (var (metric, value) in rows)
            table.Append($"|{metric.PadRight(left)}|{value.PadLeft(right)}|\n");
        return $"{table}{Notes(run, columns).Text}";
    }

    private static string Star(bool isMarked) => isMarked ? " *" : "";

    /// <summary>
    /// The card's front matter: model-index entries for the columns that were measured. What is no score of its protocol has that in its
    /// metric's name, which the hub shows, and why in a comment.
    /// </summary>
    public static string Yaml(Run run, IReadOnlyList<Column> columns)
    {
        var front = new OrderedDictionary<string, object>();
        if (run.Card?.Language is { } language)
            front["language"] = language;
        if (run.Card?.License is { } license)
            front["license"] = license;
        if (run.Card?.Tags is { } tags)
            front["tags"] = tags;
        front["model-index"] = new object[]
        {
            new OrderedDictionary<string, object>
            {
                ["name"] = run.Provenance.Model,
                ["results"] = (object[])[.. ColumnScore.Of(run, columns).Zip(ColumnScore.FromColumns(run, columns)).Where(it => it.Second.Value is not null)
                    .Select(it => Entry(run, it.First, it.Second)),
                    .. ColumnScore.Others(run, columns).Where(task => task.Value is not null).Select(task => Entry(run, task))],
            },
        };
        return string.Concat(ColumnScore.Reasons(run, columns).Select(reason => $"# {Printable.Line(reason)}\n")) + Reports.Yaml.Serialize(front);
    }

    /// <summary>A task without a column: its dataset is known by the task's name alone.</summary>
    private static OrderedDictionary<string, object> Entry(Run run, ColumnScore task) => Entry(
        run, new Column(task.Key, task.Title.Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal),
            task.Tasks[0], null, run.Tasks[task.Tasks[0]].Split, run.Tasks[task.Tasks[0]].NumFewshot, task.Metric, null), task);

    private static OrderedDictionary<string, object> Entry(Run run, Column column, ColumnScore score)
    {
        var dataset = new OrderedDictionary<string, object> { ["name"] = Title(run, column), ["type"] = column.Type };
        if (column.Config is not null)
            dataset["config"] = column.Config;
        dataset["split"] = column.Split;
        dataset["args"] = new Dictionary<string, object> { ["num_few_shot"] = Shots(run, column) };
        var metric = new OrderedDictionary<string, object> { ["type"] = column.Metric.Split(',')[0], ["value"] = Rounded(score.Value!.Value) };
        // A metric has no notes; its name is what the hub shows beside the value.
        var mark = ColumnScore.Mark(score.NotFinite) + (score.IsMarked ? $" (not {Protocol.Of(run.Provenance.Protocol).Standing})" : "");
        if (mark.Length > 0)
            metric["name"] = (column.MetricName ?? column.Metric) + mark;
        else if (column.MetricName is not null)
            metric["name"] = column.MetricName;
        var entry = new OrderedDictionary<string, object>
        {
            ["task"] = new OrderedDictionary<string, object> { ["type"] = "text-generation", ["name"] = "Text Generation" },
            ["dataset"] = dataset,
            ["metrics"] = new object[] { metric },
        };
        if (run.Card?.Source is { IsOfTheWeb: true } source)
            entry["source"] = new OrderedDictionary<string, object> { ["url"] = source.Url, ["name"] = source.Name };
        return entry;
    }

    /// <summary>
    /// Columns in percent, from the tasks' results where the run has them, so that the card follows from the scores;
    /// a run that only reports columns has no more than these.
    /// </summary>
    public static IReadOnlyDictionary<string, double?> Values(Run run, IReadOnlyList<Column> columns) =>
        ColumnScore.Of(run, columns).ToDictionary(column => column.Key, column =>
            run.Tasks.Where(task => task.Value.Column == column.Key).Select(task => ColumnScore.Score(run, task.Key, column.Metric)).ToList()
            is { Count: > 0 } tasks
                ? Protocol.Of(run.Provenance.Protocol).Column(tasks)
                : run.Leaderboard.Columns.GetValueOrDefault(column.Key));

    /// <summary>
    /// The columns' mean. Reported columns are rounded, so a reported average stands as long as it can be the mean of
    /// what they were rounded from.
    /// </summary>
    public static double? Average(Run run, IReadOnlyList<Column> columns) => Average(run, Values(run, columns));

    /// <summary>Whether its protocol makes one number of its columns.</summary>
    internal static bool HasAverage(Run run) => Protocol.Of(run.Provenance.Protocol).Average([0.0]) is not null;

    private static double? Average(Run run, IReadOnlyDictionary<string, double?> values)
    {
        const double HalfADigit = 0.005, Slack = 1e-9;
        var mean = Protocol.Of(run.Provenance.Protocol).Average([.. values.Values]);
        return run.Provenance.Kind == "reported" && run.Leaderboard.Average is { } reported
            && Math.Abs(reported - mean.GetValueOrDefault(double.NaN)) <= HalfADigit + Slack
                ? reported
                : mean;
    }

    private static int Shots(Run run, Column column) =>
        run.Tasks.Values.FirstOrDefault(task => task.Column == column.Key)?.NumFewshot ?? column.Shots;

    /// <summary>The column's row on the card, with the shots that were asked.</summary>
    public static string Title(Run run, Column column) =>
        string.Format(CultureInfo.InvariantCulture, column.Title, Shots(run, column));

    internal static decimal Rounded(double value) => Math.Round((decimal)value, 2, MidpointRounding.ToEven) / 1.00m;

    internal static string Cell(double? value) =>
        value is { } x ? Rounded(x).ToString("0.00", CultureInfo.InvariantCulture) : "-";

    private static string Centred(string text, int width) =>
        text.PadLeft(text.Length + (width - text.Length) / 2).PadRight(width);

    private static Markdown Notes(Run run, IReadOnlyList<Column> columns) => ColumnScore.Reasons(run, columns) is not { Count: > 0 } reasons ? Markdown.None
        : Markdown.From($"\nNot {Protocol.Of(run.Provenance.Protocol).Standing}:\n{reasons.Select(note => Markdown.From($"- {note}\n"))}");
}
