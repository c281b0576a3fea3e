using System.Globalization;
using System.Xml.Linq;
using OxyPlot;

namespace Cognito.Eval.Reports.Html;

/// <summary>
/// A plot as SVG inside a page: its colours are classes that the page's style sheet fills in, so that it follows the
/// page's theme, and it has no style attributes, which the page's security policy refuses.
/// </summary>
internal static class SvgPlot
{
    // Colours that no plot would use stand for the theme's until the SVG is written.
    public static readonly OxyColor Ink = OxyColor.FromRgb(2, 0, 0), Rule = OxyColor.FromRgb(3, 0, 0),
        Muted = OxyColor.FromRgb(4, 0, 0);

    /// <summary>As wide as the narrowest phone shows it, so that no text gets smaller than it is written.</summary>
    private const double Width = 340;

    /// <summary>The colour of the i-th run.</summary>
    public static OxyColor Run(int i) => OxyColor.FromRgb(1, 0, (byte)(i % 6));

    /// <param name="id">Distinguishes the plot's parts from those of the page's other plots.</param>
    /// <param name="says">What the plot shows, for those who do not see it.</param>
    public static HtmlText Draw(Drawing drawing, string id, string says)
    {
        var (model, height) = (drawing.Model, drawing.Height);
        using var stream = new MemoryStream();
        SvgExporter.Export(model, stream, Width, height, isDocument: false);
        stream.Position = 0;
        var svg = XDocument.Load(stream).Root!;
        foreach (var element in svg.DescendantsAndSelf().ToList())
            Theme(element, id);
        foreach (var invisible in svg.Descendants().Where(element => (string?)element.Attribute("stroke-width") == "0"
            && (string?)element.Attribute("fill") == "none").ToList())
            invisible.Remove();
        foreach (var size in new[] { "width", "height", "version" })
            svg.SetAttributeValue(size, null);
        svg.SetAttributeValue("viewBox", string.Create(CultureInfo.InvariantCulture, $"0 0 {Width} {height}"));
        svg.SetAttributeValue("role", "img");
        svg.SetAttributeValue("aria-label", Drawn(says));
        const string End = "</svg>";
        var drawn = svg.ToString(SaveOptions.DisableFormatting);
        return HtmlText.From($"""
            {new HtmlText(drawn[..^End.Length])}{drawing.Names.Select((name, row) => Name(drawing, name, row))}{drawing.Tips.Select(tip => Place(drawing, tip))}{new HtmlText(End)}
            """);
    }

    /// <summary>A row's name, left of the plot and in the middle of its row.</summary>
    private static HtmlText Name(Drawing drawing, string name, int row)
    {
        const double Leading = 14, Below = 4.3;
        var (lines, x) = (name.Split('\n'), drawing.Model.PlotArea.Left - 6);
        var y = drawing.Model.Axes.First(axis => axis.IsVertical()).Transform(row) + Below - (lines.Length - 1) * Leading / 2;
        return HtmlText.From($"<text class=\"fill-ink\" text-anchor=\"end\" font-size=\"{Size(Plots.TextSize)}\">{lines.Select((line, i) =>
            HtmlText.From($"<tspan x=\"{Size(x)}\" y=\"{Size(y + i * Leading)}\">{line}</tspan>"))}</text>");
    }

    /// <summary>A band across the plot that says what is in it.</summary>
    private static HtmlText Place(Drawing drawing, Tip tip)
    {
        var area = drawing.Model.PlotArea;
        var axis = drawing.Model.Axes.First(axis => axis.IsHorizontal() != drawing.AreRows);
        var (from, to) = (axis.Transform(tip.From), axis.Transform(tip.To));
        var (start, length) = (Math.Min(from, to), Math.Abs(to - from));
        var box = drawing.AreRows ? new OxyRect(0, start, Width, length) : new OxyRect(start, area.Top, length, area.Height);
        return HtmlText.From($"""
            <rect class="tip" x="{Size(box.Left)}" y="{Size(box.Top)}" width="{Size(box.Width)}" height="{Size(box.Height)}"><title>{tip.Text}</title></rect>
            """);
    }

    private static string Size(double size) => size.ToString("0.#", CultureInfo.InvariantCulture);

    private static void Theme(XElement element, string id)
    {
        if (element.Attribute("style") is { } style)
        {
            foreach (var part in style.Value.Split(';', StringSplitOptions.RemoveEmptyEntries))
                if (part.Split(':', 2) is [var name, var value])
                    element.SetAttributeValue(name.Trim(), value.Trim());
            style.Remove();
        }
        List<string> classes = [];
        foreach (var paint in new[] { "fill", "stroke" })
            if (element.Attribute(paint) is { } colour && ThemeName(colour.Value) is { } name)
            {
                classes.Add($"{paint}-{name}");
                colour.Remove();
            }
        if (classes.Count > 0)
            element.SetAttributeValue("class", string.Join(' ', classes));
        element.SetAttributeValue("font-family", null);
        element.SetAttributeValue("font-weight", null);
        if (element.Attribute("id") is { } own)
            own.Value = id + own.Value;
        if (element.Attribute("clip-path") is { } clip)
            clip.Value = clip.Value.Replace("url(#", $"url(#{id}", StringComparison.Ordinal);
    }

    private static string? ThemeName(string colour) => colour switch
    {
        "rgb(2,0,0)" or "black" => "ink",
        "rgb(3,0,0)" => "rule",
        "rgb(4,0,0)" => "muted",
        ['r', 'g', 'b', '(', '1', ',', '0', ',', var run, ')'] => $"run{run}",
        _ => null,
    };

    /// <summary>Text that XML can hold: names come from files.</summary>
    internal static string Drawn(string text) =>
        string.Concat(text.Select(c => System.Xml.XmlConvert.IsXmlChar(c) ? c : '\ufffd'));
}
