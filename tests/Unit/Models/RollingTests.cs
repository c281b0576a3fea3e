using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>Likelihoods of whole texts, in windows where they are too long.</summary>
public sealed class RollingTests
{
    private const int MaxLength = 8;
    private static readonly Toys.HashTokenizer Tokenizer = new();

    /// <summary>Computed from the definition: what each token's context is, and no plan.</summary>
    private static double Expected(string text)
    {
        var tokens = Tokenizer.Encode(text);
        var sum = 0.0;
        for (var i = 0; i < tokens.Length; i++)
        {
            // The window that predicts it ends at the next multiple of what a window predicts, or with the text.
            var end = Math.Min(tokens.Length, (i / MaxLength + 1) * MaxLength);
            int[] before = [Toys.HashTokenizer.EndOfText, .. tokens[..i]];
            var from = Math.Max(0, end - MaxLength);
            sum += Toys.HashModel.Score([.. before[from..]], [tokens[i]]).LogLikelihood;
        }
        return sum;
    }

    private static string Text(int words) => string.Concat(Enumerable.Range(0, words).Select(i => $" w{i * i % 37}"));

    [Theory, InlineData(1), InlineData(20), InlineData(1000)]
    public void Each_token_is_predicted_once_with_what_fits_before_it(int batchTokens)
    {
        int[] lengths = [1, 7, 8, 9, 15, 16, 17, 40];
        using var model = Planned.Model(new Toys.HashModel(MaxLength), Tokenizer, batchTokens, new(Toys.HashTokenizer.EndOfText));
        var answers = model.Ask([.. lengths.Select((words, i) => new LogLikelihoodRolling(Text(words)) { Origin = new("text", i) })]);
        foreach (var (words, answer) in lengths.Zip(answers))
        {
            Assert.Equal(Expected(Text(words)), ((Likelihood)answer.Reply).LogProbability, 1e-9);
            Assert.Equal(Tokenizer.Encode(Text(words)).Length, answer.Tokens!.Value.Answered);
            Assert.False(answer.IsTruncated);
        }
    }

    [Fact]
    public void A_text_of_no_token_is_certain()
    {
        using var model = Planned.Model(new Toys.HashModel(MaxLength), Tokenizer, 20, new(Toys.HashTokenizer.EndOfText));
        Assert.Equal(0, ((Likelihood)model.Ask([new LogLikelihoodRolling(""), new LogLikelihood("a", " b")])[0].Reply).LogProbability);
    }

    [Fact]
    public void Windows_are_those_of_the_reference()
    {
        // get_rolling_token_windows(range(10), prefix 100, max_seq_len 4, context_len 1) with make_disjoint_window.
        (int[], int[])[] expected = [([100], [0, 1, 2, 3]), ([3], [4, 5, 6, 7]), ([5, 6, 7], [8, 9])];
        Assert.Equal(expected, RollingWindows.Cut([.. Enumerable.Range(0, 10)], 100, 4).Select(span => (span.Context, span.Continuation)));
    }
}
