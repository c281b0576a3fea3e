using System.Diagnostics;
using Cognito.Eval.Hub;
using Microsoft.AspNetCore.Http;

namespace Cognito.Eval.Tests;

/// <summary>A checkpoint fetched over HTTP, with what goes wrong on the way.</summary>
public sealed partial class HubTests : IAsyncDisposable
{
    private const string Token = "hf_secretsecretsecret";
    private const string Weights = "model-00001-of-00002.safetensors";
    private readonly TemporaryFolder home = new();
    private readonly LoopbackHub server = new();
    private readonly List<string> said = [];
    private readonly HubRepo repo = new(HubKind.Model, "org/nano");

    public HubTests() => server.AddFolder("org/nano", CommandLine.Nano);

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        home.Dispose();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private HubSettings Settings(string? token = null, bool offline = false, bool copies = false, TimeProvider? clock = null) => new()
    {
        Endpoint = server.Endpoint,
        Home = home.Path,
        CacheFolder = Path.Combine(home.Path, "hub"),
        Token = token,
        IsOffline = offline,
        CopiesFiles = copies,
        Patience = HangGuard.Long,
        Clock = clock ?? TimeProvider.System,
    };

    private async Task<string> Fetch(HubSettings? settings = null, HubRepo? other = null)
    {
        using var hub = new HubFetch(settings ?? Settings());
        hub.Said += line =>
        {
            lock (said)
                said.Add(line);
        };
        return await HubCheckpoint.Fetch(hub, other ?? repo, weights: true, Cancel);
    }

    private static void Holds(string folder) => Assert.All(Directory.EnumerateFiles(CommandLine.Nano), file =>
        Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(Path.Combine(folder, Path.GetFileName(file)))));

    /// <summary>No bytes but checked ones, neither whole nor in part.</summary>
    private void Keeps_nothing_of(string hash) =>
        Assert.DoesNotContain(Directory.EnumerateFiles(home.Path, "*", SearchOption.AllDirectories),
            file => Path.GetFileName(file).StartsWith(hash, StringComparison.Ordinal) && !file.EndsWith(".lock", StringComparison.Ordinal));

    private static bool IsBlob(HttpContext context) =>
        context.Request.Path.StartsWithSegments("/blobs") && context.Request.Method == "GET";

    [Fact]
    public async Task A_checkpoint_comes_into_Hugging_Faces_cache_and_is_not_asked_for_again()
    {
        var folder = await Fetch();
        Holds(folder);
        var shard = File.ResolveLinkTarget(Path.Combine(folder, Weights), true)!.FullName;
        Assert.Equal(HubContent.Sha256(File.ReadAllBytes(shard)), Path.GetFileName(shard));
        Assert.Equal(Path.Combine(home.Path, "hub", "models--org--nano", "blobs"), Path.GetDirectoryName(shard));
        Assert.Equal(Path.GetFileName(folder), File.ReadAllText(Path.Combine(home.Path, "hub", "models--org--nano", "refs", "main")));
        server.Requests.Clear();
        Assert.Equal(folder, await Fetch(Settings(offline: true)));
        Assert.Empty(server.Requests);
        await Fetch();
        Assert.Equal(["/api/models/org/nano/revision/main"], server.Requests.Select(seen => seen.Path));
    }

    [Fact]
    public async Task Where_there_are_no_links_files_are_copies_and_are_found_again()
    {
        var folder = await Fetch(Settings(copies: true));
        Holds(folder);
        Assert.Null(File.ResolveLinkTarget(Path.Combine(folder, Weights), true));
        server.Requests.Clear();
        Assert.Equal(folder, await Fetch(Settings(offline: true, copies: true)));
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task A_lock_of_flock_as_other_tools_take_it_is_waited_for()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/flock"), "needs util-linux's flock");
        var path = Path.Combine(home.Path, "hub", ".locks", "models--org--nano", Hash(Weights) + ".lock");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var other = Process.Start(new ProcessStartInfo("/usr/bin/flock", ["-F", path, "sh", "-c", "echo held; exec sleep 3600"])
        {
            RedirectStandardOutput = true,
        })!;
        Assert.Equal("held", await other.StandardOutput.ReadLineAsync(Cancel));
        var fetch = Fetch();
        await Task.Delay(1500, Cancel);
        Assert.False(fetch.IsCompleted);
        other.Kill();
        Holds(await fetch);
    }

    [Fact]
    public async Task The_token_goes_to_the_endpoint_and_to_no_other_host()
    {
        Holds(await Fetch(Settings(Token)));
        var home = new Uri(server.Endpoint).Authority;
        Assert.All(server.Requests.Where(seen => seen.Host == home), seen => Assert.Equal($"Bearer {Token}", seen.Authorization));
        var elsewhere = server.Requests.Where(seen => seen.Host != home).ToList();
        Assert.NotEmpty(elsewhere);
        Assert.All(elsewhere, seen => Assert.Null(seen.Authorization));
    }

    [Fact]
    public async Task A_redirect_back_does_not_bring_the_token_back()
    {
        var home = new Uri(server.Endpoint).Authority;
        server.Fault = context =>
        {
            if (!IsBlob(context) || context.Request.Host.Value == home)
                return Task.FromResult(false);
            context.Response.Redirect($"{server.Endpoint}{context.Request.Path}");
            return Task.FromResult(true);
        };
        Holds(await Fetch(Settings(Token)));
        var back = server.Requests.Where(seen => seen.Host == home && seen.Path.StartsWith("/blobs", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(back);
        Assert.All(back, seen => Assert.Null(seen.Authorization));
    }

    [Theory]
    [InlineData(401, null)]
    [InlineData(403, "GatedRepo")]
    [InlineData(403, null)]
    [InlineData(404, "RepoNotFound")]
    [InlineData(500, null)]
    public async Task No_message_and_no_line_holds_the_token(int status, string? code)
    {
        server.Fault = context => LoopbackHub.Fail(context, status, code, "0");
        var error = await Assert.ThrowsAnyAsync<Exception>(() => Fetch(Settings(Token)));
        Assert.Contains(server.Requests, seen => seen.Authorization == $"Bearer {Token}");
        Assert.DoesNotContain(Token, error.ToString());
        Assert.DoesNotContain(said, line => line.Contains(Token, StringComparison.Ordinal));
        Assert.DoesNotContain(Token, Settings(Token).ToString()!);
    }
}
