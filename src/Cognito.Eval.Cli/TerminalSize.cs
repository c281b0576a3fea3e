using System.Runtime.InteropServices;

namespace Cognito.Eval.Cli;

/// <summary>How wide the terminal is that a stream goes to, at this moment.</summary>
internal static class TerminalSize
{
    private const int Usual = 80;

    /// <summary>In columns; null where stdout is no terminal.</summary>
    public static int? OfOut => Console.IsOutputRedirected ? null : Columns(1);

    /// <summary>In columns; null where stderr is no terminal.</summary>
    public static int? OfError => Console.IsErrorRedirected ? null : Columns(2);

    private static int Columns(int stream)
    {
        try
        {
            if (!OperatingSystem.IsWindows())
                return GetWindowSize(stream, out var size) == 0 && size.Columns > 0 ? size.Columns : Usual;
            return Console.WindowWidth is > 0 and var columns ? columns : Usual;
        }
        catch (Exception e) when (e is IOException or EntryPointNotFoundException or DllNotFoundException)
        {
            return Usual;
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct WindowSize
    {
        public readonly ushort Rows, Columns, Width, Height;
    }

    // .NET's own, which Console asks of stdout alone.
    [DllImport("libSystem.Native", EntryPoint = "SystemNative_GetWindowSize")]
    private static extern int GetWindowSize(nint stream, out WindowSize size);
}
