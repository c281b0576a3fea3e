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
[CollectionDefinition("load", DisableParallelization = true)]
public sealed class LoadCollection;

[Collection("load")]
public sealed class ServedLoadTests(ITestOutputHelper output)
{
    private const int Requests = 10_000, AtOnce = 32;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ten_thousand_requests_leave_nothing_behind_and_keep_the_server_at_work()
    {
        await using var server = new Steady(TimeSpan.FromMilliseconds(60));
        using var model = await ServedModel.OpenAsync(ServerAddress.Parse(server.Address), Tokenizers.CheckpointTokenizer.Open(Fixture.Nano),
            new() { Concurrency = AtOnce, Needs = new(Scores: true, Generates: false), EndIds = [2] }, Cancel);
        // What is compiled, pooled and connected once is there afterwards.
        Ask(model, 1000, 0);
        var memory = GC.GetTotalMemory(forceFullCollection: true);
        var (before, clock) = (model.Account, Stopwatch.StartNew());
        Ask(model, Requests, 1000);
        var (took, after) = (clock.Elapsed, model.Account);
        var left = GC.GetTotalMemory(forceFullCollection: true) - memory;
        // All places' time together, and what of it a request was on its way or at the server.
        var idle = 1 - (after.Waited - before.Waited) / (AtOnce * took);
        output.WriteLine($"{after.Sent - before.Sent} requests in {took.TotalSeconds:0.0} s; {100 * idle:0.00} % of {AtOnce} places' time not waiting for the server; "
            + $"{left / 1024.0:0} KiB more in use, {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MiB at the peak; {server.Connections} connections");
        Assert.True(after.Sent - before.Sent >= Requests);
        Assert.InRange(idle, -0.04, 0.03);
        Assert.InRange(left, long.MinValue, 4 << 20);
        Assert.InRange(server.Connections, 1, AtOnce + 1);
    }

    private static void Ask(ServedModel model, int count, int from)
    {
        Request[] requests = [.. Enumerable.Range(from, count).Select(i => new LogLikelihood($"Item {i} costs", " two crowns") { Origin = new("toy", i) })];
        Assert.Equal(count, model.Ask(requests).Length);
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
