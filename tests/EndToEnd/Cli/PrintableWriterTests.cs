using Cognito.Eval.Cli;

namespace Cognito.Eval.Tests;

public sealed class PrintableWriterTests
{
    [Fact]
    public void A_terminal_is_written_to_in_one_way_whatever_the_call()
    {
        using var raw = new StringWriter();
        using var writer = new PrintableWriter(raw);
        writer.Write('\u001b');
        writer.Write("a\u009b\n".ToCharArray());
        writer.Write("\u202e".AsSpan());
        writer.WriteLine("b\r");
        writer.WriteLine();
        writer.Write("{0}", "\u0007");
        Assert.Equal("\\u001ba\\u009b\n\\u202eb\\u000d\n\n\\u0007", raw.ToString());
    }
}
