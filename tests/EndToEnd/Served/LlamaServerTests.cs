using System.Diagnostics;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Served;
using Cognito.Eval.Tasks;
using Cognito.Eval.Tokenizers;
using Cognito.Eval.Torch;

namespace Cognito.Eval.Tests;

/// <summary>
/// A real engine: llama.cpp's llama-server with cognito-nano, against the checkpoint's answers here over the samples, and over the
/// datasets' first documents against transformers'. COGNITO_EVAL_LLAMA_LIMIT says how many documents of each task (1 if unset, which is
/// what a test run has time for), and COGNITO_EVAL_LLAMA_TASKS of which datasets (all six if unset; of MMLU two).
/// </summary>
public sealed class LlamaServerTests(ITestOutputHelper output) : IDisposable
{
    private const double Close = 2e-3;
    private const int Few = 3;

    private static readonly int Limit = int.TryParse(Environment.GetEnvironmentVariable("COGNITO_EVAL_LLAMA_LIMIT"), out var given) ? given : 1;

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    private static TaskSet Tasks => TaskSet.Leaderboard.Select(Environment.GetEnvironmentVariable("COGNITO_EVAL_LLAMA_TASKS")
        ?? "arc,hellaswag,truthfulqa,winogrande,gsm8k,mmlu_astronomy,mmlu_virology");

    private async Task<ServedModel> OpenAsync(LlamaProcess server, Action<string>? say = null) => await ServedModel.OpenAsync(
        ServerAddress.Parse(server.Address), CheckpointTokenizer.Open(Fixture.Nano), new() { EndIds = [2], Say = say ?? output.WriteLine }, Cancel);

    private static EvaluationOptions Options(DataRoot data, int? limit = null) => new() { Data = data, Limit = new Limit(limit ?? Limit) };

    [Fact]
    public async Task Every_answer_is_the_checkpoints_own()
    {
        using var server = await LlamaProcess.StartAsync();
        using var served = await OpenAsync(server);
        using var local = LocalModel.Open(Checkpoint.Open(Fixture.Nano), new() { Device = "cpu", Dtype = "float32" });
        var asked = Evaluator.Ask(TaskSet.Leaderboard, Options(DataRoot.Open(Fixture.Samples)));
        Assert.Equal(6, asked.Questions.Select(task => task.Task.ColumnKey).Distinct().Count());
        Assert.True(asked.Generates);
        var clock = Stopwatch.StartNew();
        var (there, took) = (served.Ask(asked.Requests), clock.Elapsed);
        var (worst, nearTies) = (0.0, new List<string>());
        foreach (var (i, (expected, actual)) in local.Ask(asked.Requests).Zip(there).Index())
        {
            Assert.Equal((expected.Tokens, false), (actual.Tokens, actual.IsTruncated));
            if (expected.Reply is Likelihood { LogProbability: var value, IsGreedy: var isGreedy })
            {
                worst = Math.Max(worst, Math.Abs(value - ((Likelihood)actual.Reply).LogProbability));
                Golden.Close(value, ((Likelihood)actual.Reply).LogProbability, Close, $"request {i}");
                if (isGreedy != ((Likelihood)actual.Reply).IsGreedy)
                    nearTies.Add($"request {i}: greedy flag");
            }
            else if (expected.Reply != actual.Reply)
                nearTies.Add($"request {i}: {actual.Reply} for {expected.Reply}");
        }
        Tell(asked.Requests.Count, took, served, worst, nearTies);
    }

    [Fact]
    public async Task Every_answer_is_the_references()
    {
        var data = Shared.Path("data");
        using var server = await LlamaProcess.StartAsync();
        using var model = await OpenAsync(server);
        var asked = Evaluator.Ask(Tasks, Options(new(data)));
        var clock = Stopwatch.StartNew();
        var graded = await Evaluator.GradeAsync(model, asked, new(), Cancel);
        var answered = clock.Elapsed;
        var (requests, worst, nearTies) = (0, 0.0, new List<string>());
        foreach (var task in graded)
        {
            using var golden = Golden.Lines(Shared.Path("goldens", "cognito-nano", task.Questions.Task.Name + ".jsonl.gz")).GetEnumerator();
            foreach (var doc in task.Docs)
            {
                // The server's slots are as long as the model's sequences may be.
                Assert.Equal(0, doc.Truncated);
                foreach (var (i, reply) in doc.Replies.Index())
                {
                    Assert.True(golden.MoveNext());
                    requests++;
                    var what = $"{task.Questions.Task.Name} {doc.Asked.Row}.{i}";
                    if (reply is Completion { Text: var text })
                    {
                        if (text != golden.Current.GetString())
                            nearTies.Add($"{what}: \"{text}\" for \"{golden.Current.GetString()}\"");
                        continue;
                    }
                    var (expected, actual) = (golden.Current[0].GetDouble(), (Likelihood)reply);
                    Assert.Equal((golden.Current[2].GetInt32(), golden.Current[3].GetInt32()), (doc.Tokens[i].Given, doc.Tokens[i].Answered));
                    worst = Math.Max(worst, Math.Abs(expected - actual.LogProbability));
                    Golden.Close(expected, actual.LogProbability, Close, what);
                    if (golden.Current[1].GetBoolean() != actual.IsGreedy)
                        nearTies.Add($"{what}: greedy flag");
                }
            }
        }
        Tell(requests, answered, model, worst, nearTies);
    }

    private void Tell(int requests, TimeSpan took, ServedModel model, double worst, List<string> nearTies)
    {
        output.WriteLine($"{requests} requests in {took:m\\:ss}, {model.Account.Sent} over HTTP; "
            + $"largest log-likelihood difference {worst:g3}; near-ties: {nearTies.Count}");
        // As many as cognito-nano itself differs from its golden on another machine.
        Assert.True(nearTies.Count * 1000 <= 3 * requests, string.Join('\n', nearTies));
    }

    [Fact]
    public async Task A_run_goes_on_while_the_server_is_killed_and_started_again_and_after_it_was_interrupted_itself()
    {
        using var server = await LlamaProcess.StartAsync();
        var tasks = TaskSet.Leaderboard.Select("winogrande,mmlu_philosophy");
        Run whole;
        using (var model = await OpenAsync(server))
            whole = await Evaluator.RunAsync(model, tasks, Into("whole"), cancel: Cancel);

        // Killed once some answers have come; the run waits for it.
        var said = new List<string>();
        using (var model = await OpenAsync(server, line => { lock (said) said.Add(line); }))
        {
            var done = 0;
            var work = Evaluator.RunAsync(model, tasks, Into("killed"), new OnProgress(_ =>
            {
                if (++done == 3)
                    server.Kill();
            }), Cancel);
            await HangGuard.Until(() => { lock (said) return said.Any(line => line.Contains("does not answer", StringComparison.Ordinal)); }, "that it is away");
            await server.StartAgainAsync();
            Same(whole, await work);
            Assert.Contains(said, line => line.EndsWith("answers again", StringComparison.Ordinal));
        }

        using (var model = await OpenAsync(server))
        {
            using var interrupt = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            await Assert.ThrowsAsync<InterruptedException>(() => Evaluator.RunAsync(
                model, tasks, Into("interrupted"), new OnProgress(_ => interrupt.Cancel()), interrupt.Token));
        }
        using var again = await OpenAsync(server);
        var run = await Evaluator.RunAsync(again, tasks, Into("interrupted"), cancel: Cancel);
        Assert.InRange(run.Circumstances!.KeptRequests, 1, Few * (2 + 4) - 1);
        Same(whole, run);
    }

    private EvaluationOptions Into(string name) => Options(DataRoot.Open(Fixture.Samples), Few) with { Output = Path.Combine(_folder.Path, name) };

    /// <summary>What another order leaves in the slots' caches moves the last digits of a log-likelihood, and no verdict.</summary>
    private static void Same(Run one, Run other)
    {
        foreach (var (task, metrics) in one.Results)
            foreach (var (metric, value) in metrics)
                Assert.Equal(value, other.Results[task][metric]);
        Assert.Equal(one.Provenance.Served!.Recipe, other.Provenance.Served!.Recipe);
    }

    private sealed class OnProgress(Action<Models.Progress> told) : IProgress<EvaluationEvent>
    {
        public void Report(EvaluationEvent value)
        {
            if (value is Progressed { Progress: { Done: > 0 } progress })
                told(progress);
        }
    }
}
