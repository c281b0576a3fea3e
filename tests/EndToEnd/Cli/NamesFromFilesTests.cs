using Cognito.Eval.Benchmarks;
using Cognito.Eval.Cli;
using Cognito.Eval.Comparison;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;
using Cognito.Eval.Hub;
using Cognito.Eval.Results;
using Cognito.Eval.Torch.Weights;

namespace Cognito.Eval.Tests;

/// <summary>A name that comes out of a file never leads out of the folder it belongs to, nor commands a terminal.</summary>
public sealed class NamesFromFilesTests : IDisposable
{
    private readonly CommandLine line = new();

    public void Dispose() => line.Dispose();

    [Theory]
    [InlineData("../secret.safetensors")]
    [InlineData("/tmp/secret.safetensors")]
    [InlineData("inner/secret.safetensors")]
    [InlineData("./secret.safetensors")]
    [InlineData("..\\\\secret.safetensors")]
    [InlineData("C:secret.safetensors")]
    [InlineData("inner/../../secret.safetensors")]
    [InlineData("secret.safetensors\\u0000")]
    [InlineData("secret.safetensors\\n")]
    [InlineData("secret.bin")]
    [InlineData("..")]
    [InlineData("")]
    public void A_shard_lies_beside_its_index(string shard)
    {
        // A right file at each place that the name might lead to: only the name keeps it from being read.
        foreach (var place in (string[])["secret.safetensors", "m/secret.safetensors", "m/inner/secret.safetensors", "m/secret.bin"])
        {
            line.Write(place, "");
            File.WriteAllBytes(line.At(place), TestWeights.One("x"));
        }
        line.Write("m/model.safetensors.index.json", $$$"""{"weight_map":{"x":"{{{shard}}}"}}""");
        var message = Assert.Throws<InputException>(() => WeightFiles.Open(line.At("m"))).Message;
        Assert.Contains("is not the plain name of a .safetensors file beside it", message);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void A_shard_of_a_plain_name_is_read()
    {
        line.Write("m/x.safetensors", "");
        File.WriteAllBytes(line.At("m/x.safetensors"), TestWeights.One("x"));
        line.Write("m/model.safetensors.index.json", """{"weight_map":{"x":"x.safetensors"}}""");
        using var weights = WeightFiles.Open(line.At("m"));
        Assert.True(weights.Has("x"));
    }

    [Theory]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("a/b")]
    [InlineData("/tmp/x")]
    [InlineData("..\\x")]
    [InlineData("a\nb")]
    public void A_model_of_a_strange_name_makes_no_folder_elsewhere(string model) =>
        Assert.Contains("not a name for a folder", Assert.Throws<InputException>(() =>
            RunFolder.ParentOf(line.At("results"), model)).Message);

    [Fact]
    public void A_models_folder_lies_in_the_results() => Assert.Equal(
        line.At("results", "my model..2:b"), RunFolder.ParentOf(line.At("results"), "my model..2:b"));

    [Fact]
    public void What_a_config_says_does_not_command_the_terminal()
    {
        line.Write("m/config.json", """{"architectures": ["\u001b]0;title\u0007\u001b[2J\nok: all is well"]}""");
        var outcome = line.Run("--model", "m", "--data", CommandLine.Samples, "-t", "winogrande");
        Assert.Equal(2, outcome.Code);
        Assert.DoesNotContain('\u001b', outcome.Error);
        Assert.DoesNotContain('\u0007', outcome.Error);
        Assert.DoesNotContain("\nok:", outcome.Error);
        Assert.Contains("\\u001b]0;title\\u0007\\u001b[2J ok: all is well", outcome.Error);
    }

    [Fact]
    public void What_a_result_says_does_not_command_the_terminal()
    {
        var text = File.ReadAllText(Fixture.Path("fuzz", "seeds", "results.json"));
        var run = line.Write("r/results.json", text.Replace("cognito-nano", "\\u001b[2Jnano\\n---", StringComparison.Ordinal)
            .Replace("no average: ", "\\u001b[31m\\n- all documents were asked", StringComparison.Ordinal));
        foreach (var format in (string[])["card", "table", "yaml", "json"])
        {
            var outcome = line.Run("report", run, "--format", format);
            Assert.Equal(0, outcome.Code);
            Assert.DoesNotContain('\u001b', outcome.Out);
            Assert.DoesNotContain("\n- all documents", outcome.Out);
            Assert.DoesNotContain("\n---\"", outcome.Out);
        }
    }

    [Fact]
    public void Task_names_in_a_result_are_no_paths()
    {
        var text = File.ReadAllText(Fixture.Path("fuzz", "seeds", "results.json"));
        var run = line.Write("r/results.json", text.Replace("\"winogrande\"", "\"../../../etc/x\"", StringComparison.Ordinal));
        var before = Directory.EnumerateFileSystemEntries(line.Folder, "*", SearchOption.AllDirectories).Count();
        Assert.Equal(0, line.Run("report", run).Code);
        Assert.Equal(before, Directory.EnumerateFileSystemEntries(line.Folder, "*", SearchOption.AllDirectories).Count());
    }

    public static IEnumerable<TheoryDataRow<string>> Strange =>
        ((string[])["../x", "..", "/tmp/x", "a/b", "a\\b", "..\\x", "C:x", "a\nb", "a\0b", "a..b", ""]).Select(name => new TheoryDataRow<string>(name));

    [Theory, MemberData(nameof(Strange))]
    public void A_task_of_a_strange_name_has_no_logged_documents_elsewhere(string task)
    {
        // A file at each place that the name might lead to: only the name keeps it from being read.
        line.Write("r/samples_a/b_d1.jsonl", "read");
        line.Write("r/x_d1.jsonl", "read");
        Directory.CreateDirectory(line.At("r/samples_.."));
        var json = System.Text.Json.JsonSerializer.Serialize(new { results = new Dictionary<string, object> { [task] = new { acc = 0.5 } }, config = new { } });
        var file = line.Write("r/results_d1.json", json);
        using var document = System.Text.Json.JsonDocument.Parse(json);
        var message = Assert.Throws<InputException>(() => HarnessFile.Read(file, document.RootElement,
            (_, _) => (Benchmarks.Winogrande.Task, Benchmarks.Winogrande.Task.Headline), ["Winogrande"])).Message;
        Assert.Contains("is no name of a task", message);
    }

    [Theory, MemberData(nameof(Strange))]
    public void A_task_of_a_strange_name_has_no_details(string task)
    {
        line.Write("r/x.parquet", "no Parquet");
        line.Write("r/details/a/b.parquet", "no Parquet");
        var record = RunFile.Read(Fixture.Path("fuzz", "seeds", "results.json")).Tasks["winogrande"];
        Assert.Null(DetailsReader.Read(line.At("r"), task, record));
        Assert.Null(ChoiceDetail.Read(line.At("r"), task));
    }

    [Theory]
    [InlineData("id", "../org/name")]
    [InlineData("id", "org/..")]
    [InlineData("revision", "../../x")]
    [InlineData("revision", "main")]
    [InlineData("file", "../x")]
    [InlineData("file", "/etc/passwd")]
    [InlineData("file", "a\\\\b")]
    public void A_lock_names_nothing_outside_of_the_cache(string what, string name)
    {
        string Or(string key, string right) => what == key ? name : right;
        var file = line.Write("datasets.lock.json", $$$"""
            {"repositories":[{"id":"{{{Or("id", "org/name")}}}","revision":"{{{Or("revision", new('a', 40))}}}","licence":"MIT",
            "datasets":{"d":{"test":{"rows":1,"rows_sha256":null,"files":{"{{{Or("file", "a/b.parquet")}}}":null} } } }}]}
            """);
        Assert.Contains("is no ", Assert.Throws<InputException>(() => DatasetLock.Read(file)).Message);
    }

    [Fact]
    public void What_was_recorded_at_the_first_fetch_is_of_commits()
    {
        var settings = new HubSettings { Endpoint = "http://localhost", Home = line.Folder, CacheFolder = line.At("hub"), IsOffline = true };
        line.Write("cognito-eval/fetched.json", """{"repositories":{"datasets/org/name":{"revision":"../../x","files":{}}}}""");
        Assert.Contains("is no commit", Assert.Throws<InputException>(() => HubRecord.Read(settings)).Message);
    }

    [Theory]
    [InlineData("""{"../../x":"00"}""")]
    [InlineData("""{"/etc/passwd":"00"}""")]
    [InlineData("null")]
    public void What_was_imported_lies_in_its_folder(string json)
    {
        line.Write("d/imported.json", json);
        Assert.Contains("not the record of what was imported", Assert.Throws<InputException>(() => ImportRecord.Read(line.At("d"))).Message);
    }

    [Fact]
    public void The_hubs_listing_is_kept_to_what_lies_in_the_repository() => Assert.Equal(["a/b.json"], HubListing.Parse(
        System.Text.Encoding.UTF8.GetBytes($$"""{"sha":"{{new string('a', 40)}}","siblings":[{"rfilename":"../x"},{"rfilename":null},{"rfilename":"/x"},{"rfilename":"a/b.json"}]}"""),
        "hub").Files);
}
