using Cognito.Eval.Comparison;
using OxyPlot;
using OxyPlot.Annotations;
using OxyPlot.Axes;
using OxyPlot.Series;

namespace Cognito.Eval.Reports.Html;

/// <summary>
/// The report's kinds of plot. Small ones, so that a phone shows them at their size and a desk several abreast.
/// </summary>
internal static partial class Plots
{
    /// <summary>Bins of fewer documents are marks that no line joins: chance moves them.</summary>
    public const int Few = 10;

    public const double TextSize = 12.5;

    /// <summary>A value and its 95 % interval.</summary>
    public readonly record struct Point(double Value, Interval? Interval);

    /// <param name="Points">By run; null where a run has none.</param>
    /// <param name="Chance">What guessing would score; null where that is not known.</param>
    public sealed record Row(string Name, IReadOnlyList<Point?> Points, double? Chance = null);

    /// <summary>Rows of estimates with their 95 % intervals, the runs of a row one below the other.</summary>
    /// <param name="runNames">The runs', for what a row says; empty where there is one.</param>
    /// <param name="ends">What the scale spans; null for what the intervals span.</param>
    /// <param name="line">Where an upright line stands.</param>
    /// <param name="firstColour">The run that the first point of a row is of.</param>
    public static Drawing Forest(
        IReadOnlyList<Row> rows, IReadOnlyList<string> runNames, string axis, (double Low, double High)? ends = null, double? line = null,
        int firstColour = 0)
    {
        var runs = rows.Max(row => row.Points.Count);
        string[] names = [.. rows.Select(row => PlotName.Fold(SvgPlot.Drawn(row.Name)))];
        var model = New(left: 12 + 7.2 * names.Max(PlotName.Width));
        var (low, high) = ends ?? Span(rows.SelectMany(row => row.Points).OfType<Point>());
        model.Axes.Add(Scale(axis, low, high, AxisPosition.Bottom));
        model.Axes.Add(Names(names));
        if (line is { } at)
            model.Annotations.Add(Upright(at));
        model.Series.Add(Guesses(rows));
        for (var run = 0; run < runs; run++)
        {
            var (marks, intervals) = (Marks(run + firstColour), Line(SvgPlot.Run(run + firstColour), 1.8));
            var offset = runs == 1 ? 0 : (run - (runs - 1) / 2.0) * 0.4 / (runs - 1);
            foreach (var (r, row) in rows.Index())
                if (row.Points.ElementAtOrDefault(run) is { } point)
                {
                    marks.Points.Add(new(point.Value, r + offset));
                    if (point.Interval is { } interval)
                        intervals.Points.AddRange([new(interval.Low, r + offset), new(interval.High, r + offset), DataPoint.Undefined]);
                }
            model.Series.Add(intervals);
            model.Series.Add(marks);
        }
        var tall = names.Any(name => name.Contains('\n', StringComparison.Ordinal)) ? 33 : 18;
        return new(model, 58 + rows.Count * Math.Max(tall, 10 + 8.5 * runs),
            [.. rows.Select((row, r) => new Tip(Says(row, runNames), r - 0.5, r + 0.5))])
        { Names = names };
    }

    private static string Says(Row row, IReadOnlyList<string> runNames) => $"{row.Name}: " + string.Join("; ",
        row.Points.Index().Where(point => point.Item is not null).Select(point => Named(runNames, point.Index, Value(point.Item!.Value)))
            .Concat(row.Chance is { } chance ? [$"guessing {Words.Fixed(chance, 1)}"] : []));

    private static string Named(IReadOnlyList<string> names, int run, string value) => names.Count == 0 ? value : $"{names[run]} {value}";

    private static string Value(Point point) => Words.Fixed(point.Value)
        + (point.Interval is { } interval ? $" [{Words.Fixed(interval.Low, 1)}, {Words.Fixed(interval.High, 1)}]" : "");

    /// <summary>What points and intervals span, zero among it, with a little room.</summary>
    private static (double Low, double High) Span(IEnumerable<Point> points)
    {
        var values = points.SelectMany(point =>
            new[] { point.Value, point.Interval?.Low ?? point.Value, point.Interval?.High ?? point.Value }).Append(0).ToList();
        var room = Math.Max(1, 0.03 * (values.Max() - values.Min()));
        return (values.Min() - room, values.Max() + room);
    }

    private static CategoryAxis Names(IReadOnlyList<string> names)
    {
        var axis = new CategoryAxis
        {
            Position = AxisPosition.Left,
            StartPosition = 1,
            EndPosition = 0,
            TickStyle = TickStyle.None,
            TextColor = SvgPlot.Ink,
            AxisTickToLabelDistance = 2,
        };
        // SvgPlot writes them, in lines.
        axis.Labels.AddRange(names.Select(_ => ""));
        return axis;
    }

    private static ScatterSeries Guesses(IReadOnlyList<Row> rows)
    {
        var strokes = new ScatterSeries
        {
            MarkerType = MarkerType.Custom,
            MarkerOutline = [new(0, -1), new(0, 1)],
            MarkerSize = 6,
            MarkerFill = OxyColors.Transparent,
            MarkerStroke = SvgPlot.Muted,
            MarkerStrokeThickness = 1.5,
        };
        strokes.Points.AddRange(rows.Index().Where(row => row.Item.Chance is not null)
            .Select(row => new ScatterPoint(row.Item.Chance!.Value, row.Index)));
        return strokes;
    }

    private static ScatterSeries Marks(int run) => new()
    {
        MarkerType = run % 2 == 0 ? MarkerType.Circle : MarkerType.Diamond,
        MarkerSize = run % 2 == 0 ? 3.5 : 4.2,
        MarkerFill = SvgPlot.Run(run),
        MarkerStrokeThickness = 0,
    };

    private static LineSeries Line(OxyColor colour, double thickness) => new() { Color = colour, StrokeThickness = thickness };

    private static LineAnnotation Upright(double at) => new()
    {
        Type = LineAnnotationType.Vertical,
        X = at,
        Color = SvgPlot.Muted,
        LineStyle = LineStyle.Solid,
    };

    /// <param name="left">Room for the axis on the left: fonts differ, so it is given rather than measured.</param>
    private static PlotModel New(double left) => new()
    {
        PlotMargins = new OxyThickness(left, 11, 21, 46),
        PlotAreaBorderThickness = new OxyThickness(0),
        TextColor = SvgPlot.Ink,
        DefaultFontSize = TextSize,
        Padding = new OxyThickness(0),
        Background = OxyColors.Undefined,
    };

    private static LinearAxis Scale(string title, double? least, double? most, AxisPosition position) => new()
    {
        Position = position,
        Title = title,
        TitleColor = SvgPlot.Muted,
        TitleFontSize = TextSize,
        TextColor = SvgPlot.Muted,
        Minimum = least ?? double.NaN,
        Maximum = most ?? double.NaN,
        MaximumPadding = 0.04,
        TickStyle = TickStyle.None,
        MajorGridlineStyle = LineStyle.Solid,
        MajorGridlineColor = SvgPlot.Rule,
        AxisTitleDistance = position == AxisPosition.Left ? 12 : 7,
        IntervalLength = 70,
    };
}
