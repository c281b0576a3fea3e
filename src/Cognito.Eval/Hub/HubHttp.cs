using System.Net;
using System.Net.Http.Headers;
using System.Reflection;
using Cognito.Eval.Files;
using Polly.Timeout;

namespace Cognito.Eval.Hub;

/// <summary>Requests to the hub: retries, redirects, and a token that goes to the endpoint's host only.</summary>
internal sealed class HubHttp : IDisposable
{
    private const int MostRedirects = 10;
    private readonly HubSettings settings;
    private readonly Action<string> say;
    private readonly HttpClient http;

    public HubHttp(HubSettings settings, Action<string> say)
    {
        (this.settings, this.say) = (settings, say);
        // Redirects are followed here, since who gets the token depends on them; proxies are the environment's.
        http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = 2 * settings.Patience, // requests have their own, which comes first
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        })
        { Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.UserAgent.Add(new("cognito-eval",
            typeof(HubHttp).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0]));
        // Sizes and offsets are of the file itself.
        http.DefaultRequestHeaders.AcceptEncoding.Add(new("identity"));
    }

    /// <summary>The answer's headers; its body is still to come.</summary>
    /// <param name="staysHome">Stop at a redirect to another host and return that answer.</param>
    /// <param name="tries">How often a request is made again before it fails; after silence once at most.</param>
    /// <exception cref="HubException">No answer came, or none but errors that pass.</exception>
    public async Task<HttpResponseMessage> Send(
        HttpMethod method, string address, CancellationToken cancel, bool staysHome = false, long from = 0,
        EntityTagHeaderValue? sameAs = null, int tries = HubClient.Tries)
    {
        var uri = new Uri($"{settings.Endpoint}/{address}");
        try
        {
            var answer = await HubRetries.OfRequests(settings, tries, say).ExecuteAsync(
                async attempt => await Follow(method, uri, staysHome, from, sameAs, attempt), cancel);
            if (!HubRetries.IsPassing(answer) && (int)answer.StatusCode < 500)
                return answer;
            using (answer)
                throw new HubException($"{Shown(uri)}: the hub answers {Status(answer)}" + (
                    HubRetries.RetryAfter(answer, settings) is { } pause && pause > HubRetries.LongestPause
                        ? $" and asks for a pause of {pause.TotalSeconds:0} s, where {HubRetries.LongestPause.TotalSeconds:0} s are "
                            + "waited; try again after it, what was fetched is kept"
                        : ", also when asked again; try later, what was fetched is kept"));
        }
        catch (Exception e) when (e is HttpRequestException or TimeoutRejectedException or IOException)
        {
            throw new HubException($"{Shown(uri)}: no answer ({HubFailure.Reason(e)}); check the network, HF_ENDPOINT and the proxy, "
                + "use --offline with what the cache has, or name folders on disk: --data DIR for datasets, --model DIR for a checkpoint", e);
        }
    }

    /// <summary>An answer's status, with what the hub calls it, as it may be shown.</summary>
    public static string Status(HttpResponseMessage answer)
    {
        const int most = 60;
        var reason = Printable.Line(answer.ReasonPhrase);
        return $"{(int)answer.StatusCode} {(reason.Length > most ? reason[..most] + "..." : reason)}".TrimEnd();
    }

    private async Task<HttpResponseMessage> Follow(
        HttpMethod method, Uri uri, bool staysHome, long from, EntityTagHeaderValue? sameAs, CancellationToken cancel)
    {
        var home = true;
        for (var hop = 0; ; hop++)
        {
            // Once elsewhere, never again: a redirect back does not bring the token back.
            home &= settings.IsEndpoint(uri);
            using var request = new HttpRequestMessage(method, uri);
            if (home && settings.Token is { } token)
                request.Headers.Authorization = new("Bearer", token);
            if (from > 0)
                request.Headers.Range = new(from, null);
            if (from > 0 && sameAs is { IsWeak: false })
                request.Headers.IfRange = new(sameAs);
            var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            if ((int)answer.StatusCode is < 300 or > 399 || answer.StatusCode == HttpStatusCode.NotModified)
                return answer;
            // As it was sent: .NET's own reading leaves out what is no address.
            var location = answer.Headers.NonValidated.TryGetValues("Location", out var sent) ? sent.ToString() : "";
            if (location.Length == 0 || !Uri.TryCreate(uri, location, out var next))
            {
                answer.Dispose();
                throw new InputException($"{Shown(uri)}: redirects to what is no address; check HF_ENDPOINT");
            }
            if (staysHome && !HubSettings.IsSameHost(next, uri))
                return answer;
            answer.Dispose();
            if (hop == MostRedirects || next.Scheme is not ("http" or "https") || uri.Scheme == "https" && next.Scheme == "http")
                throw new InputException($"{Shown(uri)}: redirects to {Shown(next)}, which is not followed; check HF_ENDPOINT");
            uri = next;
        }
    }

    /// <summary>An address without its query, which may hold a signature.</summary>
    public static string Shown(Uri uri) => Printable.Line(uri.GetLeftPart(UriPartial.Path));

    public void Dispose() => http.Dispose();
}
