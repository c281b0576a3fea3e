namespace Cognito.Eval;

/// <summary>A part of the page, with an entry in its navigation.</summary>
internal sealed record Section(string Id, string Title, Html Body)
{
    public Html Html => Html.Of($"""
        <section id="{Id}"><h2>{Title}</h2>
        {Body}
        </section>

        """);

    public Html Link => Html.Of($"<li><a href=\"#{Id}\">{Title}</a></li>");
}
