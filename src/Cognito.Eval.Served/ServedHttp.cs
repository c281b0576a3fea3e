using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Reflection;
using System.Text.Json;
using Cognito.Eval.Files;
using Polly.Timeout;

namespace Cognito.Eval.Served;

/// <summary>Requests to a server: its key, retries, answers of a bounded length.</summary>
internal sealed class ServedHttp : IDisposable
{
    /// <summary>In bytes. The longest that are asked for hold a number for each token of a prompt.</summary>
    public const int MostBytes = 64 << 20;

    private readonly ServerAddress _address;
    private readonly ServedModelOptions _options;
    private readonly HttpClient _http;
    private int _isAway;
    private long _sent, _waitedTicks;

    public ServedHttp(ServerAddress address, ServedModelOptions options)
    {
        (_address, _options) = (address, options);
        _http = new HttpClient(new SocketsHttpHandler
        {
            // A redirect may lead to where the key must not go.
            AllowAutoRedirect = false,
            UseCookies = false,
            MaxConnectionsPerServer = options.Concurrency + 1,
            ConnectTimeout = TimeSpan.FromSeconds(15),
            PooledConnectionLifetime = TimeSpan.FromMinutes(15),
        })
        { Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.Add(new("cognito-eval",
            typeof(ServedHttp).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0]));
        if (options.ApiKey is { } key)
            _http.DefaultRequestHeaders.Authorization = new("Bearer", key);
    }

    public ServerAddress Address => _address;

    /// <summary>How many requests were made, and how long it took from each one's first byte to its answer's last, added up.</summary>
    public (long Sent, TimeSpan Waited) Account => (Interlocked.Read(ref _sent), TimeSpan.FromTicks(Interlocked.Read(ref _waitedTicks)));

    public Task<ServerReply> GetAsync(string path, CancellationToken cancel) => SendAsync(HttpMethod.Get, path, null, cancel);

    /// <param name="body">A JSON object.</param>
    public Task<ServerReply> PostAsync(string path, IReadOnlyDictionary<string, object?> body, CancellationToken cancel) =>
        SendAsync(HttpMethod.Post, path, JsonSerializer.SerializeToUtf8Bytes(body), cancel);

    /// <summary>What a server says to a request: an answer, or that the request is not one that it answers.</summary>
    /// <exception cref="ServerGoneException">It does not answer, or has too much to do, for longer than is waited.</exception>
    /// <exception cref="ServedException">It answers with errors, or with what is none, also when asked again.</exception>
    private async Task<ServerReply> SendAsync(HttpMethod method, string path, byte[]? body, CancellationToken cancel)
    {
        try
        {
            var reply = await ServedRetries.Of(_options, Retried).ExecuteAsync(
                async attempt => await OnceAsync(method, path, body, attempt), cancel);
            if (!reply.IsPassing)
            {
                if (Interlocked.Exchange(ref _isAway, 0) == 1)
                    _options.Say($"{_address.Host} answers again");
                return reply;
            }
            var pause = reply.RetryAfter is { } asked && asked > _options.Patience
                ? $" and asks for a pause of {asked.TotalSeconds:0} s, where {_options.Patience.TotalSeconds:0} s are waited" : ", also when asked again";
            throw reply.IsOverloaded
                ? new ServerGoneException($"{_address}/{path}: the server answers {reply.Said}{pause}; see its log, and give the same command again")
                : new ServerErrorException(reply.Status, $"{_address}/{path}: the server answers {reply.Said}{pause}; see its log", reply.Words);
        }
        catch (BrokenAnswerException e)
        {
            throw new ServedException($"{_address}/{path}: {e.Fact}, also when asked again; see the server's log", e);
        }
        catch (TimeoutRejectedException e)
        {
            throw new ServerGoneException($"{_address}/{path}: no answer in {_options.AnswerTime.TotalSeconds:0.#} s, twice; see the server's log, "
                + "or ask for less at a time with --concurrency", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new ServerGoneException($"{_address}: no answer ({Fact.Of(e)}); see that the server is up, and give the same command again", e);
        }
    }

    private async Task<ServerReply> OnceAsync(HttpMethod method, string path, byte[]? body, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, $"{_address}/{path}");
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }
        var begun = TimeProvider.System.GetTimestamp();
        Interlocked.Increment(ref _sent);
        using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        var bytes = await ReadAsync(answer.Content, cancel);
        Interlocked.Add(ref _waitedTicks, TimeProvider.System.GetElapsedTime(begun).Ticks);
        return ServerReply.Read(answer, bytes, _options.ApiKey);
    }

    private static async Task<byte[]> ReadAsync(HttpContent content, CancellationToken cancel)
    {
        if (content.Headers.ContentLength > MostBytes)
            throw new BrokenAnswerException($"an answer of {content.Headers.ContentLength} bytes, more than the {MostBytes} that are read");
        await using var stream = await content.ReadAsStreamAsync(cancel);
        using var whole = new MemoryStream((int)(content.Headers.ContentLength ?? 4096));
        var part = ArrayPool<byte>.Shared.Rent(1 << 14);
        try
        {
            for (int read; (read = await stream.ReadAsync(part, cancel)) > 0; whole.Write(part, 0, read))
                if (whole.Length + read > MostBytes)
                    throw new BrokenAnswerException($"an answer of more than the {MostBytes} bytes that are read");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(part);
        }
        return whole.ToArray();
    }

    private void Retried(ServerReply? reply, TimeSpan pause)
    {
        if (Interlocked.Exchange(ref _isAway, 1) == 0)
            _options.Say($"{_address.Host} {(reply is null ? "does not answer" : $"answers {reply.Said}")}; asked again in "
                + $"{Math.Ceiling(pause.TotalSeconds):0} s, for at most {_options.Patience.TotalMinutes:0.#} min");
    }

    public void Dispose() => _http.Dispose();
}

/// <summary>An error of the server's that stays when it is asked again.</summary>
/// <param name="words">What it says itself.</param>
internal sealed class ServerErrorException(HttpStatusCode status, string message, string words) : ServedException(message)
{
    public HttpStatusCode Status => status;

    public string Words => words;
}
