namespace Cognito.Eval.Planning;

/// <summary>Tokens of a request: what is given, and what is scored or was generated.</summary>
public readonly record struct RequestTokens(int Given, int Answered);
