using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;

namespace Cognito.Eval.Tests;

/// <summary>A row ends when a test says so.</summary>
internal sealed record StopWhen(Func<IReadOnlyList<int>, bool> IsEnd) : StopRule
{
    public override bool IsDone(IReadOnlyList<int> generated) => IsEnd(generated);
}

/// <summary>One batch at a time.</summary>
internal static class TokenModels
{
    public static IReadOnlyList<TokenScore> Score(this ITokenModel model, ScoreBatch batch) => model.Score([batch]).Single();

    /// <param name="isDone">Asked with a prompt's place and its tokens so far.</param>
    public static IReadOnlyList<int[]> Generate(
        this ITokenModel model, IReadOnlyList<Prompt> prompts, Func<int, IReadOnlyList<int>, bool> isDone) =>
        [.. model.Generate([Batch(prompts, isDone)]).Single().Select(row => row.Tokens)];

    public static GenerationBatch Batch(IReadOnlyList<Prompt> prompts, Func<int, IReadOnlyList<int>, bool> isDone) =>
        new([.. prompts.Select((prompt, p) => prompt with { Stop = new StopWhen(ids => isDone(p, ids)) })]);
}
