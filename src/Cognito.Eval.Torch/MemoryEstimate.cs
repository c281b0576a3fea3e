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
        ModelConfig config, string dtype, Plan plan, IReadOnlyList<GenerationPlan> generation, int newTokens)
    {
        var bytes = dtype == "float32" ? 4L : 2;
        var perToken = CacheBytesPerToken(config, bytes);
        var sharedPrefixes = plan.Batches.Select(batch => batch.Trees.Select(tree => tree.SharedPrefix).OfType<SharedPrefix>().Distinct()
            .Sum(sharedPrefix => (long)sharedPrefix.Tokens.Length));
        var batches = plan.Batches.Select(batch => BatchBytes(config, bytes, batch));
        var cached = generation.SelectMany(task => task.Batches)
            .Select(batch => batch.SelectMany(group => group.Rows).ToList())
            .Select(rows => rows.Count * (rows.Max(row => row.Input.Length) + (long)newTokens));
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
        // The stream, its norm, the experts' outputs, gate and up and what they make; or the stream, its norm, queries,
        // keys, values and what is gathered.
        // Where experts are chosen, each token's rows lie beside one another: gathered, gate and up, what they make, outputs.
        var feedForward = config.Spec.Layers.Max(layer => layer.FeedForward is var own && own.ExpertsPerToken < own.Experts
            ? (2L + 2 * own.ExpertsPerToken) * config.HiddenSize + 3L * own.ExpertsPerToken * own.IntermediateSize
            : (2L + own.Experts) * config.HiddenSize + 3L * own.IntermediateSize);
        var attention = 2L * config.HiddenSize + 2L * (config.Heads + config.KeyValueHeads) * config.HeadDim;
        return bytes * Math.Max(feedForward, attention);
    }

    private static long BatchBytes(ModelConfig config, long bytes, ScoreBatch batch)
    {
        var tokens = batch.Trees.Sum(tree => tree.Context.Length + tree.Continuations.Sum(continuation => (long)continuation.Tokens.Length));
        var targets = batch.Trees.Sum(tree => tree.Continuations.Sum(continuation => continuation.Targets.Length));
        // Logits, their copy in float32 and its log-softmax.
        var logits = Math.Min(TorchModel.RowsAtOnce, targets) * config.VocabularySize * (bytes + (bytes == 4 ? 0 : 4) + 4);
        return tokens * BytesPerToken(config, bytes) + logits;
    }
}
