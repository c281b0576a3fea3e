using System.Globalization;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Series;

namespace Cognito.Eval.Reports.Html;

/// <summary>Calibration, histograms, layers and history.</summary>
internal static partial class Plots
{
    /// <summary>
    /// Accuracy against mean confidence, by tenths of confidence. A mark's area is its documents. On the diagonal both agree.
    /// A line joins neighbours of at least <see cref="Few"/> documents.
    /// </summary>
    public static Drawing Calibration(IReadOnlyList<Calibration?> runs, IReadOnlyList<string> runNames)
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
            line.Points.AddRange(Joined(calibration.Bins));
            var all = calibration.Bins.Sum(bin => bin.Documents);
            marks.Points.AddRange(points.Zip(calibration.Bins, (point, bin) =>
                new ScatterPoint(point.X, point.Y, 1 + 8 * Math.Sqrt((double)bin.Documents / all))));
            model.Series.Add(line);
            model.Series.Add(marks);
        }
        return new(model, 280, [.. Enumerable.Range(0, 10).Where(tenth => runs.Any(run => Of(run, tenth) is not null))
            .Select(tenth => new Tip(Says(tenth), 10 * tenth, 10 * tenth + 10))]);

        string Says(int tenth) => $"{10 * tenth} to {10 * tenth + 10} %: " + string.Join("; ",
            from run in runs.Index()
            let bin = Of(run.Item, tenth)
            where bin is not null
            select Named(runNames, run.Index, $"right {Words.Fixed(100 * bin.Accuracy, 1)} % of {Words.Count(bin.Documents)}, "
                + $"at {Words.Fixed(100 * bin.Confidence, 1)} %"));
    }

    private static CalibrationBin? Of(Calibration? calibration, int tenth) =>
        calibration?.Bins.FirstOrDefault(bin => bin.Tenth == tenth);

    /// <summary>The bins' points, with gaps where one has few documents or none.</summary>
    internal static IEnumerable<DataPoint> Joined(IReadOnlyList<CalibrationBin> bins) => Enumerable.Range(0, 10)
        .Select(tenth => bins.FirstOrDefault(bin => bin.Tenth == tenth) is { Documents: >= Few } bin
            ? new DataPoint(100 * bin.Confidence, 100 * bin.Accuracy) : DataPoint.Undefined);

    /// <summary>How documents spread over values, each run an outline; values beyond the ends count in the last bins.</summary>
    /// <param name="zero">Whether an upright line marks 0.</param>
    public static Drawing Histogram(
        IReadOnlyList<IReadOnlyList<double>> runs, IReadOnlyList<string> runNames, double least, double most, int bins, string axis, bool zero)
    {
        var model = New(left: 50);
        model.Axes.Add(Scale(axis, least, most, AxisPosition.Bottom));
        model.Axes.Add(Scale("documents, %", 0, null, AxisPosition.Left));
        if (zero)
            model.Annotations.Add(Upright(0));
        int[][] counts = [.. runs.Select(values => Counts(values, least, most, bins))];
        foreach (var (run, count) in counts.Index())
            if (runs[run].Count > 0)
                model.Series.Add(Outline(count, least, most, SvgPlot.Run(run)));
        double At(int bin) => least + (most - least) * bin / bins;
        return new(model, 220, [.. Enumerable.Range(0, bins).Where(bin => counts.Any(count => count[bin] > 0))
            .Select(bin => new Tip(Says(bin), At(bin), At(bin + 1)))]);

        string Says(int bin) => Range(bin) + ": " + string.Join("; ", counts.Index().Where(count => runs[count.Index].Count > 0)
            .Select(count => Named(runNames, count.Index,
                $"{Words.Count(count.Item[bin])} ({Words.Fixed(100.0 * count.Item[bin] / runs[count.Index].Count, 1)} %)")));

        string Range(int bin) => bin == bins - 1 ? $"{Number(At(bin))} and more"
            : bin == 0 && zero ? $"under {Number(At(1))}" : $"{Number(At(bin))} to {Number(At(bin + 1))}";

        static string Number(double value) => value.ToString("0.###", CultureInfo.InvariantCulture).Replace('-', '−');
    }

    /// <summary>A line a task over layers of a model.</summary>
    /// <param name="numbers">The layers', in order.</param>
    /// <param name="line">Where a dashed level line stands.</param>
    public static Drawing Layers(
        IReadOnlyList<int> numbers, IReadOnlyList<IReadOnlyList<double>> curves, IReadOnlyList<string> tasks, string axis, double most,
        double? line)
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
        return new(model, 250, [.. numbers.Select((number, layer) => new Tip($"layer {number}: " + string.Join("; ",
            curves.Select((values, task) => Named(tasks, task, Words.Fixed(values[layer], most > 10 ? 1 : 3)))), number - 0.5, number + 0.5))]);
    }

    /// <summary>Values with their intervals, one after the other, and a level line at a margin.</summary>
    /// <param name="points">By look, from 1.</param>
    public static Drawing History(IReadOnlyList<Point> points, double margin, string axis)
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
        return new(model, 240, [.. points.Select((point, i) => new Tip($"run {i + 1}: {Value(point)}", i + 0.5, i + 1.5))]);
    }

    private static int[] Counts(IReadOnlyList<double> values, double least, double most, int bins)
    {
        var counts = new int[bins];
        foreach (var value in values)
            counts[Math.Clamp((int)((value - least) / (most - least) * bins), 0, bins - 1)]++;
        return counts;
    }

    private static AreaSeries Outline(int[] counts, double least, double most, OxyColor colour)
    {
        var (bins, all) = (counts.Length, counts.Sum());
        DataPoint At(int bin, int count) => new(least + (most - least) * bin / bins, 100.0 * count / all);
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
}
