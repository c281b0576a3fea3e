using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace Cognito.Eval.Reports.Html;

/// <summary>HTML. What an interpolated string puts into it is escaped, unless it is HTML itself.</summary>
internal readonly record struct HtmlText(string Text)
{
    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    public static HtmlText None { get; } = new("");

    public static HtmlText From(Template template) => new(template.ToString());

    public static HtmlText All(IEnumerable<HtmlText> parts) => new(string.Concat(parts.Select(part => part.Text)));

    /// <summary>A list of sentences; nothing where there are none.</summary>
    public static HtmlText List(IReadOnlyCollection<string> notes) => notes.Count == 0 ? None
        : From($"<ul class=\"notes\">{notes.Select(note => From($"<li>{note}</li>"))}</ul>");

    /// <summary>An interpolated string that becomes HTML: safe between tags and between an attribute's double quotes.</summary>
    [InterpolatedStringHandler]
    public readonly struct Template(int literalLength, int holes)
    {
        private readonly StringBuilder text = new(literalLength + 16 * holes);

        public void AppendLiteral(string literal) => text.Append(literal);

        public void AppendFormatted(HtmlText html) => text.Append(html.Text ?? "");

        public void AppendFormatted(IEnumerable<HtmlText> parts)
        {
            foreach (var part in parts)
                text.Append(part.Text);
        }

        public void AppendFormatted(string? value) => text.Append(Encoder.Encode(value ?? ""));

        public void AppendFormatted(int value) => text.Append(value);

        public override string ToString() => text.ToString();
    }
}
