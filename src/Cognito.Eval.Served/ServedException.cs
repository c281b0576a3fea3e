using Cognito.Eval.Files;

namespace Cognito.Eval.Served;

/// <summary>A server did not answer a request, or not as it should: exit code 3. One line says what, in its words.</summary>
public class ServedException(string message, Exception? inner = null) : Exception(Printable.Line(message), inner);

/// <summary>The server is gone, for as long as is waited.</summary>
internal sealed class ServerGoneException(string message, Exception? inner = null) : ServedException(message, inner);

/// <summary>An answer is not what it should be, by the name of a check.</summary>
/// <param name="check">Of those in <see cref="Checks"/>.</param>
internal sealed class CheckFailedException(string check, string fact) : Exception(fact)
{
    public string Check => check;

    public string Fact => Message;
}

/// <summary>What is checked of a server, by name (docs/served.md).</summary>
internal static class Checks
{
    public const string
        Answers = "answers", Ids = "ids", Entries = "entries", First = "first", OwnId = "own-id", Finite = "finite", Positive = "positive",
        Echo = "echo", Forced = "forced", Order = "order", Batch = "batch", Cache = "cache", Vocabulary = "vocabulary", Generation = "generation";
}
