using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Series;

namespace Cognito.Eval;

/// <summary>The report's kinds of plot. Small ones, so that a phone shows them at their size and a desk several abreast.</summary>
internal static class Plots
{
    public const double Width = 400;
    private const int LongestName = 29;

    /// <summary>A value and its 95 % interval.</summary>
    public readonly record struct Point(double Value, Interval? Interval);

    /// <summary>Rows of estimates with their 95 % intervals, the runs of a row one below the other.</summary>
    /// <param name="estimates">By row, by run; null where a run has none.</param>
    /// <param name="chance">By row: what guessing would score; null where that is not known.</param>
    public static (PlotModel Model, double Height) Forest(
        IReadOnlyList<string> rows, IReadOnlyList<IReadOnlyList<Point?>> estimates, IReadOnlyList<double?> chance, string axis,
        double? least = null, double? most = null, double? line = null, int firstColour = 0)
    {
        var runs = estimates.Max(row => row.Count);
        var model = New(left: 10 + 6.2 * rows.Max(row => Math.Min(row.Length, LongestName)));
        var (low, high) = Range(estimates.SelectMany(row => row).OfType<Point>());
        model.Axes.Add(Scale(axis, least ?? low, most ?? high, AxisPosition.Bottom));
        var names = new CategoryAxis
        {
            Position = AxisPosition.Left,
            StartPosition = 1,
            EndPosition = 0,
            TickStyle = TickStyle.None,
            AxislineStyle = LineStyle.None,
            TextColor = SvgPlot.Ink,
            AxisTickToLabelDistance = 2,
        };
        names.Labels.AddRange(rows.Select(row => row.Length > LongestName ? row[..(LongestName - 1)] + "…" : row).Select(SvgPlot.Drawn));
        model.Axes.Add(names);
        if (line is { } at)
            model.Annotations.Add(new OxyPlot.Annotations.LineAnnotation
            { Type = OxyPlot.Annotations.LineAnnotationType.Vertical, X = at, Color = SvgPlot.Muted, LineStyle = LineStyle.Solid });
        var guesses = new ScatterSeries
        { MarkerType = MarkerType.Custom, MarkerOutline = Tick, MarkerSize = 6, MarkerFill = OxyColors.Transparent, MarkerStroke = SvgPlot.Muted, MarkerStrokeThickness = 1.5 };
        for (var row = 0; row < rows.Count; row++)
            if (chance[row] is { } guess)
                guesses.Points.Add(new(guess, row));
        model.Series.Add(guesses);
        for (var run = 0; run < runs; run++)
        {
            var colour = SvgPlot.Run(run + firstColour);
            var (marks, intervals) = (Marks(run + firstColour), new LineSeries { Color = colour, StrokeThickness = 1.8 });
            var offset = runs == 1 ? 0 : (run - (runs - 1) / 2.0) * 0.4 / (runs - 1);
            for (var row = 0; row < rows.Count; row++)
                if (estimates[row].ElementAtOrDefault(run) is { } point)
                {
                    marks.Points.Add(new(point.Value, row + offset));
                    if (point.Interval is { } interval)
                        intervals.Points.AddRange([new(interval.Low, row + offset), new(interval.High, row + offset), DataPoint.Undefined]);
                }
            model.Series.Add(intervals);
            model.Series.Add(marks);
        }
        return (model, 44 + rows.Count * (10 + 8.5 * runs));
    }

    /// <summary>What the intervals span, with a little room.</summary>
    private static (double Low, double High) Range(IEnumerable<Point> points)
    {
        var ends = points.SelectMany(point =>
            new[] { point.Value, point.Interval?.Low ?? point.Value, point.Interval?.High ?? point.Value }).Append(0).ToList();
        var room = Math.Max(1, 0.03 * (ends.Max() - ends.Min()));
        return (ends.Min() - room, ends.Max() + room);
    }

    private static ScatterSeries Marks(int run) => new()
    {
        MarkerType = run % 2 == 0 ? MarkerType.Circle : MarkerType.Diamond,
        MarkerSize = run % 2 == 0 ? 3.5 : 4.2,
        MarkerFill = SvgPlot.Run(run),
        MarkerStrokeThickness = 0,
    };

    private static readonly ScreenPoint[] Tick = [new(0, -1), new(0, 1)];

    /// <summary>
    /// Accuracy against mean confidence, by tenths of confidence, a mark's area as its documents; on the diagonal the two agree.
    /// </summary>
    public static PlotModel Calibration(IReadOnlyList<Calibration?> runs)
    {
        var model = New(left: 50);
        model.Axes.Add(Scale("probability of the likeliest choice, %", -3, 103, AxisPosition.Bottom));
        model.Axes.Add(Scale("right, %", -3, 103, AxisPosition.Left));
        model.Series.Add(new LineSeries { Color = SvgPlot.Muted, StrokeThickness = 1, LineStyle = LineStyle.Dash, Points = { new(0, 0), new(100, 100) } });
        for (var run = 0; run < runs.Count; run++)
        {
            if (runs[run] is not { } calibration)
                continue;
            DataPoint[] points = [.. calibration.Bins.Select(bin => new DataPoint(100 * bin.Confidence, 100 * bin.Accuracy))];
            var line = new LineSeries { Color = OxyColor.FromAColor(150, SvgPlot.Run(run)), StrokeThickness = 1.2 };
            line.Points.AddRange(points);
            model.Series.Add(line);
            var marks = Marks(run);
            var all = calibration.Bins.Sum(bin => bin.Documents);
            marks.Points.AddRange(points.Zip(calibration.Bins, (point, bin) =>
                new ScatterPoint(point.X, point.Y, 1 + 8 * Math.Sqrt((double)bin.Documents / all))));
            model.Series.Add(marks);
        }
        return model;
    }

    /// <summary>How documents spread over values, each run an outline; values beyond the ends count in the last bins.</summary>
    public static PlotModel Histogram(IReadOnlyList<IReadOnlyList<double>> runs, double least, double most, int bins, string axis, bool zero = false)
    {
        var model = New(left: 50);
        model.Axes.Add(Scale(axis, least, most, AxisPosition.Bottom));
        model.Axes.Add(Scale("documents, %", 0, null, AxisPosition.Left));
        if (zero)
            model.Annotations.Add(new OxyPlot.Annotations.LineAnnotation
            { Type = OxyPlot.Annotations.LineAnnotationType.Vertical, X = 0, Color = SvgPlot.Muted, LineStyle = LineStyle.Solid });
        for (var run = 0; run < runs.Count; run++)
        {
            if (runs[run].Count == 0)
                continue;
            var counts = new int[bins];
            foreach (var value in runs[run])
                counts[Math.Clamp((int)((value - least) / (most - least) * bins), 0, bins - 1)]++;
            DataPoint At(int bin, int count) => new(least + (most - least) * bin / bins, 100.0 * count / runs[run].Count);
            var fill = new AreaSeries
            {
                Color = SvgPlot.Run(run),
                Fill = OxyColor.FromAColor(40, SvgPlot.Run(run)),
                StrokeThickness = 1.6,
                Color2 = OxyColors.Transparent,
                LineJoin = LineJoin.Miter,
                // Steps are vertical: no point is left out for being near the last one.
                MinimumSegmentLength = 0,
            };
            for (var bin = 0; bin < bins; bin++)
                fill.Points.AddRange([At(bin, counts[bin]), At(bin + 1, counts[bin])]);
            fill.Points.Insert(0, At(0, 0));
            fill.Points.Add(At(bins, 0));
            model.Series.Add(fill);
        }
        return model;
    }

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
        MinimumPadding = 0.04,
        MaximumPadding = 0.04,
        TickStyle = TickStyle.None,
        MajorGridlineStyle = LineStyle.Solid,
        MajorGridlineColor = SvgPlot.Rule,
        AxislineStyle = LineStyle.None,
        AxisTitleDistance = position == AxisPosition.Left ? 12 : 7,
        IntervalLength = 70,
    };
}
