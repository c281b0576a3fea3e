using System.Security.Cryptography;
using System.Text;

namespace Cognito.Eval.Journal;

/// <summary>A batch's answers as a journal holds them.</summary>
/// <param name="Asked">Digest of the batch's tokens.</param>
/// <param name="Requests">How many of the run's requests it answers.</param>
/// <param name="Replies">A JSON object. It may hold more than a reader knows.</param>
public sealed record Entry(string Stage, int Batch, string Asked, int Requests, string Replies)
{
    /// <summary>Tells a damaged entry from a whole one.</summary>
    public string Checksum => Convert.ToHexStringLower(SHA256.HashData(
        Encoding.UTF8.GetBytes($"{Stage}\n{Batch}\n{Asked}\n{Requests}\n{Replies}")).AsSpan(0, 8));
}
