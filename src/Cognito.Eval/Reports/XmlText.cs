using System.Xml.Linq;
using Cognito.Eval.Files;

namespace Cognito.Eval.Reports;

/// <summary>XML whose names are ours and whose texts may be anybody's: characters that XML cannot hold are spelled out.</summary>
internal static class XmlText
{
    /// <param name="content">Elements, attributes, and nulls for what is left out; as <see cref="XElement"/> takes them.</param>
    public static XElement Element(string name, params object?[] content) =>
        new XElement(name, [.. content.Select(part => part is string text ? Printable.Line(text) : part)]);

    public static XAttribute Attribute(string name, string value) => new XAttribute(name, Printable.Line(value));

    public static XAttribute Attribute(string name, int value) => new XAttribute(name, value);
}
