using System.Security.Cryptography;
using System.Text;

namespace Cognito.Eval.Journal;

/// <summary>Answers as a journal holds them, which knows nothing of what they are to.</summary>
/// <param name="Key">What they are found by: no two of a run have one.</param>
/// <param name="Asked">Digest of what was asked.</param>
/// <param name="Requests">How many of the run's requests it answers.</param>
/// <param name="Replies">A JSON object. It may hold more than a reader knows.</param>
public sealed record Entry(string Key, string Asked, int Requests, string Replies)
{
    /// <summary>Tells a damaged entry from a whole one.</summary>
    public string Checksum => Convert.ToHexStringLower(SHA256.HashData(
        Encoding.UTF8.GetBytes($"{Key}\n{Asked}\n{Requests}\n{Replies}")).AsSpan(0, 8));
}
