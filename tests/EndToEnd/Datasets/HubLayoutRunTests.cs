using System.Text;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;
using Cognito.Eval.Hub;
using Cognito.Eval.TaskFiles;
using DuckDB.NET.Data;

namespace Cognito.Eval.Tests;

/// <summary>Datasets of task files on a hub on loopback, in the layouts that repositories have.</summary>
public sealed class HubLayoutRunTests : IAsyncDisposable
{
    private readonly CommandLine _line = new();
    private readonly LoopbackHub _hub = new();

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        _line.Dispose();
    }

    private void Serve(string address, params (string Path, string Text)[] files) =>
        _hub.Add(address, files.ToDictionary(file => file.Path, file => Encoding.UTF8.GetBytes(file.Text)));

    private async Task<DataRoot> Fetch(Dataset dataset, bool offline = false)
    {
        using var hub = new HubFetch(new()
        {
            Endpoint = _hub.Endpoint,
            Home = _line.At("home"),
            CacheFolder = _line.At("home", "hub"),
            IsOffline = offline,
        });
        return await HubDatasets.Fetch(hub, new DatasetLock([]), [dataset], TestContext.Current.CancellationToken);
    }

    private async Task<string> Texts(Dataset dataset, string split, bool offline = false) =>
        string.Join(" ", (await Fetch(dataset, offline)).Read(dataset, split).Rows.Select(row => row.Text("text")));

    private static string Rows(params string[] texts) => string.Concat(texts.Select(text => $$"""{"text": "{{text}}"}{{"\n"}}"""));

    private const string Card = """
        ---
        configs:
        - config_name: default
          data_files:
          - split: test
            path: data/lambada_test.jsonl
        - config_name: de
          data_files: {0}
        dataset_info:
        - config_name: default
          splits:
          - name: test
            num_examples: 2
        ---
        """;

    private static readonly Dataset Default = FileDataset.OnHub("org/lambada", "default", "lambada"), German = FileDataset.OnHub("org/lambada", "de", "lambada");

    private void ServeLambada(string more = "") => Serve("datasets/org/lambada", ("README.md", Card.Replace("{0}", "'data/*_de*.jsonl'", StringComparison.Ordinal)),
        ("data/lambada_test.jsonl", Rows("one", "two" + more)), ("data/lambada_test_de.jsonl", Rows("drei")), ("lambada.py", "code"));

    [Fact]
    public async Task What_a_card_names_is_fetched_and_held_to()
    {
        ServeLambada();
        Assert.Equal("one two", await Texts(Default, "test"));
        Assert.Equal("drei", await Texts(German, "train"));
        ServeLambada(more: " changed");
        Assert.Equal("one two", await Texts(Default, "test"));
        Assert.Equal("one two", await Texts(Default, "test", offline: true));
        Assert.Equal("drei", await Texts(German, "train", offline: true));
        Assert.Equal("org/lambada de: it has no split test, only train; name one of these", (await Assert.ThrowsAsync<InputException>(() => Texts(German, "test"))).Message);
    }

    [Fact]
    public async Task A_configuration_fetched_later_is_of_the_first_commit()
    {
        ServeLambada();
        Assert.Equal("one two", await Texts(Default, "test"));
        var listings = _hub.Requests.Count(request => request.Path.StartsWith("/api/", StringComparison.Ordinal));
        Assert.Equal("drei", await Texts(German, "train"));
        Assert.Matches("/revision/[0-9a-f]{40}$", _hub.Requests.Last(request => request.Path.StartsWith("/api/", StringComparison.Ordinal)).Path);
        Assert.Equal(1, listings);
    }

    [Fact]
    public async Task Rows_that_the_card_counts_otherwise_are_refused()
    {
        Serve("datasets/org/lambada", ("README.md", Card.Replace("{0}", "none/*", StringComparison.Ordinal)), ("data/lambada_test.jsonl", Rows("one")));
        Assert.EndsWith("org/lambada default test has 1 rows, and the dataset's README.md says 2; fetch it again, or give the rows with --data DIR",
            (await Assert.ThrowsAsync<InputException>(() => Texts(Default, "test"))).Message);
    }

    [Theory]
    [InlineData("string", "1", "is 1, and the dataset's README.md says string")]
    [InlineData("int64", "\"1\"", "is a text, and the dataset's README.md says int64")]
    [InlineData("float64", "1", null)]
    [InlineData("string", "\"1\"", null)]
    public async Task A_cell_is_of_the_type_that_the_card_gives(string type, string cell, string? refusal)
    {
        Serve("datasets/org/name", ("README.md", $"---\ndataset_info:\n  features:\n  - name: text\n    dtype: {type}\n---\n"), ("test.jsonl", $"{{\"text\": {cell}}}\n"));
        var dataset = FileDataset.OnHub("org/name", null, "name");
        var root = await Fetch(dataset);
        if (refusal is null)
            Assert.Equal(type == "string" ? "1" : 1.0, Assert.Single(root.Read(dataset, "test").Rows).Cells["text"]);
        else
            Assert.Contains(refusal, Assert.Throws<InputException>(() => root.Read(dataset, "test")).Message);
    }

    [Fact]
    public async Task Rows_that_code_makes_are_the_hubs_own_files()
    {
        Serve("datasets/org/coded", ("README.md", "about"), ("coded.py", "code"), ("data/raw.jsonl", Rows("raw")));
        var dataset = FileDataset.OnHub("org/coded", "main", "coded");
        Assert.Equal("org/coded: its rows are made by coded.py, which is not run, and the hub has no Parquet files of them (refs/convert/parquet); give the rows with --data DIR",
            (await Assert.ThrowsAsync<InputException>(() => Texts(dataset, "test"))).Message);

        byte[] Parquet(string text)
        {
            var path = _line.At(text + ".parquet");
            using var connection = new DuckDBConnection("Data Source=:memory:");
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = $"COPY (SELECT '{text}' AS text) TO '{path}' (FORMAT parquet)";
            command.ExecuteNonQuery();
            return File.ReadAllBytes(path);
        }
        _hub.AddRevision("datasets/org/coded", "refs/convert/parquet", new Dictionary<string, byte[]>
        {
            [".gitattributes"] = [],
            ["main/test/0000.parquet"] = Parquet("one"),
            ["main/test/0001.parquet"] = Parquet("two"),
            ["other/test/0000.parquet"] = Parquet("three"),
        });
        Assert.Equal("one two", await Texts(dataset, "test"));
        Assert.Equal("one two", await Texts(dataset, "test", offline: true));
        Assert.Equal("three", await Texts(FileDataset.OnHub("org/coded", "other", "coded"), "test"));
        Assert.Equal("org/coded: it has the configurations main, other, and none is the default; name one in dataset_name",
            (await Assert.ThrowsAsync<InputException>(() => Texts(FileDataset.OnHub("org/coded", null, "coded"), "test"))).Message);
    }

    [Fact]
    public void A_first_task_file_comes_of_a_repository_with_a_card()
    {
        Serve("datasets/org/quiz", ("README.md", """
            ---
            configs:
            - config_name: easy
              default: true
              data_files:
              - split: train
                path: easy/train-*
              - split: validation
                path: easy/dev-*
            - config_name: hard
              data_files: hard.jsonl
            ---
            """), ("easy/dev-0.jsonl", Row("Who sings?") + Row("Who digs?")), ("easy/train-0.jsonl", Row("Who flies?")), ("hard.jsonl", Row("Why?")));
        (string, string?)[] environment = [("HF_HOME", _line.At("home")), ("HF_ENDPOINT", _hub.Endpoint), ("HF_HUB_OFFLINE", null)];
        CommandLine.Outcome Run(params string[] args) => _line.Run(environment, args);

        var made = Run("tasks", "new", "quiz", "--from", "org/quiz", "--output", _line.At(""));
        Assert.True(made.Code == 0, made.Error);
        Assert.Contains("Question: Who sings?", made.Out);
        var file = File.ReadAllText(_line.At("quiz.yaml"));
        Assert.Contains("test_split: validation", file);
        Assert.Contains("fewshot_split: train", file);
        var prompt = Run("prompt", "quiz", "--task-path", _line.At("quiz.yaml"), "--num-fewshot", "1");
        Assert.True(prompt.Code == 0, prompt.Error);
        Assert.Contains("Who flies?", prompt.Out);

        var other = Run("tasks", "new", "hard", "--from", "org/quiz/hard", "--output", _line.At(""));
        Assert.True(other.Code == 0, other.Error);
        Assert.Contains("Question: Why?", other.Out);
        Assert.EndsWith("cognito-eval: org/quiz/README.md: it has no configuration harder, only easy, hard; name one of them in dataset_name\n",
            Run("tasks", "new", "harder", "--from", "org/quiz/harder", "--output", _line.At("")).Error);
    }

    private static string Row(string question) => $$"""{"question": "{{question}}", "choices": ["a", "b"], "answer": 1}{{"\n"}}""";
}
