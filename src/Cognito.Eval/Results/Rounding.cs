namespace Cognito.Eval.Results;

/// <summary>
/// How far sharing and batching move the numbers: log-likelihoods of a sample of the documents, compared with those of
/// one unshared sequence at a time.
/// </summary>
/// <param name="LargestDifference">In nats.</param>
/// <param name="Margin">Verdicts that hang on less might turn over: two log-likelihoods, each as far off.</param>
public sealed record Rounding(int Documents, int Requests, double LargestDifference, double Margin);
