using Cognito.Eval.Files;
using Cognito.Eval.Models;
using Cognito.Eval.Tokenizers;
using Microsoft.Extensions.Logging;

namespace Cognito.Eval.Served;

/// <summary>What was found out of a server before it is asked anything that counts.</summary>
/// <param name="Farthest">By how much a prompt's summed log-probability was seen to move, in nats.</param>
/// <param name="Fingerprint">What it makes of the fixed prompt; null where it gives no log-probabilities.</param>
internal sealed record Probed(Engine Engine, double Farthest, ServedFingerprint? Fingerprint);

/// <summary>
/// Tries a server on a fixed text before the run. One that would lie is refused: what came back is compared with what was
/// sent, and what is asked in another order, together, or with another cache, with what it was before.
/// </summary>
internal sealed class Probe(ServerAddress address, VocabularyTokenizer tokenizer, ServedModelOptions options)
{
    /// <summary>By how many nats a token's log-probability may move; two digits of bfloat16 logits are less.</summary>
    public const double Bound = 0.25;

    /// <summary>The fingerprint may move by so many times what was seen to move, and by no less than the second number.</summary>
    private const double Slack = 8, LeastTolerance = 0.02;

    private const int Length = 40, Sequences = 4, Step = 5, MostTogether = 16, Written = 8;

    private const string Text =
        "The river runs past the old mill, where three children count the boats that go down to the sea. In the evening the miller "
        + "writes how much flour was sold: twelve sacks on Monday, nine on Tuesday, and on Friday, when it rained, only four. His daughter "
        + "asks whether the wheel would turn in winter, too, and he says that ice is stronger than water, but that spring has always come.";

    private readonly int[] _text = tokenizer.Encode(Text);

    /// <summary>What the fingerprint is of.</summary>
    private int[] Fixed => Sequence(0);

    private int[] Sequence(int number) => _text[(number * Step)..Math.Min(number * Step + Length, _text.Length)];

    /// <summary>Tries the engines that the server may be, in turn.</summary>
    /// <exception cref="InputException">A check has failed; the message names it, the fact and the fix.</exception>
    public async Task<Probed> RunAsync(IReadOnlyList<Engine> engines, ServedNeeds needs, CancellationToken cancel)
    {
        if (_text.Length < Length + (Sequences - 1) * Step || _text.Max() >= (engines[0].Facts.Vocabulary ?? int.MaxValue))
            throw Refused(engines[0], Checks.Vocabulary, $"the tokenizer makes {_text.Length} tokens of the fixed text, with ids up to {_text.Max()}, "
                + $"and the model knows {engines[0].Facts.Vocabulary}");
        InputException? refusal = null;
        foreach (var engine in engines)
            try
            {
                await CheckVocabularyAsync(engine, cancel);
                var probed = needs.Scores ? await ScoresAsync(engine, cancel) : new(engine, 0, null);
                if (needs.Generates)
                    await GeneratesAsync(engine, cancel);
                return probed;
            }
            catch (CheckFailedException e)
            {
                options.Logger.LogDebug("served: {Engine}: check \"{Check}\" failed: {Fact}", engine.Name, e.Check, e.Fact);
                // Of a server that does not tell what it is, the last one tried says most: it asks for least.
                refusal = Refused(engine, e.Check, e.Fact);
            }
        throw refusal!;
    }

    /// <summary>What the server makes of the fixed prompt now, after so many tokens of it.</summary>
    public async Task<double[]> LookAsync(Engine engine, CancellationToken cancel) =>
        [.. (await engine.ScoreAsync(Fixed, From(engine), new(-1), cancel)).Select(score => score.LogProbability)];

    private InputException Refused(Engine engine, string check, string fact) =>
        new($"{address}: check \"{check}\" of {engine.Name} failed: {fact}; {engine.FixOf(check)}");

    private static int From(Engine engine) => Math.Max(1, Length - engine.ProbedTokens);

    private async Task<Probed> ScoresAsync(Engine engine, CancellationToken cancel)
    {
        var seen = new Agreement();
        var cold = await FiniteAsync(engine, 0, new(0, IsCold: true), cancel);
        for (var again = 0; again < 2; again++)
            seen.Require(Checks.Cache, cold, await FiniteAsync(engine, 0, new(0), cancel), "asked again, when its cache may hold the prompt");
        var first = new double[Sequences][];
        for (var s = 0; s < Sequences; s++)
            first[s] = await FiniteAsync(engine, s, new(0), cancel);
        seen.Require(Checks.Order, cold, first[0], "asked before others");
        for (var s = Sequences - 1; s >= 0; s--)
            seen.Require(Checks.Order, first[s], await FiniteAsync(engine, s, new(0), cancel), "asked in the other order");
        var together = Math.Min(Math.Min(options.Concurrency, engine.MostAtOnce), MostTogether);
        var batch = await Task.WhenAll(Enumerable.Range(0, together).Select(i => FiniteAsync(engine, i % Sequences, new(i), cancel)));
        foreach (var (i, its) in batch.Index())
            seen.Require(Checks.Batch, first[i % Sequences], its, $"asked {together} at a time");
        if (engine is Vllm vllm)
            await FindChoicesAsync(vllm, seen, cancel);
        options.Logger.LogDebug("served: {Recipe}{Choices}; a token's log-probability moved by at most {Token} nats, a prompt's by {Sum}",
            engine.Recipe, engine.ChoiceRecipe is { } choices ? $" and {choices}" : "", seen.Token, seen.Sum);
        return new(engine, seen.Sum, new(cold, Math.Clamp(Slack * seen.Token, LeastTolerance, Bound)) { PrefixCache = engine.PrefixCache });
    }

    /// <summary>A prompt's log-probabilities, which are numbers.</summary>
    private async Task<double[]> FiniteAsync(Engine engine, int sequence, Asking how, CancellationToken cancel)
    {
        var scores = await engine.ScoreAsync(Sequence(sequence), From(engine), how, cancel);
        return Array.FindIndex(scores, score => !double.IsFinite(score.LogProbability)) is >= 0 and var at
            ? throw new CheckFailedException(Checks.Finite, $"token {From(engine) + at} of a plain text has the log-probability {Nats.Show(scores[at].LogProbability)}")
            : [.. scores.Select(score => score.LogProbability)];
    }

    /// <summary>Whether choices of one token can be asked for in one request, and come out as they do one by one.</summary>
    private async Task FindChoicesAsync(Vllm engine, Agreement seen, CancellationToken cancel)
    {
        var context = Fixed[..^1];
        int[] choices = [.. _text.Distinct().Take(Sequences - 1).Append(Fixed[^1]).Distinct()];
        TargetScore[] together;
        try
        {
            together = await engine.ChooseAsync(context, choices, new(0), cancel);
        }
        catch (CheckFailedException e)
        {
            options.Logger.LogDebug("served: no logprob_token_ids: {Fact}", e.Fact);
            return;
        }
        foreach (var (i, id) in choices.Index())
            seen.Require(Checks.Entries, (await engine.ScoreAsync([.. context, id], context.Length, new(0), cancel)).Select(score => score.LogProbability),
                [together[i].LogProbability], "asked for with logprob_token_ids");
        engine.HasChoices = true;
    }

    /// <summary>Ids come, no more than were asked for, and the same ones twice.</summary>
    private async Task GeneratesAsync(Engine engine, CancellationToken cancel)
    {
        var written = new int[2][];
        for (var again = 0; again < 2; again++)
        {
            var piece = await engine.ContinueAsync(Fixed, Written, [], options.EndIds, new(0), cancel);
            if (piece.NotFiniteAt is { } at)
                throw new CheckFailedException(Checks.Finite, $"token {at} that it generates has a log-probability that is no number");
            // An id that ends text may be added to what the server tells.
            if (piece.Ids.Length > Written || piece.Ids.Any(id => id >= (engine.Facts.Vocabulary ?? int.MaxValue)))
                throw new CheckFailedException(Checks.Generation, $"{Written} tokens were asked for, and {piece.Ids.Length} came, or ids that the model does not know");
            written[again] = piece.Ids;
        }
        if (!written[0].AsSpan().SequenceEqual(written[1]))
            throw new CheckFailedException(Checks.Generation, "the same prompt, continued greedily twice, is continued in two ways");
    }

    /// <summary>The tokenizer is the model's, as far as the server tells.</summary>
    private async Task CheckVocabularyAsync(Engine engine, CancellationToken cancel)
    {
        if (engine.Facts.Vocabulary is { } known && tokenizer.VocabularySize > known)
            throw new CheckFailedException(Checks.Vocabulary, $"{tokenizer.FileName} has {tokenizer.VocabularySize} tokens, and the model knows {known}");
        // How a text begins is the protocol's affair; its later half is the tokenizer's alone.
        if (await engine.TokenizeAsync(Text, cancel) is { } its && !its.AsSpan().EndsWith(_text.AsSpan(_text.Length / 2)))
            throw new CheckFailedException(Checks.Vocabulary, $"of a plain text {tokenizer.FileName} makes {_text.Length} tokens ({Last(_text)}), and the server "
                + $"{its.Length} ({Last(its)})");

        static string Last(int[] ids) => "... " + string.Join(" ", ids.TakeLast(4));
    }

    /// <summary>How far numbers moved that should be the same.</summary>
    private sealed class Agreement
    {
        /// <summary>Of a token, and of a prompt's tokens together.</summary>
        public double Token { get; private set; }
        public double Sum { get; private set; }

        public void Require(string check, IEnumerable<double> before, IEnumerable<double> now, string how)
        {
            double[] moved = [.. before.Zip(now, (one, other) => other - one)];
            var farthest = moved.Max(Math.Abs);
            if (!(farthest <= Bound))
                throw new CheckFailedException(check, $"a token's log-probability is {Nats.Show(farthest)} nats elsewhere when the prompt is {how}; "
                    + $"at most {Nats.Show(Bound)} is rounding");
            (Token, Sum) = (Math.Max(Token, farthest), Math.Max(Sum, Math.Abs(moved.Sum())));
        }
    }
}
