using Cognito.Eval.Models;

namespace Cognito.Eval;

/// <summary>What happens while an evaluation runs.</summary>
public abstract record EvaluationEvent;

/// <summary>Something a reader may like to know.</summary>
public sealed record Said(string Line) : EvaluationEvent;

/// <summary>Something that keeps a score from being what it seems.</summary>
public sealed record Noted(string Note) : EvaluationEvent;

/// <summary>Some more requests have their answers.</summary>
public sealed record Progressed(Progress Progress) : EvaluationEvent;

/// <summary>The results are in a file.</summary>
/// <param name="IsEarlier">Whether an earlier run of the same thing had written it.</param>
public sealed record Written(string Path, bool IsEarlier) : EvaluationEvent;
