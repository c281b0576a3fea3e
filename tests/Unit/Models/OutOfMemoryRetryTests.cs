using Cognito.Eval.Models;
using Cognito.Eval.Planning;

namespace Cognito.Eval.Tests;

public sealed class OutOfMemoryRetryTests
{
    /// <summary>A toy with room for so many tokens of a batch; it counts what it computed.</summary>
    private sealed class Cramped(int room) : ITokenModel
    {
        private readonly Toys.HashModel _model = new(100);

        public int MaxLength => _model.MaxLength;
        public int VocabularySize => _model.VocabularySize;
        public List<int> Answered { get; } = [];

        public IEnumerable<IReadOnlyList<TokenScore>> Score(IReadOnlyList<ScoreBatch> batches, CancellationToken cancel = default)
        {
            foreach (var batch in batches)
            {
                var tokens = batch.Trees.Sum(tree => tree.Context.Length + tree.Continuations.Sum(continuation => continuation.Tokens.Length));
                if (tokens > room)
                    throw new InsufficientMemoryException($"{tokens} tokens; there is room for {room}");
                Answered.Add(tokens);
                yield return _model.Score([batch]).Single();
            }
        }

        public IEnumerable<IReadOnlyList<Generated>> Generate(IReadOnlyList<GenerationBatch> batches, CancellationToken cancel = default)
        {
            foreach (var batch in batches)
            {
                if (batch.Prompts.Count > room)
                    throw new InsufficientMemoryException();
                Answered.Add(batch.Prompts.Count);
                yield return [.. batch.Prompts.Select((prompt, row) =>
                    new Generated(prompt.Stop.IsDone([prompt.Tokens[0]]) ? [prompt.Tokens[0]] : []))];
            }
        }

        public void Dispose() { }
    }

    private static PrefixTree Tree(int first, int continuations) => new(
        null, [first, first + 1, first + 2], [.. Enumerable.Range(0, continuations).Select(b => new Continuation([b], [first]))]);

    private static ScoreBatch[] Batches => [
        new([Tree(1, 1), Tree(2, 1)]), new([Tree(3, 3), Tree(4, 1), Tree(5, 2), Tree(6, 1)]), new([Tree(7, 4)]), new([Tree(8, 1)])];

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(9)]
    [InlineData(100)]
    public void What_does_not_fit_is_answered_in_parts_and_the_rest_once(int room)
    {
        var (model, halvings) = (new Cramped(room), 0);
        var answers = OutOfMemoryRetry.Score(model, Batches, () => halvings++).ToList();
        Assert.Equal(new Toys.HashModel(100).Score(Batches), answers);
        Assert.Equal(room >= 19, halvings == 0);
        // The first batch was answered before memory ran out, so it was answered whole.
        Assert.Equal(room >= 8 ? 8 : 4, model.Answered[0]);
    }

    [Fact]
    public void One_sequence_that_does_not_fit_ends_the_run() =>
        Assert.Throws<InsufficientMemoryException>(() => OutOfMemoryRetry.Score(new Cramped(3), Batches, () => { }).ToList());

    [Fact]
    public void Halves_of_a_generation_ask_for_their_own_rows()
    {
        var batch = TokenModels.Batch([.. Enumerable.Range(0, 7).Select(i => new Prompt([i], 5))], (row, ids) => row == ids[0]);
        var model = new Cramped(2);
        var answers = OutOfMemoryRetry.Generate(model, [batch, batch], () => { }).ToList();
        Assert.All(answers, rows => Assert.Equal(Enumerable.Range(0, 7), rows.Select(row => Assert.Single(row.Tokens))));
        Assert.All(model.Answered, count => Assert.InRange(count, 1, 2));
    }

    /// <summary>Answers so many batches, however many are asked.</summary>
    private sealed class Fixed(int answers) : ITokenModel
    {
        public int MaxLength => 100;
        public int VocabularySize => 101;

        public IEnumerable<IReadOnlyList<TokenScore>> Score(IReadOnlyList<ScoreBatch> batches, CancellationToken cancel = default) =>
            Enumerable.Repeat<IReadOnlyList<TokenScore>>([], answers);

        public IEnumerable<IReadOnlyList<Generated>> Generate(IReadOnlyList<GenerationBatch> batches, CancellationToken cancel = default) =>
            Enumerable.Repeat<IReadOnlyList<Generated>>([], answers);

        public void Dispose() { }
    }

    [Theory]
    [InlineData(0, "4 batches were asked, 0 answered.")]
    [InlineData(3, "4 batches were asked, 3 answered.")]
    [InlineData(5, "4 batches were asked, more answered.")]
    public void A_model_that_answers_more_or_fewer_batches_is_not_asked_again(int answers, string told) =>
        Assert.Equal(told, Assert.Throws<InvalidOperationException>(() => OutOfMemoryRetry.Score(new Fixed(answers), Batches, () => { }).ToList()).Message);
}
