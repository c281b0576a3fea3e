using System.Net;
using System.Net.Http.Headers;
using Cognito.Eval.Files;

namespace Cognito.Eval.Hub;

/// <summary>The hub's HTTP API, as far as files are fetched from it.</summary>
internal sealed class HubClient(HubSettings settings, Action<string> say) : IDisposable
{
    /// <summary>How often a request is made again before it fails.</summary>
    public const int Tries = 4;

    /// <summary>Of a listing, in bytes, and in patiences from its first byte to its last.</summary>
    private const int LongestAnswer = 64 << 20, LongestListing = 12;

    private readonly HubHttp http = new(settings, say);

    /// <summary>The commit that a revision means, and the files there.</summary>
    /// <exception cref="InputException">There is no such repository, or no access to it.</exception>
    /// <exception cref="HubException">The hub cannot be reached.</exception>
    public async Task<HubListing> List(HubRepo repo, int tries, CancellationToken cancel)
    {
        var address = $"{settings.Endpoint}/{repo.Api}";
        for (var (again, patience) = (tries > 1, settings.Patience); ; (again, patience) = (false, patience / 2))
        {
            using var answer = await http.Send(HttpMethod.Get, repo.Api, cancel, tries: tries);
            Check(answer, repo, null);
            using var late = new CancellationTokenSource(LongestListing * settings.Patience, settings.Clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
            try
            {
                await using var body = await answer.Content.ReadAsStreamAsync(either.Token);
                var patient = new PatientBody(body, patience, settings.Clock);
                return HubListing.Parse(await patient.ReadAll(LongestAnswer, either.Token), address);
            }
            catch (TooLongException e)
            {
                throw new InputException($"{address}: the answer has more than {LongestAnswer} bytes, no repository's list of "
                    + "files does; check HF_ENDPOINT", e);
            }
            catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
            {
                throw new HubException($"{address}: the answer was not whole in "
                    + $"{(LongestListing * settings.Patience).TotalSeconds:0} s; try again", e);
            }
            catch (IOException e) when (!again)
            {
                throw new HubException($"{address}: the answer broke off ({Fact.Of(e)}); try again", e);
            }
            catch (IOException)
            {
                // Once more.
            }
        }
    }

    /// <summary>A file's hash and size; null where the repository has no such file.</summary>
    public async Task<RemoteFile?> Describe(HubFile file, CancellationToken cancel)
    {
        var address = file.Repo.FileAddress(file.Commit, file.Path);
        using var answer = await http.Send(HttpMethod.Head, address, cancel, staysHome: true);
        if (answer.StatusCode == HttpStatusCode.NotFound && Header(answer, "X-Error-Code") == "EntryNotFound")
            return null;
        if ((int)answer.StatusCode >= 400)
            Check(answer, file.Repo, file.Path);
        var etag = (Header(answer, "X-Linked-Etag") ?? Header(answer, "ETag") ?? "").Replace("W/", "").Trim('"');
        var isRedirect = (int)answer.StatusCode is >= 300 and < 400;
        var size = long.TryParse(Header(answer, "X-Linked-Size"), out var linked) ? linked
            : isRedirect ? null : answer.Content.Headers.ContentLength;
        if (!BlobHash.IsKnown(etag) || size is not >= 0)
            throw new InputException($"{settings.Endpoint}/{address}: no size, or no hash that bytes can be checked against "
                + "(X-Linked-Etag or ETag: a sha256, or git's sha1); check HF_ENDPOINT, a mirror must pass these on");
        if (Header(answer, "X-Repo-Commit") is { } commit && commit != file.Commit)
            throw new InputException($"{settings.Endpoint}/{address}: the answer is of "
                + $"{(HubRepo.IsCommit(commit) ? $"commit {commit}" : "what is no commit")}, not of {file.Commit}; check HF_ENDPOINT");
        return new(file, etag, size.Value);
    }

    /// <summary>A file's bytes from an offset on.</summary>
    /// <param name="sameAs">The tag of the answer that the bytes before came with, if it is known.</param>
    public async Task<HttpResponseMessage> Get(
        HubFile file, long from, EntityTagHeaderValue? sameAs, CancellationToken cancel)
    {
        var answer = await http.Send(
            HttpMethod.Get, file.Repo.FileAddress(file.Commit, file.Path), cancel, from: from, sameAs: sameAs);
        if (answer.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
            return answer;
        Check(answer, file.Repo, file.Path);
        return answer;
    }

    private void Check(HttpResponseMessage answer, HubRepo repo, string? path)
    {
        if (answer.IsSuccessStatusCode)
            return;
        var (code, page) = (Header(answer, "X-Error-Code"), $"{settings.Endpoint}/{repo.Address}");
        var message = ((int)answer.StatusCode, code) switch
        {
            (401 or 403, "GatedRepo") when settings.Token is null =>
                $"{repo}: gated; accept its terms on {page} and set HF_TOKEN to a token of that account",
            (401 or 403, "GatedRepo") =>
                $"{repo}: gated, and the token's account has no access; ask for it on {page}",
            (401, _) when settings.Token is null =>
                $"{repo}: no such repository on {settings.Endpoint}, or it is private; check its name, or set HF_TOKEN",
            (401, _) =>
                $"{repo}: {settings.Endpoint} refuses the token, or there is no such repository; check the name and HF_TOKEN",
            (403, _) =>
                $"{repo}: {settings.Endpoint} forbids access; give a token that may read it in HF_TOKEN",
            (404, "RevisionNotFound") => $"{repo}: the repository has no revision {repo.Revision}; see {page}/commits/main",
            (404, "EntryNotFound") => $"{repo}: no file {path} there; see {page}/tree/{repo.Revision}",
            (404, _) when settings.Token is null =>
                $"{repo}: no such repository on {settings.Endpoint}; check its name, or set HF_TOKEN if it is private",
            (404, _) => $"{repo}: no such repository on {settings.Endpoint}, or the token may not see it; check its name",
            _ => $"{page}: the hub answers {HubHttp.Status(answer)}; check HF_ENDPOINT and the name",
        };
        answer.Dispose();
        throw new InputException(message);
    }

    /// <summary>A header as it was sent: not every server quotes its tags.</summary>
    private static string? Header(HttpResponseMessage answer, string name) =>
        answer.Headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : null;

    public void Dispose() => http.Dispose();
}
