using Cognito.Eval.Torch;

namespace Cognito.Eval.Cli;

/// <summary>What a plan takes of memory, in bytes, from config.json alone.</summary>
/// <param name="Weights">All parameters.</param>
/// <param name="Openings">Keys and values of the openings that one batch names, at their most.</param>
/// <param name="Batch">The largest batch in the widest part of a layer, and its scored positions' logits.</param>
/// <param name="Generation">Keys and values of the largest batch that generates, prompts and answers.</param>
internal sealed record MemoryEstimate(long Weights, long Openings, long Batch, long Generation)
{
    /// <summary>So many positions at a time are projected to the vocabulary.</summary>
    private const int RowsAtOnce = 1024;

    /// <summary>Log-likelihoods and generation follow one another.</summary>
    public long Peak => Weights + Math.Max(Openings + Batch, Generation);

    public static MemoryEstimate Of(
        ModelConfig config, string dtype, Plan plan, IReadOnlyList<GenerationPlan> generation, int newTokens)
    {
        var bytes = dtype == "float32" ? 4L : 2;
        var perToken = 2 * bytes * config.Layers * config.KeyValueHeads * config.HeadDim;
        var openings = plan.Batches.Select(batch => batch.Trees.Select(tree => tree.Opening).OfType<Opening>().Distinct()
            .Sum(opening => (long)opening.Tokens.Length));
        var batches = plan.Batches.Select(batch => BatchBytes(config, bytes, batch));
        var cached = generation.SelectMany(task => task.Batches)
            .Select(batch => batch.SelectMany(group => group.Rows).ToList())
            .Select(rows => rows.Count * (rows.Max(row => row.Input.Length) + (long)newTokens));
        return new(
            bytes * Parameters(config), perToken * openings.DefaultIfEmpty(0).Max(), batches.DefaultIfEmpty(0).Max(),
            perToken * cached.DefaultIfEmpty(0).Max());
    }

    private static long Parameters(ModelConfig config)
    {
        long hidden = config.HiddenSize, inner = config.IntermediateSize;
        long queries = config.Heads * config.HeadDim, keys = config.KeyValueHeads * config.HeadDim;
        var attention = 2 * hidden * (queries + keys) + (config.AttentionBias ? queries + 2 * keys + hidden : 0);
        var expert = 3 * hidden * inner + (config.FeedForwardBias ? 2 * inner + hidden : 0);
        var router = config.HasRouter ? hidden * config.Experts : 0;
        return config.Layers * (2 * hidden + attention + config.Experts * expert + router) + hidden
            + hidden * config.VocabularySize * (config.TiesEmbeddings ? 1 : 2);
    }

    private static long BatchBytes(ModelConfig config, long bytes, ScoreBatch batch)
    {
        var tokens = batch.Trees.Sum(tree => tree.Trunk.Length + tree.Branches.Sum(branch => (long)branch.Tokens.Length));
        var targets = batch.Trees.Sum(tree => tree.Branches.Sum(branch => branch.Targets.Length));
        // The stream, its norm, an expert's output and the sum of them, gate and up; or the stream, its norm, queries,
        // keys, values and what is gathered.
        var feedForward = 4L * config.HiddenSize + 2L * config.IntermediateSize;
        var attention = 2L * config.HiddenSize + 2L * (config.Heads + config.KeyValueHeads) * config.HeadDim;
        // Logits, their copy in float32 and its log-softmax.
        var logits = Math.Min(RowsAtOnce, targets) * config.VocabularySize * (bytes + (bytes == 4 ? 0 : 4) + 4);
        return tokens * bytes * Math.Max(feedForward, attention) + logits;
    }
}
