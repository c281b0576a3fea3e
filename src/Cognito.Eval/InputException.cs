namespace Cognito.Eval;

/// <summary>A bad input. The message is one line that names the file, the fact and the fix; exit code 2.</summary>
public sealed class InputException(string message, Exception? inner = null) : Exception(message, inner);
