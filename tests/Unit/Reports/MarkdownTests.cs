using Cognito.Eval.Reports;

namespace Cognito.Eval.Tests;

/// <summary>A text that becomes Markdown stays a text; Markdown stays Markdown.</summary>
public sealed class MarkdownTests
{
    [Theory]
    [InlineData("org/name-7b_v0.1", "org/name-7b_v0.1")]
    [InlineData("acc_norm", "acc_norm")]
    [InlineData("_x_ __y__", @"\_x\_ \_\_y\_\_")]
    [InlineData("x\n\n## Gate: pass", @"x \#\# Gate: pass")]
    [InlineData("a|b\\", @"a\|b\\")]
    [InlineData("[l](javascript:x)![i](u)", @"\[l\](javascript:x)\!\[i\](u)")]
    [InlineData("<img src=x>&lt;", @"&lt;img src=x\>\&lt;")]
    [InlineData("@octocat a@b.c", "@&#8203;octocat a@&#8203;b.c")]
    [InlineData("https://e.example www.e.example", "https&#58;//e.example www&#46;e.example")]
    [InlineData("`c` ~~s~~ *b* $m$", @"\`c\` \~\~s\~\~ \*b\* \$m\$")]
    [InlineData("- x", @"\- x")]
    [InlineData("=== x", @"\=== x")]
    [InlineData("::error::x", @"\::error::x")]
    [InlineData("-0.5", "-0.5")]
    [InlineData(null, "")]
    public void A_text_is_escaped(string? text, string markdown)
    {
        Assert.Equal(markdown, ((Markdown)text).Text);
        Assert.Equal($"* {markdown}\n", Markdown.From($"* {text}\n").Text);
    }

    [Fact]
    public void Markdown_in_Markdown_stands_as_it_is() =>
        Assert.Equal(@"**a\*b** 3 <0.0001", Markdown.From($"{Markdown.From($"**{"a*b"}**")} {3} {new Markdown("<0.0001")}").Text);

    [Fact]
    public void A_cell_holds_what_is_in_it()
    {
        var table = new TextTable("a|b", "c").Add("x\n| y", new Markdown("1*")).ToMarkdown().Text;
        Assert.Equal("| a\\|b   |   c |\n| ------ | --: |\n| x \\| y |  1* |\n", table);
    }
}
