using System.Diagnostics;
using Cognito.Eval.Files;
using Cognito.Eval.Hub;
using Microsoft.AspNetCore.Http;

namespace Cognito.Eval.Tests;

public sealed partial class HubTests
{
    private static string Hash(string file) => HubContent.Sha256(File.ReadAllBytes(Path.Combine(CommandLine.Nano, file)));

    private static bool IsShard(HttpContext context) => IsBlob(context) && context.Request.Path.Value!.EndsWith(Hash(Weights), StringComparison.Ordinal);

    private async Task<string> Refused(HubSettings? settings = null, HubRepo? other = null) =>
        (await Assert.ThrowsAsync<InputException>(() => Fetch(settings, other))).Message;

    [Fact]
    public async Task A_connection_cut_in_the_middle_goes_on_from_there()
    {
        var cuts = 0;
        server.Cut = context => IsShard(context) && cuts++ < 2 ? 1_000_000 : null;
        Holds(await Fetch());
        var asked = server.Requests.Where(seen => seen.Method == "GET" && seen.Path.EndsWith(Hash(Weights), StringComparison.Ordinal)).ToList();
        Assert.Equal([null, "bytes=1000000-", "bytes=2000000-"], asked.Select(seen => seen.Range));
    }

    [Fact]
    public async Task A_server_without_ranges_sends_the_whole_file_again()
    {
        var cuts = 0;
        server.Cut = context => IsShard(context) && cuts++ == 0 ? 1_000_000 : null;
        server.Fault = context =>
        {
            context.Request.Headers.Remove("Range");
            return Task.FromResult(false);
        };
        Holds(await Fetch());
        Assert.Equal(2, cuts);
    }

    [Fact]
    public async Task An_earlier_part_is_gone_on_with_and_a_wrong_one_is_thrown_away()
    {
        var whole = File.ReadAllBytes(Path.Combine(CommandLine.Nano, Weights));
        var blobs = Directory.CreateDirectory(Path.Combine(home.Path, "hub", "models--org--nano", "blobs")).FullName;
        File.WriteAllBytes(Path.Combine(blobs, Hash(Weights) + ".incomplete"), whole[..1000]);
        var other = Hash("model-00002-of-00002.safetensors");
        File.WriteAllBytes(Path.Combine(blobs, other + ".incomplete"), new byte[1000]);
        Holds(await Fetch());
        Assert.Contains(server.Requests, seen => seen.Path.EndsWith(Hash(Weights), StringComparison.Ordinal) && seen.Range == "bytes=1000-");
        Assert.Contains(server.Requests, seen => seen.Path.EndsWith(other, StringComparison.Ordinal) && seen.Range == "bytes=1000-");
        Assert.Contains(server.Requests, seen => seen.Path.EndsWith(other, StringComparison.Ordinal) && seen is { Method: "GET", Range: null });
        Assert.Contains(said, line => line.Contains("fetching it again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Too_many_requests_are_made_again_after_the_pause_that_the_hub_names()
    {
        var refused = 0;
        server.Fault = context => context.Request.Path.StartsWithSegments("/api") && refused++ == 0
            ? LoopbackHub.Fail(context, 429, retryAfter: "2") : Task.FromResult(false);
        var clock = Stopwatch.StartNew();
        Holds(await Fetch());
        Assert.True(clock.Elapsed.TotalSeconds > 1.9, $"{clock.Elapsed}");
        Assert.Contains(said, line => line.Contains("429", StringComparison.Ordinal) && line.Contains("2 s", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(401, null, "set HF_TOKEN")]
    [InlineData(403, "GatedRepo", "gated; accept its terms on")]
    [InlineData(403, null, "forbids access")]
    [InlineData(404, "RepoNotFound", "no such repository")]
    public async Task A_refusal_says_what_to_do_and_is_not_asked_again(int status, string? code, string fact)
    {
        server.Fault = context => LoopbackHub.Fail(context, status, code);
        Assert.Contains(fact, await Refused());
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task A_revision_that_is_not_there_is_named() =>
        Assert.Contains("no revision v9", await Refused(other: repo with { Revision = "v9" }));

    [Theory]
    [InlineData(0)]
    [InlineData(3_000_000)]
    public async Task Wrong_bytes_are_never_kept(int at)
    {
        server.Body = (context, body) =>
        {
            if (!IsShard(context))
                return body;
            body[at] ^= 1;
            return body;
        };
        Assert.Contains("other bytes than it announced", await Refused());
        Keeps_nothing_of(Hash(Weights));
        server.Body = null;
        Holds(await Fetch());
    }

    [Fact]
    public async Task Wrong_bytes_of_a_small_file_are_never_kept()
    {
        server.Body = (context, body) =>
        {
            if (context.Request.Path.Value!.EndsWith("/config.json", StringComparison.Ordinal))
                body[5] ^= 1;
            return body;
        };
        Assert.Contains("config.json", await Refused());
        Keeps_nothing_of(HubContent.Sha1(File.ReadAllBytes(Path.Combine(CommandLine.Nano, "config.json"))));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task A_length_that_is_not_true_is_never_believed(int more)
    {
        server.Body = (context, body) => IsShard(context) ? more > 0 ? [.. body, 0] : body[..^1] : body;
        var error = await Assert.ThrowsAnyAsync<Exception>(() => Fetch());
        Assert.True(error is InputException or HubException, error.ToString());
        Assert.Contains(Weights, error.Message);
        Assert.False(File.Exists(Path.Combine(home.Path, "hub", "models--org--nano", "blobs", Hash(Weights))));
        server.Body = null;
        Holds(await Fetch());
    }

    [Fact]
    public async Task A_Content_Length_longer_than_the_body_is_a_cut()
    {
        var lies = 0;
        server.Fault = async context =>
        {
            if (!IsShard(context) || lies++ > 0)
                return false;
            context.Response.ContentLength = new FileInfo(Path.Combine(CommandLine.Nano, Weights)).Length;
            await context.Response.Body.WriteAsync(File.ReadAllBytes(Path.Combine(CommandLine.Nano, Weights)).AsMemory(0, 5000));
            await context.Response.Body.FlushAsync();
            return true;
        };
        Holds(await Fetch());
        Assert.Contains(server.Requests, seen => seen.Range == "bytes=5000-");
    }

    [Fact]
    public async Task A_slow_body_is_waited_for_and_a_silent_one_is_asked_for_again()
    {
        server.Step = 1 << 18; // 22 pauses a shard
        var silence = new LongSilence();
        var silent = 0;
        server.Fault = async context =>
        {
            if (IsShard(context) && silent++ == 0)
            {
                silence.Passes();
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            }
            return false;
        };
        Holds(await Fetch(Settings(clock: silence)));
        Assert.True(silent > 1);
    }

    [Fact]
    public async Task A_disk_too_small_is_found_out_before_anything_is_fetched()
    {
        server.Fault = async context =>
        {
            if (context.Request.Method != "HEAD" || !context.Request.Path.Value!.EndsWith("tokenizer.model", StringComparison.Ordinal))
                return false;
            context.Response.Headers["X-Linked-Etag"] = new string('a', 64);
            context.Response.Headers["X-Linked-Size"] = $"{1L << 50}";
            context.Response.Redirect($"{server.Elsewhere}/blobs/x");
            await context.Response.CompleteAsync();
            return true;
        };
        Assert.Matches("1[.]1 PB are to be fetched and .* are free", await Refused());
        Assert.DoesNotContain(server.Requests, seen => seen.Method == "GET" && !seen.Path.StartsWith("/api", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_pickled_checkpoint_is_refused_with_the_reason()
    {
        server.Add("org/old", new Dictionary<string, byte[]> { ["config.json"] = "{}"u8.ToArray(), ["pytorch_model.bin"] = [1] });
        var message = await Refused(other: new(HubKind.Model, "org/old"));
        Assert.Contains("pytorch_model.bin", message);
        Assert.Contains("runs whatever code is in it", message);
    }

    [Fact]
    public async Task An_adapter_alone_is_refused_as_that()
    {
        server.Add("org/lora", new Dictionary<string, byte[]> { ["adapter_config.json"] = "{}"u8.ToArray(), ["adapter_model.safetensors"] = [1] });
        Assert.Contains("it holds an adapter alone (adapter_config.json)", await Refused(other: new(HubKind.Model, "org/lora")));
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task An_adapter_beside_the_weights_comes_along_to_be_named(bool hasConfig)
    {
        var files = Directory.EnumerateFiles(CommandLine.Nano).ToDictionary(file => Path.GetFileName(file), File.ReadAllBytes);
        files["adapter_model.safetensors"] = [1];
        if (hasConfig)
            files["adapter_config.json"] = "{}"u8.ToArray();
        server.Add("org/both", files);
        var both = new HubRepo(HubKind.Model, "org/both");
        var folder = await Fetch(other: both);
        // Its weights are not needed for that where they may be left.
        Assert.Equal((hasConfig, !hasConfig), (File.Exists(Path.Combine(folder, "adapter_config.json")), File.Exists(Path.Combine(folder, "adapter_model.safetensors"))));
        server.Requests.Clear();
        await Fetch(other: both with { Revision = Path.GetFileName(folder) });
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Shards_without_an_index_are_fetched_by_their_names()
    {
        var files = Directory.EnumerateFiles(CommandLine.Nano).ToDictionary(file => Path.GetFileName(file), File.ReadAllBytes);
        files.Remove("model.safetensors.index.json");
        server.Add("org/shards", files);
        var folder = await Fetch(other: new(HubKind.Model, "org/shards"));
        Assert.True(File.Exists(Path.Combine(folder, "model-00002-of-00002.safetensors")));
        Assert.Equal(folder, await Fetch(Settings(offline: true), new(HubKind.Model, "org/shards")));
        File.Delete(Path.Combine(folder, "model-00001-of-00002.safetensors"));
        Assert.Contains("is missing", await Refused(Settings(offline: true), new(HubKind.Model, "org/shards")));
    }

    [Fact]
    public async Task Nothing_but_what_a_checkpoint_needs_is_fetched()
    {
        var files = Directory.EnumerateFiles(CommandLine.Nano).ToDictionary(file => Path.GetFileName(file), File.ReadAllBytes);
        server.Add("org/more", files.Append(new("pytorch_model.bin", [1])).Append(new("README.md", [2])).Append(new("x.gguf", [3])).ToDictionary());
        Holds(await Fetch(other: new(HubKind.Model, "org/more")));
        Assert.DoesNotContain(server.Requests, seen => seen.Path.Contains(".bin", StringComparison.Ordinal)
            || seen.Path.Contains("README", StringComparison.Ordinal) || seen.Path.Contains("gguf", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Offline_without_a_cache_makes_no_request_and_says_so()
    {
        Assert.Contains("--offline", await Refused(Settings(offline: true)));
        Assert.Empty(server.Requests);
    }
}
