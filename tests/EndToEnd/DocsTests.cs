using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Examples;
using Cognito.Eval.Hub;
using Cognito.Eval.Models;
using Cognito.Eval.Protocols;
using Cognito.Eval.Reports;
using Cognito.Eval.Reports.Html;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>Code that stands in pages is the code that is compiled here, and it does what they say.</summary>
public sealed class DocsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("tasks.md", "OpenBookQa.cs")]
    [InlineData("tasks.md", "Squad.cs")]
    [InlineData("library.md", "EvaluateFromCode.cs")]
    public void A_pages_code_is_the_file_that_is_compiled(string page, string file) => Assert.Contains(
        $"```csharp\n{File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "docs", "examples", file))}```\n",
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "docs", page)));

    [Fact]
    public async Task A_checkpoint_is_evaluated_from_code()
    {
        var run = await EvaluateFromCode.RunAsync(Fixture.Nano, Fixture.Samples, folder.Path);
        Assert.Equal(["arc_challenge", "gsm8k"], run.Results.Keys);
        var written = Assert.Single(Directory.EnumerateFiles(folder.Path, RunFile.Name, SearchOption.AllDirectories));
        Assert.Equal(RunFile.ToJson(run), File.ReadAllText(written));
    }

    private const string Row = """{"question_stem":"What is wet?","choices":{"text":["sand","water","fire","air"],"label":["A","B","C","D"]},"answerKey":"B"}""";

    [Fact]
    public async Task An_added_benchmark_shows_in_table_card_and_page_and_leaves_the_leaderboard_as_it_is()
    {
        var set = TaskSet.Leaderboard.With(OpenBookQa.Task);
        Assert.Equal(TaskSet.Leaderboard.Tasks, set.Select("all").Tasks);
        Assert.Equal(["openbookqa"], set.Select("obqa").Tasks.Select(task => task.Name));
        foreach (var split in new[] { "train", "test" })
            folder.Write($"openbookqa/{split}.jsonl", string.Concat(Enumerable.Range(0, 6).Select(i =>
                Row.Replace("\"B\"}", $"\"{"ABCD"[i % 4]}\"}}", StringComparison.Ordinal) + "\n")));
        using var model = Torch.LocalModel.Open(Fixture.Nano, new() { Device = "cpu" });
        var run = await Evaluator.RunAsync(
            model, set.Select("openbookqa"), new() { Data = DataRoot.Open(folder.Path), Output = Path.Combine(folder.Path, "results") });
        var value = run.Results["openbookqa"]["acc_norm"]!.Value * 100;
        var columns = TaskSet.Leaderboard.Columns;
        var score = ColumnScore.FromRun(run, columns)[^1];
        Assert.Equal(("openbookqa (5-shot)", "acc_norm", value), (score.Title, score.Metric, score.Value));
        Assert.Matches($@"\|openbookqa \(5-shot\) \* +\| *{value:0.00}\|", ModelCard.Table(run, columns));
        Assert.Contains("openbookqa: how many rows of test were published is not known here; not a leaderboard score", ModelCard.Table(run, columns));
        Assert.Contains("openbookqa (5-shot)", ModelCard.Yaml(run, columns));
        Assert.Contains("openbookqa (5-shot)", HtmlReport.Render([new(run, ".", "nano")], columns));
        Assert.Contains("openbookqa (5-shot)", ScoreTables.Markdown([new(run, ".", "nano")], columns));
        Assert.Contains("openbookqa", EvalResults.Yaml(run, columns, set.Tasks));
        Assert.Contains("6 of 6 documents: not a leaderboard score", EvalResults.Yaml(run, columns, set.Tasks));
        Assert.Null(run.Leaderboard.Average);
    }

    [Fact]
    public async Task A_benchmark_of_generated_text_brings_its_stops_its_limit_and_its_grader()
    {
        string[] rows =
        [
            """{"context":"Anna Reyl built the mill in 1812.","question":"Who built it?","answers":{"text":["Anna Reyl","Reyl"]}}""",
            """{"context":"Marten keeps three goats and a dog.","question":"What does he keep?","answers":{"text":["three goats and a dog"]}}""",
            """{"context":"The house of Marten is blue.","question":"Which colour has it?","answers":{"text":["blue"]}}""",
        ];
        foreach (var split in new[] { "train", "validation" })
            folder.Write($"squad/{split}.jsonl", string.Join('\n', rows));
        var set = TaskSet.Leaderboard.With(Squad.Task).Select("squad");
        using var model = new Writes("  the Reyl, Anna!");
        var run = await Evaluator.RunAsync(
            model, set, new() { Data = DataRoot.Open(folder.Path), Output = Path.Combine(folder.Path, "results") });
        Assert.All(model.Asked, asked => Assert.Equal(("\n", 32), (Assert.Single(asked.Stops), asked.MaxNewTokens)));
        Assert.Equal(3, model.Asked.Count(asked => asked.Context.EndsWith("\nAnswer:", StringComparison.Ordinal)));
        // Of the first row both words, in another order; of the others none.
        Assert.Equal((0, 1 / 3.0), (run.Results["squad"]["em"], run.Results["squad"]["f1"]));
        Assert.Equal("f1", ColumnScore.FromRun(run, set.Columns)[^1].Metric);
    }

    /// <summary>A model that always writes the same.</summary>
    private sealed class Writes(string text) : ILanguageModel
    {
        public List<GreedyUntil> Asked { get; } = [];
        public ModelIdentity Identity { get; } = new() { Name = "writes" };
        public ModelLimits Limits { get; } = new(1000);
        public Task<ModelFingerprint> FingerprintAsync(CancellationToken cancel) => Task.FromResult(new ModelFingerprint("w", []));
        public IAsyncEnumerable<Answer> AnswerAsync(IReadOnlyList<Request> requests, AnswerOptions options, CancellationToken cancel)
        {
            Asked.AddRange(requests.Cast<GreedyUntil>());
            return requests.Select((_, place) => new Answer(place, new Completion(text))).ToAsyncEnumerable();
        }

        public void Dispose() { }
    }

    [Theory]
    [InlineData("Anna Reyl.", 1, 1)]
    [InlineData("REYL", 1, 1)]
    [InlineData("Reyl and Reyl", 0, 0.5)]
    [InlineData("a", 0, 0)]
    [InlineData("", 0, 0)]
    public void The_answer_that_suits_best_counts(string text, double em, double f1)
    {
        var doc = (FreeForm)Squad.Task.ToDoc(new("row 0", new Dictionary<string, object?>
        {
            ["context"] = "Anna Reyl built the mill.",
            ["question"] = "Who?",
            ["answers"] = new Dictionary<string, object?> { ["text"] = new List<object?> { "Anna Reyl", "Reyl" } },
        }));
        Assert.Equal(new() { ["em"] = em, ["f1"] = f1 }, doc.Grade(text));
    }

    [Fact]
    public async Task Its_rows_are_trusted_as_they_are_first_fetched_and_held_to()
    {
        foreach (var split in new[] { "train", "test" })
            folder.Write($"served/main/{split}-00000-of-00001.jsonl".Replace("-00000-of-00001", "", StringComparison.Ordinal), Row + "\n");
        folder.Write("served/README.md", "about");
        await using var server = new LoopbackHub();
        server.AddFolder("datasets/allenai/openbookqa", Path.Combine(folder.Path, "served"));
        HubSettings Settings(bool offline) => new()
        {
            Endpoint = server.Endpoint,
            Home = Path.Combine(folder.Path, "home"),
            CacheFolder = Path.Combine(folder.Path, "home", "hub"),
            IsOffline = offline,
            Patience = HangGuard.Long,
        };
        async Task<DatasetSplit> Fetch(bool offline)
        {
            using var hub = new HubFetch(Settings(offline));
            var root = await HubDatasets.Fetch(hub, TaskSet.Leaderboard.Lock, [OpenBookQa.Task.Dataset], TestContext.Current.CancellationToken);
            return root.Read(OpenBookQa.Task.Dataset, "test");
        }
        Assert.StartsWith("allenai/openbookqa: never fetched",
            (await Assert.ThrowsAsync<Files.InputException>(() => Fetch(offline: true))).Message);
        var first = await Fetch(offline: false);
        Assert.Single(first.Rows);
        Assert.Equal(first.Sha256, (await Fetch(offline: true)).Sha256);
        // Another commit comes up: the first one's rows are kept to.
        folder.Write("served/main/test.jsonl", Row + "\n" + Row + "\n");
        server.AddFolder("datasets/allenai/openbookqa", Path.Combine(folder.Path, "served"));
        Assert.Equal(first.Sha256, (await Fetch(offline: false)).Sha256);
    }
}
