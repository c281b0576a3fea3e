using Cognito.Eval.Models;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>Whole texts and pairs of one run: each is answered as if it were asked alone.</summary>
public sealed class RollingBesideTests
{
    private const int MaxLength = 8;

    private static readonly Toys.HashTokenizer Tokenizer = new();

    private static string Text(int words, int seed) => string.Concat(Enumerable.Range(0, words).Select(i => $" w{(i * i + seed) % 41}"));

    /// <summary>Of each token the log-likelihood after what the harness' windows put before it, from the definition alone.</summary>
    private static double Expected(int[] tokens)
    {
        var (sum, predicted) = (0.0, 0);
        while (predicted < tokens.Length)
        {
            var count = Math.Min(MaxLength, tokens.Length - predicted);
            var end = predicted + count;
            // The first window stands after the token for nothing; the others after as many tokens as still fit.
            int[] input = predicted == 0 ? [Toys.HashTokenizer.EndOfText, .. tokens[..(end - 1)]] : tokens[(end - MaxLength - 1)..(end - 1)];
            for (var i = 0; i < count; i++)
                sum += Toys.HashModel.Score([.. input[..(input.Length - count + 1 + i)]], [tokens[predicted + i]]).LogLikelihood;
            predicted = end;
        }
        return sum;
    }

    [Theory, InlineData(3), InlineData(64), InlineData(4096)]
    public void Texts_and_pairs_are_answered_as_alone(int batchTokens)
    {
        int[] lengths = [0, 1, MaxLength - 1, MaxLength, MaxLength + 1, 2 * MaxLength, 2 * MaxLength + 1, 61];
        Request[] texts = [.. lengths.Select((words, i) => new LogLikelihoodRolling(Text(words, i)) { Origin = new("pages", i) })];
        Request[] pairs = [.. Enumerable.Range(0, 9).Select(i => new LogLikelihood("w1 w2" + Text(i % 3, 7), $" w{i}") { Origin = new("pairs", i) })];
        using var model = Planned.Model(new Toys.HashModel(MaxLength), Tokenizer, batchTokens, new(Toys.HashTokenizer.EndOfText));
        Request[] together = [pairs[0], .. texts.Take(4), .. pairs.Skip(1), .. texts.Skip(4)];
        var answers = model.Ask(together);
        var alone = model.Ask(pairs).Select(answer => ((Likelihood)answer.Reply).LogProbability).ToList();
        foreach (var (request, answer) in together.Zip(answers))
        {
            var value = ((Likelihood)answer.Reply).LogProbability;
            if (request is LogLikelihoodRolling { Text: var text })
                Assert.Equal(Expected(Tokenizer.Encode(text)), value, 1e-6);
            else
                Assert.Equal(alone[request.Origin.Document], value, 1e-9);
        }
    }
}
