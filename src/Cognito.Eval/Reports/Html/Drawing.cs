using OxyPlot;

namespace Cognito.Eval.Reports.Html;

/// <summary>A plot with the values that it shows, in words.</summary>
/// <param name="Height">In the unit of SvgPlot's width.</param>
/// <param name="Tips">From left to right, or from top to bottom.</param>
internal sealed record Drawing(PlotModel Model, double Height, IReadOnlyList<Tip> Tips)
{
    /// <summary>Of rows, from top to bottom, in one or two lines; empty where the plot has none.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>Whether tips span the plot's width; else they span its height.</summary>
    public bool AreRows => Names.Count > 0;
}

/// <summary>What stands in a band of a plot.</summary>
/// <param name="From">On the axis that the bands divide.</param>
internal sealed record Tip(string Text, double From, double To);
