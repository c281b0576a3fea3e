using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace Cognito.Eval;

/// <summary>HTML. What an interpolated string puts into it is escaped, unless it is HTML itself.</summary>
internal readonly record struct Html(string Text)
{
    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    public static Html None { get; } = new("");

    public static Html Of(Template template) => new(template.ToString());

    public static Html All(IEnumerable<Html> parts) => new(string.Concat(parts.Select(part => part.Text)));

    /// <summary>A list of sentences; nothing where there are none.</summary>
    public static Html List(IReadOnlyCollection<string> notes) => notes.Count == 0 ? None
        : Of($"<ul class=\"notes\">{notes.Select(note => Of($"<li>{note}</li>"))}</ul>");

    /// <summary>An interpolated string that becomes HTML: safe between tags and between an attribute's double quotes.</summary>
    [InterpolatedStringHandler]
    public readonly struct Template(int literalLength, int holes)
    {
        private readonly StringBuilder text = new(literalLength + 16 * holes);

        public void AppendLiteral(string literal) => text.Append(literal);

        public void AppendFormatted(Html html) => text.Append(html.Text ?? "");

        public void AppendFormatted(IEnumerable<Html> parts)
        {
            foreach (var part in parts)
                text.Append(part.Text);
        }

        public void AppendFormatted(string? value) => text.Append(Encoder.Encode(value ?? ""));

        public void AppendFormatted(int value) => text.Append(value);

        public override string ToString() => text.ToString();
    }
}
