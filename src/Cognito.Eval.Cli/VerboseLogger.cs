using Microsoft.Extensions.Logging;

namespace Cognito.Eval.Cli;

/// <summary>Decisions of the libraries as lines on stderr: what --verbose asks for.</summary>
internal sealed class VerboseLogger(Narrator narrator) : ILogger
{
    private readonly Lock _line = new();

    public bool IsEnabled(LogLevel level) => level is not LogLevel.None;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    /// <summary>Plans and fetches tell from threads of their own.</summary>
    public void Log<TState>(LogLevel level, EventId id, TState state, Exception? error, Func<TState, Exception?, string> line)
    {
        lock (_line)
            narrator.Trace(line(state, error));
    }
}
