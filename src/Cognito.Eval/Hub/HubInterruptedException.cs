namespace Cognito.Eval.Hub;

/// <summary>The user ended a fetch; what came is kept.</summary>
public sealed class HubInterruptedException(OperationCanceledException inner) : OperationCanceledException(
    "interrupted; what was fetched is kept, and the next fetch goes on from there", inner, inner.CancellationToken);
