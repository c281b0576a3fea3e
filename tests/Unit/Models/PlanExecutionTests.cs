using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>What becomes of a model's answers to a plan.</summary>
public sealed class PlanExecutionTests
{
    /// <summary>Continues each prompt with one token, the letter that it ends with, but for the last ones.</summary>
    private sealed class Echo(int silent) : ITokenModel
    {
        public int MaxLength => 300;
        public int VocabularySize => 128;

        public IEnumerable<IReadOnlyList<TokenScore>> Score(IReadOnlyList<ScoreBatch> batches, CancellationToken cancel = default) =>
            throw new NotSupportedException();

        public IEnumerable<IReadOnlyList<Generated>> Generate(IReadOnlyList<GenerationBatch> batches, CancellationToken cancel = default) =>
            batches.Select(batch => (IReadOnlyList<Generated>)
                [.. batch.Prompts.SkipLast(silent).Select(prompt => new Generated([prompt.Tokens[^1], 0]))]);

        public void Dispose() { }
    }

    private static Answer[] Ask(int silent)
    {
        using var model = Planned.Model(new Echo(silent), new Toys.CharTokenizer(), 100_000, new(0, [0], "</s>"));
        return model.Ask([.. Enumerable.Range(0, 40).Select(n => new GreedyUntil($"{n}: {(char)('a' + n % 26)}", ["END"]) { Origin = new("task", n) })]);
    }

    [Fact]
    public void Each_request_gets_the_answer_to_its_own_prompt() =>
        Assert.Equal([.. Enumerable.Range(0, 40).Select(n => $"{(char)('a' + n % 26)}")], Ask(0).Select(answer => ((Completion)answer.Reply).Text));

    [Fact]
    public void A_model_that_answers_fewer_prompts_than_were_asked_is_told_so() =>
        Assert.Equal("task: 40 prompts were asked, 39 answered.", Assert.Throws<InvalidOperationException>(() => Ask(1)).Message);
}
