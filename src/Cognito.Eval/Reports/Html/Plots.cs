using Cognito.Eval.Comparison;
using OxyPlot;
using OxyPlot.Annotations;
using OxyPlot.Axes;
using OxyPlot.Series;

namespace Cognito.Eval.Reports.Html;

/// <summary>
/// The report's kinds of plot. Small ones, so that a phone shows them at their size and a desk several abreast.
/// </summary>
internal static class Plots
{
    private const int LongestName = 29;

    /// <summary>A value and its 95 % interval.</summary>
    public readonly record struct Point(double Value, Interval? Interval);

    /// <param name="Points">By run; null where a run has none.</param>
    /// <param name="Chance">What guessing would score; null where that is not known.</param>
    public sealed record Row(string Name, IReadOnlyList<Point?> Points, double? Chance = null);

    /// <summary>Rows of estimates with their 95 % intervals, the runs of a row one below the other.</summary>
    /// <param name="ends">What the scale spans; null for what the intervals span.</param>
    /// <param name="line">Where an upright line stands.</param>
    /// <param name="firstColour">The run that the first point of a row is of.</param>
    public static (PlotModel Model, double Height) Forest(
        IReadOnlyList<Row> rows, string axis, (double Low, double High)? ends = null, double? line = null, int firstColour = 0)
    {
        var runs = rows.Max(row => row.Points.Count);
        var model = New(left: 10 + 6.2 * rows.Max(row => Math.Min(row.Name.Length, LongestName)));
        var (low, high) = ends ?? Span(rows.SelectMany(row => row.Points).OfType<Point>());
        model.Axes.Add(Scale(axis, low, high, AxisPosition.Bottom));
        model.Axes.Add(Names(rows));
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
        return (model, 48 + rows.Count * (10 + 8.5 * runs));
    }

    /// <summary>What points and intervals span, zero among it, with a little room.</summary>
    private static (double Low, double High) Span(IEnumerable<Point> points)
    {
        var values = points.SelectMany(point =>
            new[] { point.Value, point.Interval?.Low ?? point.Value, point.Interval?.High ?? point.Value }).Append(0).ToList();
        var room = Math.Max(1, 0.03 * (values.Max() - values.Min()));
        return (values.Min() - room, values.Max() + room);
    }

    private static CategoryAxis Names(IReadOnlyList<Row> rows)
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
        axis.Labels.AddRange(rows.Select(row => SvgPlot.Drawn(
            row.Name.Length > LongestName ? row.Name[..(LongestName - 1)] + "…" : row.Name)));
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

    /// <summary>
    /// Accuracy against mean confidence, by tenths of confidence. A mark's area is its documents. On the diagonal both agree.
    /// </summary>
    public static PlotModel Calibration(IReadOnlyList<Calibration?> runs)
    {
        var model = New(left: 50);
        model.Axes.Add(Scale("probability of the likeliest choice, %", -3, 103, AxisPosition.Bottom));
        model.Axes.Add(Scale("right, %", -3, 103, AxisPosition.Left));
        var diagonal = Line(SvgPlot.Muted, 1);
        diagonal.LineStyle = LineStyle.Dash;
        diagonal.Points.AddRange([new(0, 0), new(100, 100)]);
        model.Series.Add(diagonal);
        foreach (var (run, calibration) in runs.Index())
        {
            if (calibration is null)
                continue;
            DataPoint[] points = [.. calibration.Bins.Select(bin => new DataPoint(100 * bin.Confidence, 100 * bin.Accuracy))];
            var (line, marks) = (Line(OxyColor.FromAColor(150, SvgPlot.Run(run)), 1.2), Marks(run));
            line.Points.AddRange(points);
            var all = calibration.Bins.Sum(bin => bin.Documents);
            marks.Points.AddRange(points.Zip(calibration.Bins, (point, bin) =>
                new ScatterPoint(point.X, point.Y, 1 + 8 * Math.Sqrt((double)bin.Documents / all))));
            model.Series.Add(line);
            model.Series.Add(marks);
        }
        return model;
    }

    /// <summary>How documents spread over values, each run an outline; values beyond the ends count in the last bins.</summary>
    /// <param name="zero">Whether an upright line marks 0.</param>
    public static PlotModel Histogram(
        IReadOnlyList<IReadOnlyList<double>> runs, double least, double most, int bins, string axis, bool zero)
    {
        var model = New(left: 50);
        model.Axes.Add(Scale(axis, least, most, AxisPosition.Bottom));
        model.Axes.Add(Scale("documents, %", 0, null, AxisPosition.Left));
        if (zero)
            model.Annotations.Add(Upright(0));
        foreach (var (run, values) in runs.Index())
            if (values.Count > 0)
                model.Series.Add(Outline(values, least, most, bins, SvgPlot.Run(run)));
        return model;
    }

    /// <summary>A line a task over layers of a model.</summary>
    /// <param name="numbers">The layers', in order.</param>
    /// <param name="line">Where a dashed level line stands.</param>
    public static PlotModel Layers(
        IReadOnlyList<int> numbers, IReadOnlyList<IReadOnlyList<double>> curves, string axis, double most, double? line)
    {
        var model = New(left: 50);
        var (first, last) = (numbers[0], numbers[^1]);
        var margin = 0.02 * (1.0 + last - first);
        model.Axes.Add(Scale("layer", first - margin, last + margin, AxisPosition.Bottom));
        model.Axes.Add(Scale(axis, -0.03 * most, most * 1.04, AxisPosition.Left));
        if (line is { } at)
        {
            var level = Line(SvgPlot.Muted, 1);
            level.LineStyle = LineStyle.Dash;
            level.Points.AddRange([new(first, at), new(last, at)]);
            model.Series.Add(level);
        }
        foreach (var (task, values) in curves.Index())
        {
            var (curve, marks) = (Line(SvgPlot.Run(task), 1.6), Marks(task));
            marks.MarkerSize = numbers.Count > 40 ? 0 : 2.4;
            curve.Points.AddRange(values.Select((value, layer) => new DataPoint(numbers[layer], value)));
            marks.Points.AddRange(values.Select((value, layer) => new ScatterPoint(numbers[layer], value)));
            model.Series.Add(curve);
            model.Series.Add(marks);
        }
        return model;
    }

    /// <summary>Values with their intervals, one after the other, and a level line at a margin.</summary>
    /// <param name="points">By look, from 1.</param>
    public static PlotModel History(IReadOnlyList<Point> points, double margin, string axis)
    {
        var model = New(left: 50);
        var (low, high) = Span(points.Append(new(margin, null)));
        model.Axes.Add(Scale("run", 0.5, points.Count + 0.5, AxisPosition.Bottom));
        model.Axes.Add(Scale(axis, low, high, AxisPosition.Left));
        var (level, zero, intervals, marks) = (Line(SvgPlot.Run(1), 1.2), Line(SvgPlot.Muted, 1), Line(SvgPlot.Run(0), 1.4), Marks(0));
        level.LineStyle = LineStyle.Dash;
        level.Points.AddRange([new(0.5, margin), new(points.Count + 0.5, margin)]);
        zero.Points.AddRange([new(0.5, 0), new(points.Count + 0.5, 0)]);
        marks.MarkerSize = points.Count > 60 ? 2 : 3.5;
        foreach (var (i, point) in points.Index())
        {
            marks.Points.Add(new(i + 1, point.Value));
            if (point.Interval is { } interval)
                intervals.Points.AddRange([new(i + 1, interval.Low), new(i + 1, interval.High), DataPoint.Undefined]);
        }
        foreach (var series in (Series[])[zero, level, intervals, marks])
            model.Series.Add(series);
        return model;
    }

    private static AreaSeries Outline(IReadOnlyList<double> values, double least, double most, int bins, OxyColor colour)
    {
        var counts = new int[bins];
        foreach (var value in values)
            counts[Math.Clamp((int)((value - least) / (most - least) * bins), 0, bins - 1)]++;
        DataPoint At(int bin, int count) => new(least + (most - least) * bin / bins, 100.0 * count / values.Count);
        var steps = new AreaSeries
        {
            Color = colour,
            Fill = OxyColor.FromAColor(40, colour),
            StrokeThickness = 1.6,
            Color2 = OxyColors.Transparent,
            LineJoin = LineJoin.Miter,
            // Steps are vertical: no point is left out for being near the last one.
            MinimumSegmentLength = 0,
        };
        steps.Points.Add(At(0, 0));
        for (var bin = 0; bin < bins; bin++)
            steps.Points.AddRange([At(bin, counts[bin]), At(bin + 1, counts[bin])]);
        steps.Points.Add(At(bins, 0));
        return steps;
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
        PlotMargins = new OxyThickness(left, 6, 12, 40),
        PlotAreaBorderThickness = new OxyThickness(0),
        TextColor = SvgPlot.Ink,
        DefaultFontSize = 11.5,
        Padding = new OxyThickness(0),
        Background = OxyColors.Undefined,
    };

    private static LinearAxis Scale(string title, double? least, double? most, AxisPosition position) => new()
    {
        Position = position,
        Title = title,
        TitleColor = SvgPlot.Muted,
        TitleFontSize = 11,
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
