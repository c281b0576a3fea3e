using Cognito.Eval.Files;

namespace Cognito.Eval.Tests;

public sealed class PrintableTests
{
    [Theory]
    [InlineData("a\nb\r\n\t c ", "a b c")]
    [InlineData("\u001b[2Jx\u009b31m\0", "\\u001b[2Jx\\u009b31m\\u0000")]
    [InlineData("a\u202egnp.exe", "a\\u202egnp.exe")]
    [InlineData("é 😀 <b>", "é 😀 <b>")]
    [InlineData("a\u200bb\ufeffc\u2066d\u200fe", "a\\u200bb\\ufeffc\\u2066d\\u200fe")]
    [InlineData("a\U000e0041b\uffff", "a\\udb40\\udc41b\\uffff")]
    [InlineData("a\u2028b\u0085c", "a b c")]
    public void What_commands_a_terminal_is_spelled_out(string text, string line) => Assert.Equal(line, Printable.Line(text));

    [Fact]
    public void Half_a_character_is_spelled_out()
    {
        Assert.Equal("a\\ud83db", Printable.Line($"a{'\ud83d'}b"));
        Assert.Equal("\\ude00", Printable.Line($"{'\ude00'}"));
    }

    [Fact]
    public void Of_several_lines_the_ends_and_tabs_stay() =>
        Assert.Equal("a\n\tb\\u000d\n  c\\u001b\\u0085", Printable.Lines("a\n\tb\r\n  c\u001b\u0085"));

    [Fact]
    public void A_message_of_a_bad_input_is_one_line_whatever_the_file_says() =>
        Assert.Equal("x ## Gate: pass \\u001b[2J", new InputException("x\n\n## Gate: pass\r\u001b[2J").Message);

    [Fact]
    public void What_nobody_would_read_is_cut() => Assert.InRange(Printable.Line(new string('x', 1 << 20)).Length, 1000, 3000);
}
