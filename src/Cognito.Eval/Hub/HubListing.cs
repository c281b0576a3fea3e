using System.Text.Json;
using Cognito.Eval.Files;

namespace Cognito.Eval.Hub;

/// <summary>A repository's commit, and all its files.</summary>
internal sealed record HubListing(string Commit, IReadOnlyList<string> Files)
{
    /// <summary>The hub's answer on a revision; paths that would lead out of the repository are left out.</summary>
    /// <param name="address">What was asked, for messages.</param>
    /// <exception cref="InputException">It is another answer.</exception>
    public static HubListing Parse(byte[] answer, string address)
    {
        try
        {
            using var json = JsonDocument.Parse(answer);
            var commit = json.RootElement.GetProperty("sha").GetString() ?? "";
            string[] files = [.. json.RootElement.GetProperty("siblings").EnumerateArray()
                .Select(file => file.GetProperty("rfilename").GetString() ?? "").Where(HubFile.IsInside)];
            return HubRepo.IsCommit(commit) ? new(commit, files) : throw new FormatException();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new InputException($"{address}: not the hub's answer (a commit in \"sha\", files in \"siblings\"); check HF_ENDPOINT", e);
        }
    }
}
