using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Served;
using Cognito.Eval.Tasks;
using Cognito.Eval.Tokenizers;

namespace Cognito.Eval.Tests;

/// <summary>
/// A real engine: llama.cpp's llama-server with cognito-nano, over the datasets' first documents, against transformers' answers.
/// COGNITO_EVAL_LLAMA_LIMIT says how many documents of each task (1 if unset, which is what a test run has time for), and
/// COGNITO_EVAL_LLAMA_TASKS of which (all six if unset; of MMLU two).
/// </summary>
public sealed class LlamaServerTests(ITestOutputHelper output) : IDisposable
{
    private const double Close = 2e-3;

    private static readonly int Limit = int.TryParse(Environment.GetEnvironmentVariable("COGNITO_EVAL_LLAMA_LIMIT"), out var given) ? given : 1;

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    private static TaskSet Tasks => TaskSet.Leaderboard.Select(Environment.GetEnvironmentVariable("COGNITO_EVAL_LLAMA_TASKS")
        ?? "arc,hellaswag,truthfulqa,winogrande,gsm8k,mmlu_astronomy,mmlu_virology");

    private async Task<ServedModel> OpenAsync(LlamaProcess server, Action<string>? say = null) => await ServedModel.OpenAsync(
        ServerAddress.Parse(server.Address), CheckpointTokenizer.Open(Fixture.Nano), new() { EndIds = [2], Say = say ?? output.WriteLine }, Cancel);

    private EvaluationOptions Options(string? name = null, int? limit = null) => new()
    {
        Data = new(Shared.Path("data")),
        Limit = new Limit(limit ?? Limit),
        Output = name is null ? null : Path.Combine(_folder.Path, name),
    };

    [Fact]
    public async Task Every_answer_is_the_references()
    {
        using var server = await LlamaProcess.StartAsync();
        using var model = await OpenAsync(server);
        var asked = Evaluator.Ask(Tasks, Options());
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var graded = await Evaluator.GradeAsync(model, asked, new(), Cancel);
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
        output.WriteLine($"{requests} requests of {graded.Sum(task => task.Docs.Count)} documents in {clock.Elapsed:m\\:ss}, {model.Account.Sent} over HTTP; "
            + $"largest log-likelihood difference {worst:g3}; near-ties: {nearTies.Count}");
        nearTies.ForEach(output.WriteLine);
        // As many as cognito-nano itself differs from its golden on another machine.
        Assert.True(nearTies.Count * 1000 <= 3 * requests, string.Join('\n', nearTies));
    }

    [Fact]
    public async Task A_run_goes_on_while_the_server_is_killed_and_started_again_and_after_it_was_interrupted_itself()
    {
        const int Few = 3;
        using var server = await LlamaProcess.StartAsync();
        var tasks = TaskSet.Leaderboard.Select("winogrande,mmlu_astronomy");
        Run whole;
        using (var model = await OpenAsync(server))
            whole = await Evaluator.RunAsync(model, tasks, Options("whole", Few), cancel: Cancel);

        // Killed once some answers have come; the run waits for it.
        var said = new List<string>();
        using (var model = await OpenAsync(server, line => { lock (said) said.Add(line); }))
        {
            var done = 0;
            var work = Evaluator.RunAsync(model, tasks, Options("killed", Few), new OnProgress(_ =>
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
                model, tasks, Options("interrupted", Few), new OnProgress(_ => interrupt.Cancel()), interrupt.Token));
        }
        using var again = await OpenAsync(server);
        var run = await Evaluator.RunAsync(again, tasks, Options("interrupted", Few), cancel: Cancel);
        Assert.InRange(run.Circumstances!.KeptRequests, 1, Few * (2 + 4) - 1);
        Same(whole, run);
    }

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
