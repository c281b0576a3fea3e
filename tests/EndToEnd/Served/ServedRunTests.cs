using System.Collections.Concurrent;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Journal;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Served;
using Cognito.Eval.Tasks;
using Microsoft.AspNetCore.Http;

namespace Cognito.Eval.Tests;

/// <summary>What happens to a run while its server is busy, away, back, another one, or refuses.</summary>
public sealed class ServedRunTests(ServedRunTests.Undisturbed undisturbed) : IClassFixture<ServedRunTests.Undisturbed>, IDisposable
{
    /// <summary>The model, and what a run says that nothing disturbs.</summary>
    public sealed class Undisturbed : IDisposable
    {
        internal Oracle Oracle { get; } = new(Fixture.Nano);

        internal string? Run { get; set; }

        public void Dispose() => Oracle.Dispose();
    }

    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _said = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    private async Task<ServedModel> OpenAsync(EngineServer server, TimeSpan? patience = null, TimeSpan? between = null) => await ServedModel.OpenAsync(
        ServerAddress.Parse(server.Address), undisturbed.Oracle.Tokenizer, new()
        {
            Concurrency = 4,
            EndIds = [2],
            Needs = new(Scores: true, Generates: false),
            FirstPause = TimeSpan.FromMilliseconds(5),
            Patience = patience ?? HangGuard.Long,
            ShortestBetweenChecks = between ?? TimeSpan.Zero,
            LongestBetweenChecks = between ?? TimeSpan.FromMilliseconds(100),
            Say = line => { lock (_said) _said.Add(line); },
        }, Cancel);

    private EvaluationOptions Options(string output) => new()
    {
        Data = DataRoot.Open(Fixture.Samples),
        Shots = 0,
        Limit = new Limit(5),
        Output = Path.Combine(_folder.Path, output),
    };

    private Task<Run> RunAsync(ServedModel model, string output, CancellationToken? cancel = null) =>
        Evaluator.RunAsync(model, TaskSet.Leaderboard.Select("winogrande,arc"), Options(output), cancel: cancel ?? Cancel);

    /// <summary>Whether a journal below the output has an answer by now.</summary>
    private bool IsAnyKept(string output) => Path.Combine(_folder.Path, output) is var folder && Directory.Exists(folder)
        && Directory.EnumerateFiles(folder, JournalFile.Name, SearchOption.AllDirectories).Any(file => JournalFile.Read(file).Entries.Count > 0);

    /// <summary>All that a run says but for its circumstances.</summary>
    private static string Told(Run run) => RunFile.ToJson(run with { Circumstances = null });

    private async Task<string> UndisturbedAsync()
    {
        if (undisturbed.Run is { } known)
            return known;
        await using var server = new EngineServer(undisturbed.Oracle, Dialect.Vllm);
        using var model = await OpenAsync(server);
        return undisturbed.Run = Told(await RunAsync(model, "undisturbed"));
    }

    private static async Task RefuseAsync(HttpContext context, int status, string words, string? retryAfter = null)
    {
        context.Response.StatusCode = status;
        if (retryAfter is not null)
            context.Response.Headers.RetryAfter = retryAfter;
        await context.Response.WriteAsync($$$"""{"error":{"message":"{{{words}}}"}}""");
    }

    [Theory, InlineData("429"), InlineData("503"), InlineData("cut"), InlineData("half")]
    public async Task Trouble_that_passes_changes_nothing(string trouble)
    {
        var expected = await UndisturbedAsync();
        await using var server = new EngineServer(undisturbed.Oracle, Dialect.Vllm);
        // Each prompt goes wrong the first time.
        var seen = new ConcurrentDictionary<string, bool>();
        server.Fault = async (context, body, _) =>
        {
            if (!seen.TryAdd(body["prompt"]!.ToJsonString(), true))
                return false;
            if (trouble is "429" or "503")
                await RefuseAsync(context, int.Parse(trouble), "too much to do", retryAfter: "0");
            else if (trouble == "half")
                await context.Response.WriteAsync("{\"choices\": [{\"index\": 0, ");
            else
                context.Abort();
            return true;
        };
        using var model = await OpenAsync(server);
        Assert.Equal(expected, Told(await RunAsync(model, "troubled")));
        Assert.Contains(_said, line => line.Contains("asked again in", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_that_is_stopped_and_started_again_is_waited_for()
    {
        var expected = await UndisturbedAsync();
        var server = new EngineServer(undisturbed.Oracle, Dialect.Vllm);
        var port = new Uri(server.Address).Port;
        using var model = await OpenAsync(server);
        var before = server.Completions.Count;
        var work = RunAsync(model, "restarted");
        await HangGuard.Until(() => server.Completions.Count > before + 10, "ten requests of the run");
        await server.DisposeAsync();
        await HangGuard.Until(() => { lock (_said) return _said.Any(line => line.Contains("does not answer", StringComparison.Ordinal)); }, "that it is away");
        await using var again = new EngineServer(undisturbed.Oracle, Dialect.Vllm, port);
        Assert.Equal(expected, Told(await work));
        Assert.Contains(_said, line => line.EndsWith("answers again", StringComparison.Ordinal));
        Assert.NotEmpty(again.Completions);
    }

    [Fact]
    public async Task A_server_that_comes_back_with_another_model_stops_the_run_and_none_of_its_answers_count()
    {
        var expected = await UndisturbedAsync();
        await using var server = new EngineServer(undisturbed.Oracle, Dialect.Vllm);
        using (var model = await OpenAsync(server))
        {
            var before = server.Completions.Count;
            server.Fault = (_, _, number) =>
            {
                server.Moved = number > before + 24 ? -0.5 : 0;
                return Task.FromResult(false);
            };
            var error = await Assert.ThrowsAsync<ServedException>(() => RunAsync(model, "moved"));
            Assert.Contains("the model is not the one that the run began with: a fixed prompt's log-probabilities are 0.5 nats elsewhere", error.Message);
        }
        // Another model is not gone on with, the first one is.
        using (var other = await OpenOtherAsync())
        {
            var error = await Assert.ThrowsAsync<ServedException>(() => RunAsync(other, "moved"));
            Assert.Contains("not the one whose answers were kept", error.Message);
        }
        (server.Fault, server.Moved) = (null, 0);
        using var first = await OpenAsync(server);
        var run = await RunAsync(first, "moved");
        Assert.Equal(expected, Told(run));
        Assert.True(run.Circumstances!.KeptRequests > 0);

        async Task<ServedModel> OpenOtherAsync()
        {
            (server.Fault, server.Moved) = (null, -0.5);
            return await OpenAsync(server);
        }
    }

    [Fact]
    public async Task A_request_that_fails_for_good_is_an_error_and_all_others_are_kept()
    {
        var expected = await UndisturbedAsync();
        await using var server = new EngineServer(undisturbed.Oracle, Dialect.Vllm);
        string? bad = null;
        using (var model = await OpenAsync(server))
        {
            var before = server.Completions.Count;
            server.Fault = async (context, body, number) =>
            {
                var ids = body["prompt"]!.ToJsonString();
                if (number == before + 9)
                    bad = ids;
                if (ids != bad)
                    return false;
                await RefuseAsync(context, 400, "this \\u001b[31mprompt is not liked");
                return true;
            };
            var error = await Assert.ThrowsAsync<ServedException>(() => RunAsync(model, "failed"));
            Assert.Contains(@"a request has failed: the server answers 400 (this \u001b[31mprompt is not liked)", error.Message);
        }
        server.Fault = null;
        using var again = await OpenAsync(server);
        var run = await RunAsync(again, "failed");
        Assert.Equal(expected, Told(run));
        // Of 5 documents of each task all but the one of the bad request were kept.
        var requests = run.Tasks.Values.Sum(task => task.Requests);
        Assert.InRange(run.Circumstances!.KeptRequests, requests - 4, requests - 1);
    }

    [Fact]
    public async Task A_server_that_is_gone_for_longer_than_is_waited_ends_the_run_and_what_was_kept_is_gone_on_with()
    {
        var expected = await UndisturbedAsync();
        await using var server = new EngineServer(undisturbed.Oracle, Dialect.Vllm);
        using (var model = await OpenAsync(server, patience: TimeSpan.FromSeconds(0.3)))
        {
            var (before, looks) = (server.Completions.Count, server.Completions.Select(body => body["prompt"]!.ToJsonString()).ToHashSet());
            server.Fault = async (context, body, number) =>
            {
                if (number < before + 26)
                    return false;
                // Answers are kept once a look at the model has found it the same: it is gone when some have been.
                if (!IsAnyKept("gone"))
                {
                    if (looks.Contains(body["prompt"]!.ToJsonString()))
                        return false;
                    await HangGuard.Until(() => IsAnyKept("gone"), "an answer that is kept");
                }
                await RefuseAsync(context, 503, "Loading model");
                return true;
            };
            var error = await Assert.ThrowsAnyAsync<ServedException>(() => RunAsync(model, "gone"));
            Assert.Contains("the server answers 503 (Loading model), also when asked again", error.Message);
        }
        server.Fault = null;
        using var again = await OpenAsync(server);
        var run = await RunAsync(again, "gone");
        Assert.Equal(expected, Told(run));
        Assert.True(run.Circumstances!.KeptRequests > 0);
    }

    [Fact]
    public async Task A_pause_longer_than_is_waited_is_told()
    {
        await using var server = new EngineServer(undisturbed.Oracle, Dialect.Vllm);
        server.Fault = async (context, _, _) =>
        {
            await RefuseAsync(context, 429, "come back tomorrow", retryAfter: "86400");
            return true;
        };
        var error = await Assert.ThrowsAnyAsync<ServedException>(() => OpenAsync(server));
        Assert.Contains("429 (come back tomorrow) and asks for a pause of 86400 s, where 600 s are waited", error.Message);
    }

    [Fact]
    public async Task A_finished_run_is_shown_while_the_model_is_the_same_within_rounding()
    {
        await using var server = new EngineServer(undisturbed.Oracle, Dialect.Vllm);
        using (var model = await OpenAsync(server))
            await RunAsync(model, "finished");
        server.Moved = -0.01;
        using (var rounded = await OpenAsync(server))
        {
            var before = server.Completions.Count;
            await RunAsync(rounded, "finished");
            Assert.Equal(before, server.Completions.Count);
        }
        server.Moved = -0.5;
        using var other = await OpenAsync(server);
        var from = server.Completions.Count;
        await RunAsync(other, "finished");
        Assert.True(server.Completions.Count > from);
        Assert.Equal(2, Directory.GetFiles(_folder.Path, RunFile.Name, SearchOption.AllDirectories).Length);
    }

    [Fact]
    public async Task Numbers_that_are_none_are_counted_and_never_a_zero()
    {
        await using var server = new EngineServer(undisturbed.Oracle, Dialect.Vllm);
        // The only look is the last, when nothing else is asked.
        using var model = await OpenAsync(server, between: TimeSpan.FromHours(1));
        server.Fault = (_, body, _) =>
        {
            // The fixed prompt stays as it was.
            server.Lie = body["prompt"]!.AsArray().Count != 40 ? Lie.MinusNines : Lie.None;
            return Task.FromResult(false);
        };
        var asked = Evaluator.Ask(TaskSet.Leaderboard.Select("winogrande"), Options("unused") with { Output = null, Limit = new Limit(3) });
        var answers = model.Ask(asked.Requests);
        Assert.Contains(answers, answer => answer.Reply is Likelihood { IsFinite: false });
        Assert.DoesNotContain(answers, answer => answer.Reply is Likelihood { LogProbability: 0 });
    }

    [Fact]
    public async Task An_interrupt_ends_what_is_in_flight()
    {
        await using var server = new EngineServer(undisturbed.Oracle, Dialect.Vllm);
        using var model = await OpenAsync(server);
        var before = server.Completions.Count;
        using var interrupt = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        server.Fault = async (context, _, number) =>
        {
            if (number < before + 15)
                return false;
            interrupt.Cancel();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
            return true;
        };
        var error = await Assert.ThrowsAsync<InterruptedException>(() => RunAsync(model, "interrupted", interrupt.Token));
        Assert.Contains("the same command goes on from there", error.Message);
    }
}
