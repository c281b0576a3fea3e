using System.Net;
using System.Net.Http.Headers;
using System.Reflection;
using Polly.Timeout;

namespace Cognito.Eval;

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
            ConnectTimeout = settings.Patience,
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
    /// <param name="tries">How often a request is made again before it fails.</param>
    /// <exception cref="HubException">No answer came, or none but errors that pass.</exception>
    public async Task<HttpResponseMessage> Send(
        HttpMethod method, string address, CancellationToken cancel, bool staysHome = false, long from = 0,
        EntityTagHeaderValue? sameAs = null, int tries = 5)
    {
        var uri = new Uri($"{settings.Endpoint}/{address}");
        try
        {
            var answer = await HubRetries.OfRequests(settings.Patience, tries, say).ExecuteAsync(
                async attempt => await Follow(method, uri, staysHome, from, sameAs, attempt), cancel);
            if (answer.StatusCode is not HttpStatusCode.TooManyRequests && (int)answer.StatusCode < 500)
                return answer;
            using (answer)
                throw new HubException($"{Shown(uri)}: the hub answers {(int)answer.StatusCode} {answer.ReasonPhrase}, "
                    + "also when asked again; try later, what was fetched is kept");
        }
        catch (Exception e) when (e is HttpRequestException or TimeoutRejectedException or IOException)
        {
            throw new HubException($"{Shown(uri)}: no answer ({Reason(e)}); check the network, HF_ENDPOINT and the proxy, "
                + "or use --offline with what the cache has", e);
        }
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
            if ((int)answer.StatusCode is < 300 or > 399 || answer.Headers.Location is not { } location)
                return answer;
            var next = new Uri(uri, location);
            if (staysHome && !HubSettings.IsSameHost(next, uri))
                return answer;
            answer.Dispose();
            if (hop == MostRedirects || next.Scheme is not ("http" or "https") || uri.Scheme == "https" && next.Scheme == "http")
                throw new InputException($"{Shown(uri)}: redirects to {Shown(next)}, which is not followed; check HF_ENDPOINT");
            uri = next;
        }
    }

    /// <summary>An address without its query, which may hold a signature.</summary>
    public static string Shown(Uri uri) => uri.GetLeftPart(UriPartial.Path);

    private static string Reason(Exception e) => e switch
    {
        TimeoutRejectedException => "none in time",
        _ => Fact.Of(e),
    };

    public void Dispose() => http.Dispose();
}
