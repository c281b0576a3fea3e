using Cognito.Eval.Planning;
using Cognito.Eval.Torch.Architectures;

namespace Cognito.Eval.Torch.Attention;

/// <summary>
/// Queries that share their keys: a stretch of the stream. The keys are the shared prefix's from position SharedPrefixFrom on, then
/// the stretch of the stream at PrefixStart, then the stream from KeyStart to the last query.
/// </summary>
internal sealed record Block(
    int Start, int Rows, SharedPrefix? SharedPrefix, int SharedPrefixFrom, int ContextStart, int ContextLength, int KeyStart)
{
    public int End => Start + Rows;
    public int SharedPrefixKeys => SharedPrefix is null ? 0 : SharedPrefix.Tokens.Length - SharedPrefixFrom;
    public int Keys => SharedPrefixKeys + ContextLength + End - KeyStart;

    /// <summary>The keys lie on one path and their last Rows are the queries: what is visible is a band.</summary>
    public required bool IsPath { get; init; }

    /// <summary>A path whose keys are its queries, with no window that hides any: plain causal attention.</summary>
    public bool IsCausal { get; init; }

    /// <summary>Where in Visible the block's own Rows x Keys mask begins, if it has one.</summary>
    public int MaskAt { get; init; } = -1;
}

/// <summary>How far a token sees, and how many queries go through the attention at once.</summary>
/// <param name="Together">How long trees that share a block are at most, all of them.</param>
internal sealed record BlockSizes(int? Window, int Rows, int Together)
{
    /// <summary>Scores are seen themselves: no block goes without a mask, and each has its queries cut to Rows.</summary>
    public bool IsCapped { get; init; }

    public Visibility Visibility => new(Window, IsCapped);
}
