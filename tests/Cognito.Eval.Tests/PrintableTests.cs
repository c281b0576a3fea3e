namespace Cognito.Eval.Tests;

public sealed class PrintableTests
{
    [Theory]
    [InlineData("a\nb\r\n\t c ", "a b c")]
    [InlineData("\u001b[2Jx\u009b31m\0", "\\u001b[2Jx\\u009b31m\\u0000")]
    [InlineData("a\u202egnp.exe", "a\\u202egnp.exe")]
    [InlineData("é 😀 <b>", "é 😀 <b>")]
    public void What_commands_a_terminal_is_spelled_out(string text, string line) => Assert.Equal(line, Printable.Line(text));

    [Fact]
    public void What_nobody_would_read_is_cut() => Assert.InRange(Printable.Line(new string('x', 1 << 20)).Length, 1000, 3000);
}
