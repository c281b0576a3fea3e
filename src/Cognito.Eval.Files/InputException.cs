namespace Cognito.Eval.Files;

/// <summary>
/// A bad input: exit code 2. The message names the file, the fact and the fix. It is one line, whatever words of the file are
/// in it.
/// </summary>
public sealed class InputException(string message, Exception? inner = null) : Exception(Printable.Line(message), inner);
