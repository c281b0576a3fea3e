using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;
using Cognito.Eval.Tokenizers;

namespace Cognito.Eval.Tests;

/// <summary>Models of tokens, asked in requests.</summary>
internal static class Planned
{
    public static PlannedModel Model(
        ITokenModel model, VocabularyTokenizer tokenizer, Budget budget, EndOfText end, Protocol? protocol = null) =>
        new(new() { Name = "toy" }, new Planner(tokenizer, protocol ?? LeaderboardV1.Rules, model.MaxLength, budget, end), model);

    /// <summary>Answers in the order of the requests.</summary>
    public static Answer[] Ask(this ILanguageModel model, IReadOnlyList<Request> requests, AnswerOptions? options = null)
    {
        var answers = new Answer[requests.Count];
        foreach (var answer in model.AnswerAsync(requests, options ?? new() { Protocol = (model as PlannedModel)?.Planner.Protocol ?? Protocol.Default }, default).ToBlockingEnumerable())
            answers[answer.Place] = answer;
        Assert.All(answers, Assert.NotNull);
        return answers;
    }
}
