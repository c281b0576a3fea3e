namespace Cognito.Eval.Files;

/// <summary>
/// A bad input. The message is one line that names the file, the fact and the fix, whatever the file's words are in it; exit
/// code 2.
/// </summary>
public sealed class InputException(string message, Exception? inner = null) : Exception(Printable.Line(message), inner);
