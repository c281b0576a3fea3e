namespace Cognito.Eval.Planning;

/// <summary>What a task asks of a model, counted; a token is one position of the model's input.</summary>
/// <param name="Distinct">Requests of equal tokens counted once, in the task that asked first.</param>
/// <param name="RequestTokens">Every request's whole input: what goes through a model that shares nothing.</param>
/// <param name="DistinctTokens">
/// a shared prefix once, each document's context beyond it once, each distinct continuation's input once: what sharing can
/// come down to.
/// </param>
/// <param name="ForwardTokens">What goes through the model by this plan, shared prefixes counted once.</param>
/// <param name="Truncated">Requests that lost their oldest tokens.</param>
internal sealed record PlanCounts(
    int Documents, int Requests, int Distinct, long RequestTokens, long DistinctTokens, long ForwardTokens, int Truncated)
{
    public static PlanCounts operator +(PlanCounts a, PlanCounts b) => new(
        a.Documents + b.Documents, a.Requests + b.Requests, a.Distinct + b.Distinct, a.RequestTokens + b.RequestTokens,
        a.DistinctTokens + b.DistinctTokens, a.ForwardTokens + b.ForwardTokens, a.Truncated + b.Truncated);

    public static PlanCounts None { get; } = new(0, 0, 0, 0, 0, 0, 0);
}
