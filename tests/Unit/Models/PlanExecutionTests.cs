using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>What becomes of a model's answers to a plan.</summary>
public sealed class PlanExecutionTests
{
    /// <summary>
    /// Continues each prompt with one token, the letter that it ends with, and finds each continuation as likely as it is long. As many
    /// answers to each batch as are told are missing, or too many.
    /// </summary>
    private sealed class Echo(int missing) : ITokenModel
    {
        public int MaxLength => 300;
        public int VocabularySize => 128;

        public IEnumerable<IReadOnlyList<TokenScore>> Score(IReadOnlyList<ScoreBatch> batches, CancellationToken cancel = default) =>
            batches.Select(batch => AsTold(batch.Trees.SelectMany(tree => tree.Continuations).Select(its => new TokenScore(its.Targets.Length, true))));

        public IEnumerable<IReadOnlyList<Generated>> Generate(IReadOnlyList<GenerationBatch> batches, CancellationToken cancel = default) =>
            batches.Select(batch => AsTold(batch.Prompts.Select(prompt => new Generated([prompt.Tokens[^1], 0]))));

        private IReadOnlyList<T> AsTold<T>(IEnumerable<T> answers) =>
            [.. answers.SkipLast(missing), .. Enumerable.Repeat(answers.First(), Math.Max(0, -missing))];

        public void Dispose() { }
    }

    private static Reply[] Ask(int missing, params Request[] requests)
    {
        using var model = Planned.Model(new Echo(missing), new Toys.CharTokenizer(), 100_000, new(0, [0], "</s>"));
        return [.. model.Ask([.. requests.Select((request, n) => request with { Origin = new("task", n) })]).Select(answer => answer.Reply)];
    }

    private static readonly GreedyUntil[] prompts = [.. Enumerable.Range(0, 40).Select(n => new GreedyUntil($"{n}: {(char)('a' + n % 26)}", ["END"]))];
    private static readonly LogLikelihood[] pairs = [.. Enumerable.Range(1, 40).Select(n => new LogLikelihood($"{n}:", new string('a', n)))];

    [Fact]
    public void Each_request_gets_its_own_answer()
    {
        Assert.Equal(prompts.Select(prompt => prompt.Context[^1..]), Ask(0, prompts).Select(reply => ((Completion)reply).Text));
        Assert.Equal(pairs.Select(pair => (double)pair.Continuation.Length), Ask(0, pairs).Select(reply => ((Likelihood)reply).LogProbability));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(40)]
    [InlineData(-1)]
    public void A_model_that_gives_more_or_fewer_answers_than_were_asked_is_told_so(int missing)
    {
        foreach (var requests in new Request[][] { prompts, pairs })
            Assert.EndsWith($": 40 answers to a batch were asked for, {40 - missing} given.",
                Assert.Throws<InvalidOperationException>(() => Ask(missing, requests)).Message);
    }
}
