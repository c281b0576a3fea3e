using System.Diagnostics;
using System.Text.Json;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;
using Cognito.Eval.Tokenizers;
using Cognito.Eval.Torch;
using Cognito.Eval.Torch.Architectures;
using TorchSharp;

namespace Cognito.Eval.Tests;

/// <summary>
/// cognito-nano over the whole datasets' first documents, against transformers' answers. COGNITO_EVAL_NANO_LIMIT says
/// how many documents of each task, or "all" (2 if unset, which is what a test run has time for).
/// </summary>
[Collection("torch")]
public sealed class NanoTests(ITestOutputHelper output)
{
    private static readonly int Limit = Environment.GetEnvironmentVariable("COGNITO_EVAL_NANO_LIMIT") switch
    {
        "all" => int.MaxValue,
        { } given => int.Parse(given),
        null => 2,
    };

    private sealed record Difference(string Task, int Doc, int Request, string What, double? Margin);

    [Fact]
    public async Task Every_answer_is_the_references()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "checkpoints", "cognito-nano");
        var data = new DataRoot(Shared.Path("data"));
        var tokenizer = CheckpointTokenizer.Open(folder);
        Questions[] asked = [.. TaskSet.Leaderboard.Tasks.Select(task =>
            Questions.Ask(task, data, LeaderboardV1.Rules, limit: new Limit(Limit)))];
        // Of many documents as the program would answer them on this machine.
        var whole = Limit < 100 ? null : Placement.Choose(
            ModelConfig.Read(folder), null, "cpu", null, Environment.ProcessorCount, null, exact: false);
        Budget budget = whole?.Budget ?? 4096;
        var model = TorchModel.Load(folder, torch.CPU, torch.ScalarType.Float32, workers: whole?.Workers ?? 1);
        using var planned = Planned.Model(model, tokenizer.Tokenizer, budget, new(2, [2], tokenizer.EndText));
        var clock = Stopwatch.StartNew();
        var graded = await Evaluator.GradeAsync(planned, new(TaskSet.Leaderboard, asked, [], new() { Data = data }), new(), default);
        output.WriteLine($"{clock.Elapsed:h\\:mm\\:ss}, {model.Decoder.Tokens} tokens in batches of {budget.BatchTokens}, "
            + $"{Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MiB at the peak");

        var (requests, worst) = (0, 0.0);
        var differences = new List<Difference>();
        foreach (var task in graded)
        {
            var golden = Lines(task.Questions.Task.Name).GetEnumerator();
            foreach (var doc in task.Docs)
                foreach (var (i, (request, reply)) in doc.Asked.Requests.Zip(doc.Replies).Index())
                {
                    Assert.True(golden.MoveNext());
                    requests++;
                    differences.AddRange(Compare(tokenizer, task, doc, i, request, reply, golden.Current, ref worst));
                }
        }
        output.WriteLine($"{requests} requests; largest log-likelihood difference {worst:g3}; differing: {differences.Count}");
        foreach (var difference in differences)
            output.WriteLine($"{difference}");
        Assert.True(differences.Count * 1000 <= 3 * requests, $"{differences.Count} of {requests} differ");
        Assert.All(differences, difference => Assert.True(difference.Margin < 1e-3, $"{difference}"));
        if (Limit is 100 or int.MaxValue)
            CheckMetrics(graded, Limit == 100 ? "results.limit100.json" : "results.json", [.. differences.Select(difference => (difference.Task, difference.Doc))]);
    }

    [Fact]
    public void At_a_maximum_length_of_1024_prompts_lose_their_oldest_tokens_and_answers_their_first()
    {
        const int MaxLength = 1024, Room = MaxLength - 256;
        var folder = Path.Combine(AppContext.BaseDirectory, "checkpoints", "cognito-nano");
        var (data, tokenizer) = (new DataRoot(Shared.Path("data")), CheckpointTokenizer.Open(folder));
        var model = TorchModel.Load(folder, torch.CPU, torch.ScalarType.Float32, maxLength: MaxLength);
        using var planned = Planned.Model(model, tokenizer.Tokenizer, 4096, new(2, [2], tokenizer.EndText));

        var gsm8k = Questions.Ask(Gsm8k.Task, data, LeaderboardV1.Rules, limit: new Limit(40));
        GreedyUntil[] prompts = [.. gsm8k.Requests.Cast<GreedyUntil>()
            .Where(request => tokenizer.Encode(request).Length is > Room + 20 and < Room + 120).Take(2)];
        Assert.Equal(2, prompts.Length);
        var answers = planned.Ask(prompts);
        Assert.All(answers, answer => Assert.True(answer.IsTruncated));
        foreach (var (prompt, reply) in prompts.Zip(answers.Select(answer => (Completion)answer.Reply)))
        {
            var ids = tokenizer.Encode(prompt);
            var stopping = new LeaderboardStop(tokenizer.Tokenizer, prompt.Stops, [2], tokenizer.EndText);
            var whole = model.Generate([new(ids[^Room..], 256)], (_, tokens) => stopping.IsDone(tokens)).Single();
            Assert.Equal(stopping.Text(whole[Math.Min(whole.Length, ids.Length - Room)..], 0), reply.Text);
            Assert.NotEqual(stopping.Text(whole, 0), reply.Text);
        }

        var arc = Questions.Ask(ArcChallenge.Task, data, LeaderboardV1.Rules, limit: new Limit(2));
        var scores = planned.Ask(AskedTasks.Flat([arc]));
        Assert.All(scores, score => Assert.True(score.IsTruncated));
        foreach (var (request, reply) in arc.Requests.Cast<LogLikelihood>().Zip(scores.Select(score => (Likelihood)score.Reply)))
        {
            var span = tokenizer.Encode(request);
            int[] last = [.. span.Context.Concat(span.Continuation).TakeLast(MaxLength + 1).SkipLast(1)];
            var alone = model.Score(new ScoreBatch([new(null, last, [new([], span.Continuation)])])).Single();
            Golden.Close(alone.LogLikelihood, reply.LogProbability, 1e-3, "a truncated prompt");
        }
    }

    private static IEnumerable<JsonElement> Lines(string task) =>
        Golden.Lines(Shared.Path("goldens", "cognito-nano", task + ".jsonl.gz"));

    private static IEnumerable<Difference> Compare(
        CheckpointTokenizer tokenizer, GradedTask task, GradedDoc doc, int i, Request request, Reply reply,
        JsonElement golden, ref double worst)
    {
        var found = new List<Difference>();
        void Note(string what) => found.Add(new(task.Questions.Task.Name, doc.Asked.Row, i, what, doc.Scores.Margin));
        if (reply is Completion { Text: var text })
        {
            if (text != golden.GetString())
                Note($"\"{text}\" for \"{golden.GetString()}\"");
            return found;
        }
        var (expected, actual) = (golden[0].GetDouble(), (Likelihood)reply);
        var span = tokenizer.Encode((LogLikelihood)request);
        Assert.Equal((golden[2].GetInt32(), golden[3].GetInt32()), (span.Context.Length, span.Continuation.Length));
        worst = Math.Max(worst, Math.Abs(expected - actual.LogProbability));
        Golden.Close(expected, actual.LogProbability, 1e-3 + 1e-5 * Math.Abs(expected), $"{task.Questions.Task} {doc.Asked.Row}.{i}");
        if (golden[1].GetBoolean() != actual.IsGreedy)
            Note("greedy flag");
        return found;
    }

    private static void CheckMetrics(IReadOnlyList<GradedTask> graded, string golden, HashSet<(string, int)> differing)
    {
        var expected = Golden.Json(Shared.Path("goldens", "cognito-nano", golden));
        var run = Tally.Count(graded, LeaderboardV1.Rules, TaskSet.Leaderboard, new() { Model = "cognito-nano" }, null, []);
        foreach (var (task, metrics) in run.Results)
            foreach (var (metric, value) in metrics)
            {
                var tolerance = metric.StartsWith("mc2", StringComparison.Ordinal) ? 1e-4
                    : differing.Any(d => d.Item1 == task) ? 0.011 : 1e-12;
                Golden.Close(expected[task]![metric]!.GetValue<double>(), value!.Value, tolerance, $"{task} {metric}");
            }
    }
}
