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

    private const double Width = 400;

    /// <summary>The colour of the i-th run.</summary>
    public static OxyColor Run(int i) => OxyColor.FromRgb(1, 0, (byte)(i % 6));

    /// <param name="id">Distinguishes the plot's parts from those of the page's other plots.</param>
    /// <param name="says">What the plot shows, for those who do not see it.</param>
    public static HtmlText Draw(PlotModel model, double height, string id, string says)
    {
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
        return new(svg.ToString(SaveOptions.DisableFormatting));
    }

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
