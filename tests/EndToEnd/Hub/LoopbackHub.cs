using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Cognito.Eval.Tests;

/// <summary>
/// A hub on loopback: small files from its own host, large ones by a redirect to another ("localhost" on a second port),
/// with ETags and ranges; and whatever goes wrong in a test.
/// </summary>
internal sealed class LoopbackHub : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentDictionary<string, HubContent> repositories = new();
    private readonly string[] addresses;

    public sealed record Seen(string Method, string Host, string Path, string? Authorization, string? Range);

    public LoopbackHub()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        app = builder.Build();
        app.Run(Answer);
        app.StartAsync().GetAwaiter().GetResult();
        addresses = [.. app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses];
    }

    public string Endpoint => addresses[0];

    public string Elsewhere => addresses[1].Replace("127.0.0.1", "localhost", StringComparison.Ordinal);

    public ConcurrentQueue<Seen> Requests { get; } = new();

    /// <summary>What goes wrong: true where it has answered.</summary>
    public Func<HttpContext, Task<bool>>? Fault { get; set; }

    /// <summary>Changes a body on its way.</summary>
    public Func<HttpContext, byte[], byte[]>? Body { get; set; }

    /// <summary>After how many bytes of a body the connection is cut; null where it is not.</summary>
    public Func<HttpContext, int?>? Cut { get; set; }

    /// <summary>Bytes of a body that come between pauses of 20 ms; all at once if null.</summary>
    public int? Step { get; set; }

    /// <summary>Whether a body that comes in steps waits after so many bytes, until that is no longer so or nobody asks.</summary>
    public Func<HttpContext, int, bool>? Holds { get; set; }

    /// <param name="address">"org/name", or "datasets/org/name".</param>
    public HubContent Add(string address, IReadOnlyDictionary<string, byte[]> files) =>
        repositories[address] = new(Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(address))), files);

    /// <summary>Another revision of a repository.</summary>
    public void AddRevision(string address, string revision, IReadOnlyDictionary<string, byte[]> files) => Add($"{address}@{revision}", files);

    public void AddFolder(string address, string folder) => Add(address, Directory
        .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .ToDictionary(file => Path.GetRelativePath(folder, file).Replace('\\', '/'), File.ReadAllBytes));

    /// <summary>What is served of a file in a cache's snapshot.</summary>
    public byte[] Content(string file)
    {
        var parts = file.Replace('\\', '/').Split("/snapshots/");
        var (commit, path) = (parts[1].Split('/', 2)[0], parts[1].Split('/', 2)[1]);
        return repositories.Values.Single(repository => repository.Commit == commit).Files[path];
    }

    private async Task Answer(HttpContext context)
    {
        var request = context.Request;
        Requests.Enqueue(new(request.Method, request.Host.Value!, request.Path.Value!,
            request.Headers.Authorization.FirstOrDefault(), request.Headers.Range.FirstOrDefault()));
        try
        {
            if (Fault is { } fault && await fault(context))
                return;
            var parts = request.Path.Value!.Trim('/').Split('/');
            if (parts is ["blobs", var hash])
                await Send(context, repositories.Values.SelectMany(r => r.Files.Values).First(f => HubContent.Sha256(f) == hash), hash);
            else if (parts[0] == "api")
                await List(context, parts);
            else
                await Resolve(context, request.Path.Value!.Trim('/'));
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The other side is gone.
        }
    }

    private async Task List(HttpContext context, string[] parts)
    {
        var address = (parts[1] == "datasets" ? "datasets/" : "") + $"{parts[2]}/{parts[3]}";
        if (!repositories.TryGetValue(address, out var repository))
            await Fail(context, 404, "RepoNotFound");
        else if (Revision(address, Uri.UnescapeDataString(parts[5])) is { } other)
            await Listing(context, other);
        else if (parts[5] != "main" && parts[5] != repository.Commit)
            await Fail(context, 404, "RevisionNotFound");
        else
            await Listing(context, repository);
    }

    private static Task Listing(HttpContext context, HubContent repository) => context.Response.WriteAsJsonAsync(new
    {
        sha = repository.Commit,
        siblings = repository.Files.Keys.Select(path => new { rfilename = path }),
    });

    private HubContent? Revision(string address, string revision) => repositories.GetValueOrDefault($"{address}@{revision}")
        ?? repositories.FirstOrDefault(other => other.Key.StartsWith(address + "@", StringComparison.Ordinal) && other.Value.Commit == revision).Value;

    private async Task Resolve(HttpContext context, string path)
    {
        var at = path.IndexOf("/resolve/", StringComparison.Ordinal);
        var rest = at < 0 ? [] : path[(at + "/resolve/".Length)..].Split('/', 2);
        if (rest.Length != 2 || !repositories.TryGetValue(path[..at], out var repository)
            || (repository = Revision(path[..at], rest[0]) ?? repository).Commit != rest[0])
            await Fail(context, 404, "RepoNotFound");
        else if (!repository.Files.TryGetValue(rest[1], out var bytes))
            await Fail(context, 404, "EntryNotFound");
        else
        {
            context.Response.Headers["X-Repo-Commit"] = repository.Commit;
            if (HubContent.IsLarge(rest[1]))
            {
                var hash = HubContent.Sha256(bytes);
                context.Response.Headers["X-Linked-Etag"] = $"\"{hash}\"";
                context.Response.Headers["X-Linked-Size"] = $"{bytes.Length}";
                context.Response.Redirect($"{Elsewhere}/blobs/{hash}?signature=secret");
            }
            else
                await Send(context, bytes, HubContent.Sha1(bytes));
        }
    }

    private async Task Send(HttpContext context, byte[] whole, string tag)
    {
        var (request, response) = (context.Request.GetTypedHeaders(), context.Response);
        response.Headers.ETag = $"\"{tag}\"";
        var from = 0;
        if (request.Range?.Ranges.Single() is { } range
            && (request.IfRange?.EntityTag is not { } same || same.Tag.Value == $"\"{tag}\""))
        {
            from = (int)range.From!.Value;
            response.StatusCode = 206;
            response.Headers.ContentRange = $"bytes {from}-{whole.Length - 1}/{whole.Length}";
        }
        var body = whole[from..];
        if (context.Request.Method == "GET" && Body is { } change)
            body = change(context, body);
        response.ContentLength ??= body.Length;
        if (context.Request.Method == "HEAD")
            return;
        if (Cut?.Invoke(context) is { } cut && cut < body.Length)
        {
            await response.Body.WriteAsync(body.AsMemory(0, cut), context.RequestAborted);
            await response.Body.FlushAsync(context.RequestAborted);
            // The connection ends with fewer bytes than were announced; aborting it could take back what is on its way.
            return;
        }
        for (var sent = 0; sent < body.Length; sent += Step ?? body.Length)
        {
            await response.Body.WriteAsync(body.AsMemory(sent, Math.Min(Step ?? body.Length, body.Length - sent)), context.RequestAborted);
            if (Step is not null)
            {
                await response.Body.FlushAsync(context.RequestAborted);
                do
                    await Task.Delay(20, context.RequestAborted);
                while (Holds?.Invoke(context, sent) == true);
            }
        }
    }

    public static async Task<bool> Fail(HttpContext context, int status, string? code = null, string? retryAfter = null)
    {
        context.Response.StatusCode = status;
        if (code is not null)
            context.Response.Headers["X-Error-Code"] = code;
        if (retryAfter is not null)
            context.Response.Headers.RetryAfter = retryAfter;
        await context.Response.CompleteAsync();
        return true;
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();
}

/// <summary>A repository of the loopback hub.</summary>
internal sealed record HubContent(string Commit, IReadOnlyDictionary<string, byte[]> Files)
{
    public static bool IsLarge(string path) => path.EndsWith(".safetensors", StringComparison.Ordinal)
        || path.EndsWith(".parquet", StringComparison.Ordinal) || path.EndsWith("tokenizer.model", StringComparison.Ordinal);

    public static string Sha256(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    public static string Sha1(byte[] bytes) =>
        Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {bytes.Length}\0"), .. bytes]));
}
