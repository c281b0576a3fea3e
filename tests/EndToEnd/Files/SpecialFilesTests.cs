using Cognito.Eval.Benchmarks;
using Cognito.Eval.Cli;
using Cognito.Eval.Comparison;
using Cognito.Eval.Datasets;
using Cognito.Eval.Journal;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;
using Cognito.Eval.Torch.Weights;

namespace Cognito.Eval.Tests;

/// <summary>Named pipes, devices, folders and loops in place of each file that is read.</summary>
public sealed class SpecialFilesTests : IDisposable
{
    private readonly CommandLine line = new();

    public SpecialFilesTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "Unix has what this is about");

    public void Dispose() => line.Dispose();

    public static TheoryData<string, string> Of(params string[] files)
    {
        var all = new TheoryData<string, string>();
        foreach (var file in files)
            foreach (var kind in SpecialFile.Kinds)
                all.Add(file, kind);
        return all;
    }

    public static TheoryData<string, string> Checkpoints => Of("config.json", "generation_config.json", "tokenizer.model", "tokenizer.json",
        "tokenizer_config.json", "model.safetensors.index.json", "model-00001-of-00002.safetensors");

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public async Task In_a_checkpoint_they_are_refused_by_name(string file, string kind)
    {
        var nano = line.Copy(CommandLine.Nano, "nano");
        if (file == "tokenizer.json")
            File.Delete(Path.Combine(nano, "tokenizer.model"));
        SpecialFile.Put(Path.Combine(nano, file), kind);
        var message = await SpecialFile.Refusal(() =>
        {
            Torch.Checkpoint.Open(nano);
            WeightFiles.Open(nano).Dispose();
        });
        Assert.StartsWith($"{Path.Combine(nano, file)}: ", message);
        Assert.Contains(SpecialFile.Fact(kind), message);
    }

    public static TheoryData<string, string> RowFiles => Of("test-00000-of-00001.parquet", "test.jsonl", "test.jsonl.gz", "test.csv");

    [Theory]
    [MemberData(nameof(RowFiles))]
    public async Task In_place_of_rows_they_are_refused_by_name(string file, string kind)
    {
        var dataset = TaskSet.Leaderboard.Select(["arc"]).Tasks[0].Dataset;
        Directory.CreateDirectory(line.At("rows", dataset.Folders[0]));
        SpecialFile.Put(line.At("rows", dataset.Folders[0], file), kind);
        Assert.Contains(SpecialFile.Fact(kind), await SpecialFile.Refusal(() => DataRoot.Open(line.At("rows")).Read(dataset, "test")));
    }

    /// <summary>A folder in place of a results.json is one: a run in it is meant.</summary>
    public static TheoryData<string, string> OfRuns
    {
        get
        {
            var all = Of("details", "policy", "journal", "lock");
            foreach (var file in (string[])["results.json", "harness"])
                foreach (var kind in SpecialFile.Kinds.Where(kind => !kind.EndsWith("folder", StringComparison.Ordinal)))
                    all.Add(file, kind);
            return all;
        }
    }

    [Theory]
    [MemberData(nameof(OfRuns))]
    public async Task In_a_run_they_are_refused_by_name(string file, string kind)
    {
        Directory.CreateDirectory(line.At("run", "details"));
        var at = file switch
        {
            "results.json" => line.At("run", "results.json"),
            "details" => line.At("run", "details", "gsm8k.parquet"),
            "journal" => line.At("run", "journal.sqlite"),
            _ => line.At(file),
        };
        SpecialFile.Put(at, kind);
        var message = await SpecialFile.Refusal(() =>
        {
            switch (file)
            {
                case "details": ChoiceDetail.Read(line.At("run"), "gsm8k"); break;
                case "policy": GatePolicy.Read(at); break;
                case "journal": AnswerJournal.Open(line.At("run")).Dispose(); break;
                case "lock": DatasetLock.Read(at); break;
                default: Cli.RunInputs.Read(at); break;
            }
        });
        Assert.StartsWith($"{at}: ", message);
        Assert.Contains(SpecialFile.Fact(kind), message);
    }

    [Theory]
    [InlineData("pipe")]
    [InlineData("device")]
    [InlineData("loop")]
    public async Task A_run_folder_of_such_a_manifest_is_no_run(string kind)
    {
        Directory.CreateDirectory(line.At("run"));
        SpecialFile.Put(line.At("run", "run.json"), kind);
        Assert.Null(await Task.Run(() => Manifest.Read(line.At("run"))).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
    }
}
