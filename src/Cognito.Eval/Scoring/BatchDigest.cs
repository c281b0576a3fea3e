using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Cognito.Eval;

/// <summary>What a batch asks, as sha256 in lower-case hex over all of its tokens and where they begin.</summary>
internal static class BatchDigest
{
    public static string Of(ScoreBatch batch)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Opening? last = null;
        byte[] lastDigest = [];
        foreach (var tree in batch.Trees)
        {
            // Trees of one opening lie side by side; its tokens are hashed once.
            if (tree.Opening is { } opening && opening != last)
                (last, lastDigest) = (opening, SHA256.HashData(MemoryMarshal.AsBytes(opening.Tokens.AsSpan())));
            hash.AppendData(tree.Opening is null ? [0] : lastDigest);
            Add(hash, tree.Trunk);
            Add(hash, [tree.Branches.Count]);
            foreach (var branch in tree.Branches)
            {
                Add(hash, branch.Tokens);
                Add(hash, branch.Targets);
            }
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Prompts alone; when their answers end follows from the stage.</summary>
    public static string Of(GenerationBatch batch)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var prompt in batch.Prompts)
        {
            Add(hash, prompt.Tokens);
            Add(hash, [prompt.MaxNewTokens]);
            if (prompt.Padding.Length > 0)
                Add(hash, prompt.Padding);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Add(IncrementalHash hash, ReadOnlySpan<int> numbers)
    {
        hash.AppendData(BitConverter.GetBytes(numbers.Length));
        hash.AppendData(MemoryMarshal.AsBytes(numbers));
    }
}
