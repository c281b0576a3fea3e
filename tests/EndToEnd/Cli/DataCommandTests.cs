using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Cli;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;
using Cognito.Eval.Hub;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>data list, fetch, verify, import.</summary>
public sealed class DataCommandTests : IAsyncDisposable
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly CommandLine line = new();
    private LoopbackHub? hub;

    public async ValueTask DisposeAsync()
    {
        if (hub is not null)
            await hub.DisposeAsync();
        line.Dispose();
    }

    private CommandLine.Outcome Data(params string[] args) => line.Run(
        [("HF_HOME", line.At("home")), ("HF_ENDPOINT", hub?.Endpoint ?? "http://127.0.0.1:1"), ("HF_HUB_OFFLINE", null)], ["data", .. args]);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_flipped_byte_in_any_file_is_found_and_named(bool copies)
    {
        hub = SmallHub.Serve(SmallHub.Data(line.At("served")));
        using var fetched = new HubFetch(new HubSettings
        {
            Endpoint = hub.Endpoint,
            Home = line.At("home"),
            CacheFolder = line.At("home", "hub"),
            CopiesFiles = copies,
            Patience = HangGuard.Long,
        });
        var cancel = TestContext.Current.CancellationToken;
        var repo = new HubRepo(HubKind.Model, SmallHub.Model);
        await HubCheckpoint.Fetch(fetched, repo, weights: true, cancel);
        await HubDatasets.Fetch(fetched, Cli.Fetching.Lock, TaskSet.Leaderboard.Tasks.Select(task => task.Dataset), cancel);
        IReadOnlyList<string> Wrong() => Cli.FileCheck.Checkpoint(fetched, repo, Assert.Fail)
            .And(Cli.FileCheck.Datasets(fetched, TaskSet.Leaderboard.Tasks, Assert.Fail)).Wrong;
        Assert.Empty(Wrong());
        var files = Directory.EnumerateFiles(line.At("home", "hub"), "*", SearchOption.AllDirectories)
            .Where(file => file.Contains("/snapshots/", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(123 + 6, files.Count);
        var random = new Random(1);
        // Every fourth at a time, each of them between three that are right.
        for (var part = 0; part < 4; part++)
        {
            List<string> flipped = [.. files.Where((_, i) => i % 4 == part)];
            foreach (var file in flipped)
            {
                var bytes = File.ReadAllBytes(file);
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                File.WriteAllBytes(file, bytes);
            }
            var wrong = Wrong().Order(StringComparer.Ordinal).ToList();
            Assert.Equal(flipped.Count, wrong.Count);
            Assert.All(flipped.Zip(wrong), pair => Assert.StartsWith(pair.First + ": its bytes are not", pair.Second));
            foreach (var file in flipped)
                File.WriteAllBytes(file, hub.Content(file));
            Assert.Empty(Wrong());
        }
    }

    [Fact]
    public void Verify_names_a_flipped_byte_and_exits_with_2()
    {
        hub = SmallHub.Serve(SmallHub.Data(line.At("served")));
        Assert.Equal(0, Data("fetch", "--model", SmallHub.Model).Code);
        Assert.Equal(0, Data("verify", "--model", SmallHub.Model).Code);
        var shard = Directory.EnumerateFiles(line.At("home"), "model-00002*", SearchOption.AllDirectories).Single();
        var bytes = File.ReadAllBytes(shard);
        bytes[^1] ^= 1;
        File.WriteAllBytes(shard, bytes);
        var outcome = Data("verify", "--model", SmallHub.Model);
        Assert.Equal(2, outcome.Code);
        Assert.StartsWith($"cognito-eval: {shard}: its bytes are not", outcome.Error);
        hub.Requests.Clear();
        Assert.Equal(0, Data("list").Code);
        Assert.Empty(hub.Requests);
    }

    [Fact]
    public void The_locks_digests_are_those_of_the_published_rows()
    {
        var outcome = Data("verify", "--data", Shared.Path("data"), "-t", "arc,mmlu,truthfulqa,winogrande,gsm8k");
        Assert.Equal(0, outcome.Code);
        Assert.Contains("121 of 121 splits hold the rows of datasets.lock.json", outcome.Out);
    }

    [Fact]
    public void The_lock_has_every_split_that_a_task_reads_and_its_published_rows()
    {
        foreach (var task in TaskSet.Leaderboard.Tasks)
            foreach (var split in new[] { task.Split, task.ShotSplit }.OfType<string>())
            {
                var locked = Cli.Fetching.Lock.Of(task.Dataset, split)!;
                Assert.Equal(task.Dataset.PublishedRows[split], locked.Rows);
                Assert.Equal(task.Name == "hellaswag", locked.RowsSha256 is null);
                Assert.All(locked.Files.Keys, path => Assert.StartsWith(
                    task.Dataset.Folders[0] + "/" + split, $"{Cli.Fetching.Lock.Of(task.Dataset)!.Id}/{path}"));
            }
    }

    [Fact]
    public void The_table_of_datasets_says_what_the_lock_says()
    {
        var document = File.ReadAllText(Fixture.Document("data.md"));
        foreach (var repository in Cli.Fetching.Lock.Repositories)
        {
            Assert.Contains($"[{repository.Id}](https://huggingface.co/datasets/{repository.Id})", document);
            var isMmlu = repository.Datasets.Count > 1;
            foreach (var (dataset, splits) in repository.Datasets)
                foreach (var (split, locked) in splits)
                    Assert.Contains(document.Split('\n'), row => isMmlu
                        ? row.StartsWith($"| {dataset["MMLU ".Length..]} |", StringComparison.Ordinal)
                            && row.Contains($"| {locked.Rows} | `{locked.RowsSha256}` |", StringComparison.Ordinal)
                        : row.StartsWith($"| {dataset} | [{repository.Id}]", StringComparison.Ordinal) && row.EndsWith(
                            $"| {split} | {locked.Rows} | {repository.Licence} | "
                            + $"{(locked.RowsSha256 is { } digest ? $"`{digest}`" : "not known")} |", StringComparison.Ordinal));
            foreach (var group in repository.Datasets.Values.SelectMany(splits => splits).GroupBy(split => split.Key).Where(_ => isMmlu))
                Assert.Contains($"| {group.Key} | {group.Sum(split => split.Value.Rows)} | {repository.Licence} | below |", document);
        }
    }

    [Fact]
    public void Originals_are_imported_as_the_rows_they_are()
    {
        var root = new DataRoot(CommandLine.Samples);
        Original("ARC-Challenge-Test.jsonl", Rows("arc_challenge/test"), row => new JsonObject
        {
            ["question"] = new JsonObject
            {
                ["stem"] = row["question"]!.DeepClone(),
                ["choices"] = new JsonArray([.. row["choices"]!["text"]!.AsArray().Zip(row["choices"]!["label"]!.AsArray(),
                    (text, label) => new JsonObject { ["text"] = text!.DeepClone(), ["label"] = label!.DeepClone() })]),
            },
            ["answerKey"] = row["answerKey"]!.DeepClone(),
        });
        Original("hellaswag_val.jsonl", Rows("hellaswag/validation"), row =>
        {
            row["label"] = int.Parse(row["label"]!.GetValue<string>());
            return row;
        });
        Original("dev.jsonl", Rows("winogrande_xl/validation"), row => row);
        Original("train.jsonl", Rows("gsm8k/train"), row => row);
        line.Write("originals/test/philosophy_test.csv", string.Concat(Rows("mmlu/philosophy/test").Select(row => string.Join(',',
            row["choices"]!.AsArray().Select(Quoted).Prepend(Quoted(row["question"]))) + $",{"ABCD"[(int)row["answer"]!]}\n")));
        line.Write("originals/mc_task.json", $"[{string.Join(',', Rows("truthfulqa_mc/validation").Select(row => new JsonObject
        {
            ["question"] = row["question"]!.DeepClone(),
            ["mc1_targets"] = Targets(row["mc1_targets"]!),
            ["mc2_targets"] = Targets(row["mc2_targets"]!),
        }.ToJsonString(Readable)))}]");

        var outcome = Data("import", line.At("originals"));
        Assert.True(outcome.Code == 0, outcome.Error);
        var imported = new DataRoot(line.At("home", "cognito-eval", "data"));
        foreach (var (name, split) in new[] { ("arc_challenge", "test"), ("hellaswag", "validation"), ("winogrande", "validation"),
            ("gsm8k", "train"), ("hendrycksTest-philosophy", "test"), ("truthfulqa_mc", "validation") })
        {
            var dataset = TaskSet.Leaderboard.Select([name]).Tasks.Single().Dataset;
            Assert.Equal(root.Read(dataset, split).Sha256, imported.Read(dataset, split).Sha256);
        }
        var file = line.At("home", "cognito-eval", "data", "gsm8k", "train.jsonl");
        File.WriteAllText(file, File.ReadAllText(file).Replace("a", "b", StringComparison.Ordinal));
        var flipped = Data("verify", "-t", "gsm8k");
        Assert.Equal(2, flipped.Code);
        Assert.Contains(file, flipped.Error);
    }

    [Fact]
    public void Verify_names_every_file_that_is_damaged_missing_or_a_link_to_nothing()
    {
        hub = SmallHub.Serve(SmallHub.Data(line.At("served")));
        Assert.Equal(0, Data("fetch", "--model", SmallHub.Model, "-t", "gsm8k,winogrande").Code);
        string Find(string name) => Directory.EnumerateFiles(line.At("home", "hub"), name, SearchOption.AllDirectories).First(file => file.Contains("/snapshots/", StringComparison.Ordinal));
        var (config, index, one, two, tokenizer) = (Find("config.json"), Find("*.index.json"), Find("model-00001*"), Find("model-00002*"), Find("tokenizer.model"));
        var (rows, others) = (Find("test*.parquet"), Find("validation*.parquet"));
        File.Delete(config);
        File.Delete(File.ResolveLinkTarget(one, true)!.FullName);
        File.AppendAllText(File.ResolveLinkTarget(two, true)!.FullName, "more");
        File.WriteAllBytes(File.ResolveLinkTarget(index, true)!.FullName, []);
        SpecialFile.Put(tokenizer, "loop");
        File.Delete(File.ResolveLinkTarget(rows, true)!.FullName);
        File.Delete(others);
        var outcome = Data("verify", "--model", SmallHub.Model, "-t", "gsm8k,winogrande");
        Assert.Equal(2, outcome.Code);
        var lines = outcome.Error.Split('\n');
        foreach (var (file, fact) in new[] { (config, "is missing"), (one, "its blob"), (two, "its bytes are not"), (index, "is empty"), (tokenizer, "leads back"), (rows, "its blob"), (others, "is missing") })
            Assert.Single(lines, text => text.StartsWith($"{file}: ", StringComparison.Ordinal) && text.Contains(fact, StringComparison.Ordinal));
        Assert.Contains("cognito-eval: 7 of ", outcome.Error);
        Assert.DoesNotContain("System.", outcome.Error);
        var offline = Data("fetch", "-t", "gsm8k", "--offline");
        Assert.Equal(2, offline.Code);
        Assert.Contains($"{Path.GetFileName(rows)}: its blob", offline.Error);

        // What it says helps.
        File.Delete(File.ResolveLinkTarget(two, true)!.FullName);
        Assert.Equal(0, Data("fetch", "--model", SmallHub.Model, "-t", "gsm8k,winogrande").Code);
        var again = Data("verify", "--model", SmallHub.Model);
        Assert.True(again.Code == 0, again.Error);
    }

    [Fact]
    public void Verify_of_a_folder_of_rows_names_every_file_that_cannot_be_read()
    {
        line.Write("rows/gsm8k/main/test.jsonl", "{\"question\": 1");
        line.Write("rows/gsm8k/main/train.jsonl", "no JSON");
        var outcome = Data("verify", "--data", "rows", "-t", "gsm8k");
        Assert.Equal(2, outcome.Code);
        Assert.Contains("test.jsonl", outcome.Error);
        Assert.Contains("train.jsonl", outcome.Error);
        Assert.Contains("cognito-eval: 2 of 2 splits are damaged or missing", outcome.Error);
    }

    [Fact]
    public void Verify_of_what_is_not_in_the_cache_says_so()
    {
        var outcome = Data("verify", "--model", "org/none");
        Assert.Equal(2, outcome.Code);
        Assert.StartsWith("cognito-eval: org/none: refs/main is missing in ", outcome.Error);
    }

    [Fact]
    public void A_folder_without_originals_is_refused()
    {
        Directory.CreateDirectory(line.At("empty"));
        var outcome = Data("import", "empty");
        Assert.Equal(2, outcome.Code);
        Assert.Contains("mc_task.json", outcome.Error);
    }

    private static string Quoted(JsonNode? text) => $"\"{text!.GetValue<string>().Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static JsonObject Targets(JsonNode targets) => new(targets["choices"]!.AsArray().Zip(targets["labels"]!.AsArray(),
        (choice, label) => KeyValuePair.Create(choice!.GetValue<string>(), (JsonNode?)label!.DeepClone())));

    private static List<JsonObject> Rows(string path) => [.. File.ReadLines(Path.Combine(CommandLine.Samples, path + ".jsonl"))
        .Where(text => text.Length > 0).Select(text => JsonNode.Parse(text)!.AsObject())];

    private void Original(string name, List<JsonObject> rows, Func<JsonObject, JsonObject> change) =>
        line.Write($"originals/{name}", string.Concat(rows.Select(row => change(row).ToJsonString(Readable) + "\n")));
}
