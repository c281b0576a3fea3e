using Cognito.Eval.Planning;
using Cognito.Eval.Torch.Architectures;

namespace Cognito.Eval.Torch;

/// <summary>What a plan takes of memory, in bytes, from config.json alone.</summary>
/// <param name="Weights">All parameters.</param>
/// <param name="SharedPrefixes">Keys and values of the shared prefixes that one batch names, at their most.</param>
/// <param name="Batch">The largest batch in the widest part of a layer, and its scored positions' logits.</param>
/// <param name="Generation">Keys and values of the largest batch that generates, prompts and answers.</param>
internal sealed record MemoryEstimate(long Weights, long SharedPrefixes, long Batch, long Generation)
{
    /// <summary>Log-likelihoods and generation follow one another.</summary>
    public long Peak => Weights + Math.Max(SharedPrefixes + Batch, Generation);

    public static MemoryEstimate Compute(
        ModelConfig config, string dtype, IReadOnlyList<ScoreBatch> scored, IReadOnlyList<GenerationPlan> generation, int newTokens)
    {
        var bytes = dtype == "float32" ? 4L : 2;
        var perToken = CacheBytesPerToken(config, bytes);
        var sharedPrefixes = scored.Select(batch => batch.Trees.Select(tree => tree.SharedPrefix).OfType<SharedPrefix>().Distinct()
            .Sum(sharedPrefix => (long)sharedPrefix.Tokens.Length));
        var batches = scored.Select(batch => BatchBytes(config, bytes, batch));
        var cached = generation.SelectMany(task => task.Inputs)
            .Select(batch => batch.Beginning().AtOnce * (batch.Prompts.Max(prompt => prompt.Tokens.Length) + (long)newTokens));
        return new(
            bytes * config.Parameters, perToken * sharedPrefixes.DefaultIfEmpty(0).Max(), batches.DefaultIfEmpty(0).Max(),
            perToken * cached.DefaultIfEmpty(0).Max());
    }

    /// <summary>Keys and values of a token that is kept.</summary>
    public static long CacheBytesPerToken(ModelConfig config, long bytes) =>
        2 * bytes * config.Layers * config.KeyValueHeads * config.HeadDim;

    /// <summary>A token on its way through the widest part of a layer.</summary>
    public static long BytesPerToken(ModelConfig config, long bytes)
    {
        var feedForward = config.Spec.Layers.Max(layer => Math.Max(
            Numbers(layer.FeedForward, config.HiddenSize), Numbers(layer.FeedForward.Mixture?.Shared, config.HiddenSize)));
        // The stream, its norm, queries, keys, values and what is gathered.
        var attention = 2L * config.HiddenSize + 2L * (config.Heads + config.KeyValueHeads) * config.HeadDim;
        return bytes * Math.Max(feedForward, attention);
    }

    /// <summary>
    /// The stream, its norm, the experts' outputs, gate and up and what they make. Where experts are chosen, a token's rows lie
    /// beside one another: gathered, gate and up, what they make, outputs.
    /// </summary>
    private static long Numbers(FeedForwardSpec spec, long hidden) =>
        spec is { Mixture.WeighsAll: false, ExpertsPerToken: var chosen }
        ? (2L + 2 * chosen) * hidden + 3L * chosen * spec.IntermediateSize
        : (2L + spec.Experts) * hidden + 3L * spec.IntermediateSize;

    /// <summary>The stream, its norm, gate and up, what they make and the output, when the experts are done.</summary>
    private static long Numbers(SharedExpertSpec? shared, long hidden) =>
        shared is null ? 0 : 3L * hidden + 3L * shared.IntermediateSize;

    private static long BatchBytes(ModelConfig config, long bytes, ScoreBatch batch)
    {
        var tokens = batch.Trees.Sum(tree => tree.Context.Length + tree.Continuations.Sum(continuation => (long)continuation.Tokens.Length));
        var targets = batch.Trees.Sum(tree => tree.Continuations.Sum(continuation => continuation.Targets.Length));
        // Logits, their copy in float32 and its log-softmax.
        var logits = Math.Min(TorchModel.RowsAtOnce, targets) * config.VocabularySize * (bytes + (bytes == 4 ? 0 : 4) + 4);
        return tokens * BytesPerToken(config, bytes) + logits;
    }
}
