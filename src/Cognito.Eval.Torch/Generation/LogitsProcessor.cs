using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Attention;
using Cognito.Eval.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Generation;

/// <summary>A change of a step's logits before the largest is taken.</summary>
/// <param name="Key">The setting that asks for it.</param>
/// <param name="Apply">From logits in float32, [B, V], and the rows' tokens to logits of the same shape.</param>
/// <param name="Constants">What it holds on the device.</param>
internal sealed record LogitsProcessor(
    string Key, Func<Tensor, TokenHistory, Tensor> Apply, params IReadOnlyList<Tensor> Constants) : IDisposable
{
    public void Dispose()
    {
        foreach (var constant in Constants)
            constant.Dispose();
    }
}

/// <summary>What transformers' generate does to logits, and in its order (_get_logits_processor of 5.17).</summary>
/// <remarks>
/// All of it runs on the device; the host knows the rows' lengths without asking. Letters: B rows, V vocabulary, E ends,
/// S sequences of tokens, L their length.
/// </remarks>
internal static class LogitsProcessors
{
    /// <summary>Those that a checkpoint's files ask for; most ask for none.</summary>
    public static IReadOnlyList<LogitsProcessor> Of(GenerationConfig config, int vocabulary, Device device)
    {
        using var scope = NewDisposeScope();
        return [.. All(config, vocabulary, device).Select(one => one with
        {
            Constants = [.. one.Constants.Select(constant => constant.DetachFromDisposeScope())],
        })];
    }

    private static IEnumerable<LogitsProcessor> All(GenerationConfig config, int vocabulary, Device device)
    {
        int[] ends = [.. config.EndIds.Where(id => id < vocabulary)];
        if (config.SequenceBias.Count > 0)
            yield return Biased(config.SequenceBias, vocabulary, device);
        if (config.EncoderRepetitionPenalty is { } praise)
            yield return new("encoder_repetition_penalty", (scores, rows) => RepetitionPenalty(scores, rows.Prompts, 1 / praise));
        if (config.RepetitionPenalty is { } penalty)
            yield return new("repetition_penalty", (scores, rows) => RepetitionPenalty(scores, rows.Tokens, penalty));
        if (config.NoRepeatNgramSize is { } size)
            yield return new("no_repeat_ngram_size", (scores, rows) =>
                NoRepeatNgram(scores, rows, rows.Tokens, size, row => row.Length));
        if (config.EncoderNoRepeatNgramSize is { } promptSize)
            yield return new("encoder_no_repeat_ngram_size", (scores, rows) =>
                NoRepeatNgram(scores, rows, rows.Prompts, promptSize, row => row.Width));
        if (config.BadWords.Count > 0)
            yield return BadWords(config.BadWords, vocabulary, device);
        if (config.MinLength is { } least)
            yield return Without("min_length", ends, row => row.Length < least, vocabulary, device);
        if (config.MinNewTokens is { } leastNew)
            yield return Without("min_new_tokens", ends, row => row.Length - row.Width < leastNew, vocabulary, device);
        if (config.ForcedBos.Count > 0)
            yield return Forced("forced_bos_token_id", config.ForcedBos, row => row.Length == 1, vocabulary, device);
        if (config.ForcedEos.Count > 0)
            yield return Forced("forced_eos_token_id", config.ForcedEos,
                row => row.Length == row.Width + row.MaxNewTokens - 1, vocabulary, device);
        if (config.RemovesInvalidValues)
            yield return new("remove_invalid_values", (scores, _) => scores.nan_to_num(0, float.MaxValue, float.MinValue));
        if (config.ExponentialDecay is { } decay)
            yield return Decay(decay, ends, device);
        if (config.SuppressTokens.Count > 0)
            yield return Without("suppress_tokens", config.SuppressTokens, _ => true, vocabulary, device);
        if (config.BeginSuppressTokens.Count > 0)
            yield return Without("begin_suppress_tokens", config.BeginSuppressTokens, IsBegin, vocabulary, device);
        if (config.RenormalizesLogits)
            yield return new("renormalize_logits", (scores, _) => nn.functional.log_softmax(scores, -1));

        // A forced first token moves the beginning of a prompt of one.
        bool IsBegin(RowLength row) => row.Length == row.Width + (row.Width > 1 || config.ForcedBos.Count == 0 ? 0 : 1);
    }

    /// <summary>Logits of tokens that are there, [B, any], less by the penalty: divided where positive, multiplied where negative.</summary>
    private static Tensor RepetitionPenalty(Tensor scores, Tensor tokens, double penalty)
    {
        var score = scores.gather(1, tokens);
        return scores.scatter(1, tokens, where(score.lt(Scalars.Zero), score.Times(penalty), score.DividedBy(penalty)));
    }

    /// <summary>No token that would complete, once more, n tokens that stand there already.</summary>
    /// <param name="within">The tokens among which they are looked for, [B, any].</param>
    /// <param name="length">How many of them count.</param>
    private static Tensor NoRepeatNgram(Tensor scores, TokenHistory rows, Tensor within, int size, Func<RowLength, long> length)
    {
        if (within.shape[1] < size)
            return scores;
        var windows = within.unfold(1, size, 1); // [B, any, n]
        var isWhole = Scalars.Range(0, windows.shape[1], ScalarType.Int64, scores.device).unsqueeze(0)
            .le(rows.Numbers(row => length(row) - size).unsqueeze(1));
        var found = size == 1 ? isWhole
            : windows.narrow(2, 0, size - 1).eq(rows.Last(size - 1).unsqueeze(1)).all(-1).logical_and(isWhole);
        return scores.masked_fill(Marked(found, windows.select(2, size - 1), scores), Scalars.MinusInfinity);
    }

    /// <summary>Where a token, [B, any], is found, as a mask over the vocabulary: [B, V].</summary>
    private static Tensor Marked(Tensor found, Tensor tokens, Tensor scores)
    {
        var vocabulary = scores.shape[1];
        // What was not found goes to a place of its own, past the vocabulary.
        var places = where(found, tokens, Scalars.With(vocabulary, held => full_like(tokens, held)));
        return zeros([scores.shape[0], vocabulary + 1], ScalarType.Bool, scores.device)
            .scatter_(1, places, ones_like(places, ScalarType.Bool)).narrow(1, 0, vocabulary);
    }

    /// <summary>
    /// Whether a row's last tokens are these, [L − 1] or [S, L − 1]: [B] or [B, S] of bool. The row must have L tokens, as
    /// transformers has it.
    /// </summary>
    private static Tensor EndsIn(TokenHistory rows, Tensor before)
    {
        var count = (int)before.shape[^1];
        var isLong = rows.Numbers(row => row.Length > count ? 1 : 0).ne(Scalars.Zero);
        return before.dim() == 1
            ? rows.Last(count).eq(before).all(-1).logical_and(isLong)
            : rows.Last(count).unsqueeze(1).eq(before).all(-1).logical_and(isLong.unsqueeze(1)); // [B, S]
    }

    private static LogitsProcessor BadWords(IReadOnlyList<int[]> words, int vocabulary, Device device)
    {
        var alone = Mask(words.Where(word => word.Length == 1).Select(word => word[0]), vocabulary, device);
        var longer = words.Where(word => word.Length > 1).GroupBy(word => word.Length).Select(same => (
            Before: Ids([.. same.SelectMany(word => word[..^1])], device).view(same.Count(), same.Key - 1),
            Last: Ids([.. same.Select(word => word[^1])], device))).ToList();
        return new("bad_words_ids", (scores, rows) =>
        {
            var banned = alone.unsqueeze(0).expand_as(scores);
            foreach (var (before, last) in longer)
            {
                var found = EndsIn(rows, before); // [B, S]
                banned = banned.logical_or(Marked(found, last.unsqueeze(0).expand_as(found), scores));
            }
            return scores.Plus(Chosen(banned));
        }, [alone, .. longer.SelectMany(group => (Tensor[])[group.Before, group.Last])]);
    }

    private static LogitsProcessor Biased(IReadOnlyList<TokenBias> biases, int vocabulary, Device device)
    {
        var alone = new float[vocabulary];
        foreach (var bias in biases.Where(bias => bias.Tokens.Length == 1))
            alone[bias.Tokens[0]] = (float)bias.Bias;
        var onDevice = tensor(alone, device: device);
        var longer = biases.Where(bias => bias.Tokens.Length > 1)
            .Select(bias => (Before: Ids(bias.Tokens[..^1], device), Last: bias.Tokens[^1], bias.Bias)).ToList();
        return new("sequence_bias", (scores, rows) =>
        {
            var sum = onDevice.unsqueeze(0).repeat(scores.shape[0], 1);
            foreach (var (before, last, bias) in longer)
                sum.select(1, last).add_(EndsIn(rows, before).to_type(ScalarType.Float32).Times(bias), Scalars.One);
            return scores.Plus(sum);
        }, [onDevice, .. longer.Select(one => one.Before)]);
    }

    /// <summary>None of these tokens in the rows that are meant.</summary>
    private static LogitsProcessor Without(
        string key, IEnumerable<int> tokens, Func<RowLength, bool> isMeant, int vocabulary, Device device)
    {
        var mask = Mask(tokens, vocabulary, device);
        return new(key, (scores, rows) =>
            rows.Where(isMeant) is { } meant ? scores.masked_fill(mask.logical_and(meant), Scalars.MinusInfinity) : scores, mask);
    }

    /// <summary>Nothing but these tokens in the rows that are meant.</summary>
    private static LogitsProcessor Forced(
        string key, IEnumerable<int> tokens, Func<RowLength, bool> isMeant, int vocabulary, Device device)
    {
        using var mask = Mask(tokens, vocabulary, device);
        var forced = Chosen(mask.logical_not());
        return new(key, (scores, rows) => rows.Where(isMeant) is { } meant ? where(meant, forced, scores) : scores, forced);
    }

    /// <summary>The ends' logits raised by |logit| (factor^n − 1) at the n-th token after the start.</summary>
    private static LogitsProcessor Decay(LengthDecay decay, IReadOnlyList<int> ends, Device device)
    {
        var ids = Ids(ends, device);
        double Past(RowLength row) => row.Length - row.Width - decay.Start;
        return new("exponential_decay_length_penalty", (scores, rows) =>
        {
            if (rows.Where(row => Past(row) > 0) is not { } meant)
                return scores;
            var growth = tensor(rows.Rows.Select(row => (float)(Math.Pow(decay.Factor, Math.Max(Past(row), 0)) - 1)).ToArray(), device: device);
            var raised = scores.index_select(1, ids).abs().mul(growth.unsqueeze(1)); // [B, E]
            return where(meant, scores.Plus(zeros_like(scores).index_copy(1, ids, raised)), scores);
        }, ids);
    }

    private static Tensor Ids(IEnumerable<int> tokens, Device device) =>
        DecoderAttention.OnDevice([.. tokens.Select(token => (long)token)], device);

    /// <summary>[V] of bool.</summary>
    private static Tensor Mask(IEnumerable<int> tokens, int vocabulary, Device device)
    {
        var mask = new bool[vocabulary];
        foreach (var token in tokens)
            mask[token] = true;
        return tensor(mask, device: device);
    }

    /// <summary>Minus infinity where the mask is true, 0 elsewhere, in float32.</summary>
    private static Tensor Chosen(Tensor mask) =>
        zeros_like(mask, ScalarType.Float32).masked_fill(mask, Scalars.MinusInfinity);
}
