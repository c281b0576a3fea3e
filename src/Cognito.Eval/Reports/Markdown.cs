using System.Runtime.CompilerServices;
using System.Text;
using Cognito.Eval.Files;

namespace Cognito.Eval.Reports;

/// <summary>
/// Markdown as GitHub shows it. What an interpolated string puts into it, and any text that becomes it, is escaped, unless it
/// is Markdown itself: it stays on its line and in its cell, and makes no link, picture, heading, mention or HTML.
/// </summary>
public readonly record struct Markdown(string Text)
{
    public static Markdown None { get; } = new("");

    public static Markdown From(Template template) => new(template.ToString());

    public static Markdown All(IEnumerable<Markdown> parts) => new(string.Concat(parts.Select(part => part.Text)));

    public static Markdown Joined(string separator, IEnumerable<Markdown> parts) => new(string.Join(separator, parts.Select(part => part.Text)));

    public static implicit operator Markdown(string? text) => new(Escaped(text));

    public static Markdown operator +(Markdown one, Markdown other) => new(one.Text + other.Text);

    public override string ToString() => Text;

    /// <summary>The text on one line, with what Markdown would read escaped.</summary>
    /// <param name="everyUnderscore">Also those within a word, which Markdown leaves alone.</param>
    public static string Escaped(string? text, bool everyUnderscore = false)
    {
        var line = Printable.Line(text);
        var escaped = new StringBuilder(line.Length + 8);
        for (var i = 0; i < line.Length; i++)
            escaped.Append(line[i] switch
            {
                '_' when !everyUnderscore && i > 0 && i + 1 < line.Length && char.IsLetterOrDigit(line[i - 1]) && char.IsLetterOrDigit(line[i + 1]) => "_",
                '\\' or '`' or '*' or '_' or '[' or ']' or '>' or '|' or '#' or '&' or '~' or '!' or '$' => $"\\{line[i]}",
                '-' or '+' or '=' when i == 0 && line.Length > 1 && !char.IsAsciiDigit(line[1]) => $"\\{line[i]}",
                // A line that begins with two commands the runner of a workflow.
                ':' when i == 0 => "\\:",
                '<' => "&lt;",
                // A space of no width, as an entity: backslashes do not keep GitHub from mentions and links.
                '@' => "@&#8203;",
                ':' when string.CompareOrdinal(line, i, "://", 0, 3) == 0 => "&#58;",
                '.' when i >= 3 && string.Compare(line, i - 3, "www", 0, 3, StringComparison.OrdinalIgnoreCase) == 0 => "&#46;",
                var other => $"{other}",
            });
        return escaped.ToString();
    }

    /// <summary>An interpolated string that becomes Markdown: literals stand as they are, all else is escaped.</summary>
    [InterpolatedStringHandler]
    public readonly struct Template(int literalLength, int holes)
    {
        private readonly StringBuilder _text = new(literalLength + 16 * holes);

        public void AppendLiteral(string literal) => _text.Append(literal);

        public void AppendFormatted(Markdown markdown) => _text.Append(markdown.Text ?? "");

        public void AppendFormatted(IEnumerable<Markdown> parts)
        {
            foreach (var part in parts)
                _text.Append(part.Text);
        }

        public void AppendFormatted(string? value) => _text.Append(Escaped(value));

        public void AppendFormatted(int value) => _text.Append(value);

        public override string ToString() => _text.ToString();
    }
}
