using System.Buffers.Binary;
using System.Text;

namespace Cognito.Eval.Tests;

/// <summary>Each bad input ends with one line that names the fact and the fix, and with exit code 2.</summary>
public sealed class BadInputTests : IDisposable
{
    private readonly CommandLine line = new();

    public void Dispose() => line.Dispose();

    /// <summary>What a run says of its inputs before it finds one bad; all else on stderr is the error.</summary>
    private static readonly string[] Notes = ["no --model: ", "data: ", "note: "];

    private void Refused(string[] args, params string[] facts)
    {
        var outcome = line.Run(args);
        var message = outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(l => !Notes.Any(note => l.StartsWith(note, StringComparison.Ordinal))).ToList();
        Assert.Equal(2, outcome.Code);
        Assert.StartsWith("cognito-eval: ", Assert.Single(message));
        Assert.DoesNotContain("   at ", outcome.Error);
        Assert.Empty(outcome.Out);
        foreach (var fact in facts)
            Assert.Contains(fact, message[0]);
        TestContext.Current.TestOutputHelper?.WriteLine(message[0]);
        Assert.False(Directory.Exists(line.At("results")));
    }

    [Fact]
    public void An_unknown_task() => Refused(["--tasks", "winogrand"], "winogrand: no such task", "did you mean winogrande?");

    [Fact]
    public void A_missing_split()
    {
        var data = line.Copy(Path.Combine(CommandLine.Samples, "gsm8k"), "data/gsm8k");
        File.Delete(Path.Combine(data, "train.jsonl"));
        Refused(["-t", "gsm8k", "--model", CommandLine.Nano, "--data", line.At("data")],
            "no GSM8K train in openai/gsm8k/main, gsm8k/main, gsm8k", "train.jsonl", "--data");
    }

    [Fact]
    public void A_data_folder_that_is_not_there() =>
        Refused(["--model", CommandLine.Nano, "--data", "nowhere"], "nowhere: no such folder", "--data");

    [Fact]
    public void A_truncated_parquet_file()
    {
        var source = Directory.EnumerateFiles(Fixture.Path("parquet"), "*.parquet").First();
        Directory.CreateDirectory(line.At("data/gsm8k"));
        File.WriteAllBytes(line.At("data/gsm8k/test.parquet"), File.ReadAllBytes(source)[..^20]);
        Refused(["-t", "gsm8k", "--model", CommandLine.Nano, "--data", line.At("data")], "test.parquet", "fetch it again");
    }

    [Fact]
    public void A_column_of_the_wrong_type()
    {
        line.Write("data/gsm8k/test.jsonl", """{"question": 5, "answer": "#### 5"}""");
        Refused(["-t", "gsm8k", "-k", "0", "--model", CommandLine.Nano, "--data", line.At("data")],
            "test.jsonl line 1", "\"question\"", "text");
    }

    [Fact]
    public void A_folder_that_is_no_checkpoint()
    {
        Directory.CreateDirectory(line.At("empty"));
        Refused(["--model", "empty", "--data", CommandLine.Samples], "config.json");
    }

    [Fact]
    public void An_architecture_that_is_not_known()
    {
        var model = line.Copy(CommandLine.Nano, "m");
        Edit(model, "config.json", "MixtralForCausalLM", "GPT2LMHeadModel");
        Refused(["--model", model, "--data", CommandLine.Samples], "config.json", "GPT2LMHeadModel", "LlamaForCausalLM");
    }

    [Fact]
    public void A_missing_shard()
    {
        var model = line.Copy(CommandLine.Nano, "m");
        File.Delete(Path.Combine(model, "model-00002-of-00002.safetensors"));
        Refused(["--model", model, "--data", CommandLine.Samples, "-t", "winogrande"], "model-00002-of-00002.safetensors");
    }

    [Fact]
    public void A_header_longer_than_its_file()
    {
        var model = line.Copy(CommandLine.Nano, "m");
        Patch(Path.Combine(model, "model-00001-of-00002.safetensors"), bytes =>
            BinaryPrimitives.WriteInt64LittleEndian(bytes, bytes.Length + 1L));
        Refused(["--model", model, "--data", CommandLine.Samples, "-t", "winogrande"], "model-00001-of-00002.safetensors", "header");
    }

    [Fact]
    public void Tensors_that_overlap()
    {
        var model = OneTensorFile("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12);
        Refused(["--model", model, "--data", CommandLine.Samples, "-t", "winogrande"], "model.safetensors", "\"b\"", "overlap");
    }

    [Fact]
    public void A_tensor_of_the_wrong_shape()
    {
        var model = line.Copy(CommandLine.Nano, "m");
        Edit(model, "config.json", "\"intermediate_size\": 512", "\"intermediate_size\": 256");
        Refused(["--model", model, "--data", CommandLine.Samples, "-t", "winogrande"], "[512, 192]", "[256, 192]");
    }

    [Fact]
    public void An_index_that_points_outside_the_folder()
    {
        var model = line.Copy(CommandLine.Nano, "m");
        Edit(model, "model.safetensors.index.json", "model-00002-of-00002.safetensors", "../model-00002-of-00002.safetensors");
        Refused(["--model", model, "--data", CommandLine.Samples, "-t", "winogrande"], "index.json", "../model-00002");
    }

    [Fact]
    public void A_tokenizer_that_is_none()
    {
        var model = line.Copy(CommandLine.Nano, "m");
        File.WriteAllText(Path.Combine(model, "tokenizer.model"), "not a tokenizer");
        Refused(["--model", model, "--data", CommandLine.Samples], "tokenizer.model");
    }

    [Fact]
    public void A_pickled_checkpoint()
    {
        var model = line.Copy(CommandLine.Nano, "m");
        foreach (var file in Directory.EnumerateFiles(model, "model*"))
            File.Delete(file);
        File.WriteAllText(Path.Combine(model, "pytorch_model.bin"), "");
        Refused(["--model", model, "--data", CommandLine.Samples, "-t", "winogrande"], "pytorch_model.bin", "safetensors");
    }

    [Fact]
    public void More_shots_than_training_rows() =>
        Refused(["-t", "gsm8k", "-k", "11"], "11 shots", "10 rows", "--num-fewshot 10");

    [Fact]
    public void Shots_for_TruthfulQA_alone() => Refused(["-t", "truthfulqa", "-k", "3"], "truthfulqa_mc takes no examples", "3");

    [Theory]
    [InlineData("--limit", "0", "not a number above 0")]
    [InlineData("--limit", "-3", "not a number above 0")]
    [InlineData("--limit", "NaN", "not a number above 0")]
    [InlineData("--limit", "0.001", "is none")]
    [InlineData("--num-fewshot", "-1", "0 or more")]
    [InlineData("--max-length", "0", "at least 2")]
    [InlineData("--batch-tokens", "0", "at least 1")]
    [InlineData("--device", "tpu", "no such kind of device")]
    [InlineData("--device", "cpu,tpu", "tpu: no such kind of device")]
    [InlineData("--device", "cpu,", "a name is empty")]
    [InlineData("--device", "cuda:99", "CUDA devices")]
    [InlineData("--dtype", "int8", "int8")]
    [InlineData("--num-fewshot", "abc", "a whole number")]
    [InlineData("--max-length", "2147483647", "at most")]
    [InlineData("--threads", "2147483647", "at most")]
    [InlineData("--frobnicate", "1", "--frobnicate")]
    [InlineData("frobnicate", "", "frobnicate")]
    public void Options_that_cannot_be(string option, string value, string fact) =>
        Refused(value == "" ? [option] : ["-t", "winogrande", option, value], fact);

    [Fact]
    public void A_model_without_data_where_nothing_may_be_fetched() =>
        Refused(["--model", CommandLine.Nano], "allenai/ai2_arc: the cache", "is missing", "--offline", "cognito-eval data fetch");

    [Fact]
    public void A_results_folder_that_cannot_be_written()
    {
        line.Write("file", "");
        Refused(["-t", "winogrande", "--output", line.At("file", "results")], "cannot be written", "--output");
    }

    [Fact]
    public void A_run_that_is_none() => Refused(["report", "nowhere"], "nowhere", "results.json");

    private string OneTensorFile(string header, int bytes)
    {
        var model = line.Copy(CommandLine.Nano, "m");
        foreach (var file in Directory.EnumerateFiles(model, "model*"))
            File.Delete(file);
        var text = Encoding.UTF8.GetBytes(header);
        File.WriteAllBytes(Path.Combine(model, "model.safetensors"),
            [.. BitConverter.GetBytes((long)text.Length), .. text, .. new byte[bytes]]);
        return model;
    }

    private static void Edit(string model, string file, string from, string to)
    {
        var path = Path.Combine(model, file);
        var text = File.ReadAllText(path);
        Assert.Contains(from, text);
        File.WriteAllText(path, text.Replace(from, to, StringComparison.Ordinal));
    }

    private static void Patch(string path, Action<byte[]> change)
    {
        var bytes = File.ReadAllBytes(path);
        change(bytes);
        File.WriteAllBytes(path, bytes);
    }
}
