namespace Cognito.Eval.Reports.Html;

/// <summary>A part of the page, with an entry in its navigation.</summary>
internal sealed record Section(string Id, string Title, HtmlText Body)
{
    public HtmlText Html => HtmlText.From($"""
        <section id="{Id}"><h2>{Title}</h2>
        {Body}
        </section>

        """);

    public HtmlText Link => HtmlText.From($"<li><a href=\"#{Id}\">{Title}</a></li>");
}
