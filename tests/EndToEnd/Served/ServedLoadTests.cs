using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cognito.Eval.Served;
using Cognito.Eval.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Cognito.Eval.Tests;

/// <summary>
/// Ten thousand requests, 32 at a time, to a server that answers each after a fixed time: nothing is kept of a request when it
/// is answered, and hardly any time passes in which its place is not with the server.
/// </summary>
/// <remarks>
/// A place waits from a request's first byte to its answer's last. The rest is its own: tokens to JSON, JSON to scores, the
/// journal's turn. On a machine with much else to do a bare HttpClient has such a rest too; it is measured beside, and is not ours.
/// </remarks>
[CollectionDefinition("load", DisableParallelization = true)]
public sealed class LoadCollection;

[Collection("load")]
public sealed class ServedLoadTests(ITestOutputHelper output)
{
    private const int Requests = 10_000, AtOnce = 32, Warm = 1000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ten_thousand_requests_leave_nothing_behind_and_keep_the_server_at_work()
    {
        // What a request costs here it costs in every round; what other programs take of the machine, they take at times.
        var share = 1.0;
        for (var round = 0; round < 3 && share > 0.03; round++)
            share = Math.Min(share, await ShareAsync());
        Assert.InRange(share, -1, 0.03);
    }

    /// <summary>A round: what of the places' time was not spent waiting for the server, above that of a bare HttpClient.</summary>
    private async Task<double> ShareAsync()
    {
        await using var server = new Steady(TimeSpan.FromMilliseconds(100));
        using var model = await ServedModel.OpenAsync(ServerAddress.Parse(server.Address), Tokenizers.CheckpointTokenizer.Open(Fixture.Nano),
            new() { Concurrency = AtOnce, Needs = new(Scores: true, Generates: false), EndIds = [2] }, Cancel);
        var bare = await BareAsync(server.Address);
        var (clock, before, memory, answered) = (new Stopwatch(), model.Account, 0L, 0);
        Request[] requests = [.. Enumerable.Range(0, Requests).Select(i => new LogLikelihood($"Item {i} costs", " two crowns") { Origin = new("toy", i) })];
        await model.PrepareAsync(requests, new(), Cancel);
        await foreach (var _ in model.AnswerAsync(requests, new(), Cancel))
            // What is planned, compiled, pooled and connected once is there by now.
            if (++answered == Warm)
            {
                memory = GC.GetTotalMemory(forceFullCollection: true);
                before = model.Account;
                clock.Start();
            }
        var (took, after) = (clock.Elapsed, model.Account);
        var left = GC.GetTotalMemory(forceFullCollection: true) - memory;
        // All places' time together, and what of it a request was on its way or at the server.
        var idle = 1 - (after.Waited - before.Waited) / (AtOnce * took);
        output.WriteLine($"{after.Sent - before.Sent} requests in {took.TotalSeconds:0.0} s; {100 * idle:0.00} % of {AtOnce} places' time not waiting for the server, "
            + $"{100 * bare:0.00} % with a bare HttpClient; "
            + $"{left / 1024.0:0} KiB more in use, {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MiB at the peak; {server.Connections} connections");
        Assert.Equal(Requests, answered);
        Assert.InRange(left, long.MinValue, 4 << 20);
        Assert.InRange(server.Connections, 1, 2 * AtOnce + 2);
        return idle - bare;
    }

    /// <summary>The same share where nothing is done but to ask.</summary>
    private static async Task<double> BareAsync(string address)
    {
        const int Each = 40;
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = AtOnce });
        var body = JsonSerializer.SerializeToUtf8Bytes(new { prompt = Enumerable.Range(3, 12), max_tokens = 1 });
        var waited = 0L;
        async Task OneAsync(int count)
        {
            for (var i = 0; i < count; i++)
            {
                var begun = Stopwatch.GetTimestamp();
                using var answer = await http.PostAsync($"{address}/v1/completions", new ByteArrayContent(body), Cancel);
                await answer.Content.ReadAsByteArrayAsync(Cancel);
                Interlocked.Add(ref waited, Stopwatch.GetElapsedTime(begun).Ticks);
            }
        }
        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => OneAsync(3)));
        var clock = Stopwatch.StartNew();
        waited = 0;
        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => OneAsync(Each)));
        return 1 - TimeSpan.FromTicks(waited) / (AtOnce * clock.Elapsed);
    }

    /// <summary>A server of no model: each token is as likely as any.</summary>
    private sealed class Steady : IAsyncDisposable
    {
        private readonly WebApplication _app;
        private readonly HashSet<string> _connections = [];

        public Steady(TimeSpan delay)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
            _app = builder.Build();
            _app.Run(async context =>
            {
                lock (_connections)
                    _connections.Add(context.Connection.Id);
                if (context.Request.Path == "/v1/models")
                    await context.Response.WriteAsJsonAsync(new { data = new[] { new { id = "steady", owned_by = "vllm", max_model_len = 4096 } } });
                else if (context.Request.Path != "/v1/completions")
                    context.Response.StatusCode = 404;
                else
                {
                    var ids = (await JsonNode.ParseAsync(context.Request.Body))!["prompt"]!.Deserialize<int[]>()!;
                    await Task.Delay(delay);
                    await context.Response.WriteAsJsonAsync(new
                    {
                        choices = new[]
                        {
                            new
                            {
                                prompt_token_ids = ids,
                                prompt_logprobs = ids.Select((id, i) => i == 0 ? null : new Dictionary<string, object> { [$"{id}"] = new { logprob = -8.3, rank = 1 } }),
                            },
                        },
                        usage = new { prompt_tokens = ids.Length },
                    });
                }
            });
            _app.StartAsync().GetAwaiter().GetResult();
            Address = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        }

        public string Address { get; }

        public int Connections => _connections.Count;

        public async ValueTask DisposeAsync() => await _app.DisposeAsync();
    }
}
