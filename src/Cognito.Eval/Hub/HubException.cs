namespace Cognito.Eval.Hub;

/// <summary>The hub could not be reached, or kept failing; exit code 3. What was fetched before is kept.</summary>
public sealed class HubException(string message, Exception? inner = null) : Exception(message, inner);
