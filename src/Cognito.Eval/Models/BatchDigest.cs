using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Cognito.Eval.Planning;

namespace Cognito.Eval.Models;

/// <summary>What a batch asks, as sha256 in lower-case hex over all of its tokens and where they begin.</summary>
internal static class BatchDigest
{
    public static string Compute(ScoreBatch batch)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        SharedPrefix? last = null;
        byte[] lastDigest = [];
        foreach (var tree in batch.Trees)
        {
            // Trees of one shared prefix lie side by side; its tokens are hashed once.
            if (tree.SharedPrefix is { } sharedPrefix && sharedPrefix != last)
                (last, lastDigest) = (sharedPrefix, SHA256.HashData(MemoryMarshal.AsBytes(sharedPrefix.Tokens.AsSpan())));
            hash.AppendData(tree.SharedPrefix is null ? [0] : lastDigest);
            Add(hash, tree.Context);
            Add(hash, [tree.Continuations.Count]);
            foreach (var continuation in tree.Continuations)
            {
                Add(hash, continuation.Tokens);
                Add(hash, continuation.Targets);
            }
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Prompts, and how many begin at once; when their answers end follows from the stage.</summary>
    public static string Compute(GenerationBatch batch)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var prompt in batch.Prompts)
        {
            Add(hash, prompt.Tokens);
            Add(hash, [prompt.MaxNewTokens]);
            if (prompt.Padding.Length > 0)
                Add(hash, prompt.Padding);
        }
        if (batch.CacheTokens is { } most)
            hash.AppendData(BitConverter.GetBytes(most));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Add(IncrementalHash hash, ReadOnlySpan<int> numbers)
    {
        hash.AppendData(BitConverter.GetBytes(numbers.Length));
        hash.AppendData(MemoryMarshal.AsBytes(numbers));
    }
}
