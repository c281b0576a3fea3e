using System.Text;
using Cognito.Eval.Files;

namespace Cognito.Eval.Cli;

/// <summary>stdout or stderr, which may be a full disk or be closed.</summary>
/// <remarks>A reader who has seen enough (<c>| head -1</c>) is no failure: .NET takes no notice of a broken pipe.</remarks>
/// <param name="name">In messages.</param>
/// <param name="to">Null if there is none: the process was started with it closed.</param>
/// <param name="isNeeded">Whether what cannot be written is an error; progress is dropped.</param>
internal sealed class Outlet(string name, TextWriter? to, bool isNeeded) : TextWriter
{
    public override Encoding Encoding => to?.Encoding ?? Encoding.UTF8;

    public override void Write(char value) => Try(writer => writer.Write(value));

    public override void Write(char[] buffer, int index, int count) => Try(writer => writer.Write(buffer, index, count));

    public override void Write(string? value) => Try(writer => writer.Write(value));

    public override void WriteLine(string? value) => Try(writer => writer.WriteLine(value));

    public override void Flush() => Try(writer => writer.Flush());

    public static Outlet Out { get; } = new("stdout", Opened(() => Console.Out), isNeeded: true);

    public static Outlet Error { get; } = new("stderr", Opened(() => Console.Error), isNeeded: false);

    private static TextWriter? Opened(Func<TextWriter> open)
    {
        try
        {
            return open();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private void Try(Action<TextWriter> write)
    {
        try
        {
            write(to ?? throw new IOException("closed"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            if (isNeeded)
                throw new OutputException(
                    $"{name}: cannot be written (it is full or closed); give it a file with room, or a pipe that is read", e);
        }
    }
}
