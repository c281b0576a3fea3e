using System.Text;
using Cognito.Eval.Files;

namespace Cognito.Eval.Cli;

/// <summary>
/// Writes to a terminal, or to who reads in its place: whatever is written, only line ends and tabs command it. Everything
/// else that commands or hides is spelled out, so that it is JSON's and YAML's escape for the same character too.
/// </summary>
internal sealed class PrintableWriter : TextWriter
{
    private readonly TextWriter _raw;

    public PrintableWriter(TextWriter raw)
    {
        _raw = raw;
        CoreNewLine = ['\n'];
    }

    public override Encoding Encoding => _raw.Encoding;

    public override void Write(char value) => Write(value.ToString());

    public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

    public override void Write(ReadOnlySpan<char> buffer) => Write(buffer.ToString());

    public override void Write(string? value) => _raw.Write(Printable.Lines(value));

    public override void WriteLine(string? value) => _raw.Write(Printable.Lines(value) + "\n");

    public override void Flush() => _raw.Flush();
}
