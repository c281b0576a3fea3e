using Cognito.Eval.Files;
using Cognito.Eval.Torch.Weights;

namespace Cognito.Eval.Tests;

public sealed class WeightFilesTests : IDisposable
{
    private const string Index = "model.safetensors.index.json";
    private readonly TestWeights _weights = new();

    public void Dispose() => _weights.Dispose();

    private string Refusal() => Assert.Throws<InputException>(() => WeightFiles.Open(_weights.Folder).Dispose()).Message;

    private void WriteIndex(string map) =>
        _weights.Write(Index, $$"""{"metadata":{"total_size":8},"weight_map":{{map}}}""");

    [Fact]
    public void One_file_or_an_index_with_shards_is_a_checkpoint()
    {
        _weights.Write("model.safetensors", TestWeights.One("x"));
        using (var one = WeightFiles.Open(_weights.Folder))
            Assert.Equal(("x", 4), (one.Tensors.Single().Name, one.Bytes));
        File.Delete(Path.Combine(_weights.Folder, "model.safetensors"));

        _weights.Write("s1.safetensors", TestWeights.One("x"));
        _weights.Write("s2.safetensors", TestWeights.One("y"));
        WriteIndex("""{"y":"s2.safetensors","x":"s1.safetensors"}""");
        using var two = WeightFiles.Open(_weights.Folder);
        Assert.Equal(["x", "y"], two.Tensors.Select(t => t.Name));
        Assert.True(two.Has("y") && !two.Has("z"));
    }

    [Fact]
    public void A_shard_may_be_a_link_as_in_a_hub_cache()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need rights there");
        var blob = _weights.Write("blob", TestWeights.One("x"));
        File.CreateSymbolicLink(Path.Combine(_weights.Folder, "model.safetensors"), blob);
        using var weights = WeightFiles.Open(_weights.Folder);
        Assert.Equal("x", weights.Tensors.Single().Name);
    }

    [Fact]
    public void A_folder_that_is_no_checkpoint_is_named()
    {
        Assert.Equal($"{_weights.Folder}: not a checkpoint, neither model.safetensors nor {Index} is in it; " +
            "name the folder that holds them", Refusal());
        var missing = Path.Combine(_weights.Folder, "missing");
        Assert.Equal($"{missing}: no such folder; name the folder of a checkpoint",
            Assert.Throws<InputException>(() => WeightFiles.Open(missing)).Message);
    }

    [Fact]
    public void A_pickle_is_refused()
    {
        _weights.Write("pytorch_model.bin", "");
        Assert.Equal($"{_weights.Folder}: its weights are a pickle (\"pytorch_model.bin\"), which can run code and is " +
            "refused; convert them to safetensors (in transformers, save_pretrained does)", Refusal());
    }

    [Fact]
    public void One_file_comes_before_an_index_as_in_transformers()
    {
        _weights.Write("model.safetensors", TestWeights.One("x"));
        WriteIndex("""{"y":"model-00001-of-00001.safetensors"}""");
        using var weights = WeightFiles.Open(_weights.Folder);
        Assert.Equal("x", weights.Tensors.Single().Name);
    }

    [Fact]
    public void Shards_without_an_index_are_read_if_all_are_there()
    {
        _weights.Write("model-00002-of-00002.safetensors", TestWeights.One("y"));
        Assert.EndsWith($"there is no {Index}, and of the 2 shards that model-00002-of-00002.safetensors is one of 1 are there; "
            + "fetch the others", Refusal());
        _weights.Write("model-00001-of-00002.safetensors", TestWeights.One("y"));
        Assert.Contains("tensor \"y\" is also in model-00001-of-00002.safetensors", Refusal());
        _weights.Write("model-00001-of-00002.safetensors", TestWeights.One("x"));
        using (var weights = WeightFiles.Open(_weights.Folder))
            Assert.Equal(["x", "y"], weights.Tensors.Select(t => t.Name));
        _weights.Write("model-00001-of-00003.safetensors", TestWeights.One("z"));
        Assert.Contains("are shards of different checkpoints", Refusal());
    }

    [Fact]
    public void An_index_may_name_more_than_there_is_and_put_it_elsewhere()
    {
        _weights.Write("s1.safetensors", TestWeights.One("x"));
        _weights.Write("s2.safetensors", TestWeights.One("y"));
        WriteIndex("""{"x":"s2.safetensors","y":"s1.safetensors","vision.z":"s1.safetensors"}""");
        using var weights = WeightFiles.Open(_weights.Folder);
        Assert.Equal(["x", "y"], weights.Tensors.Select(t => t.Name));
        Assert.Contains($"tensor \"vision.z\" is not in s1.safetensors, where {Index} has it",
            Assert.Throws<InputException>(() => new TensorPlaces(weights).Find("vision.z", [1])).Message);
    }

    [Theory]
    [InlineData("adapter_model.safetensors", "holds an adapter alone (adapter_model.safetensors)")]
    [InlineData("adapter_config.json", "holds an adapter alone (adapter_config.json)")]
    [InlineData("consolidated.safetensors", "consolidated.safetensors holds weights in Mistral's own layout")]
    [InlineData("consolidated-00001-of-00002.safetensors", "in Mistral's own layout")]
    [InlineData("model.fp16.safetensors", "model.fp16.safetensors is a variant that transformers reads by name only")]
    [InlineData("model.safetensors.index.fp16.json", "is a variant")]
    [InlineData("weights.safetensors", "weights.safetensors is not a name that weights have")]
    [InlineData("model-Q4_K_M.gguf", "its weights are in GGUF (model-Q4_K_M.gguf)")]
    public void What_lies_there_in_place_of_weights_is_named(string name, string fact)
    {
        _weights.Write(name, "");
        _weights.Write("config.json", "{}");
        var message = Refusal();
        Assert.StartsWith($"{_weights.Folder}: ", message);
        Assert.Contains(fact, message);
        Assert.Contains("; ", message);
    }

    [Fact]
    public void A_link_to_nothing_is_no_file()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need rights there");
        File.CreateSymbolicLink(Path.Combine(_weights.Folder, "model.safetensors"), Path.Combine(_weights.Folder, "gone"));
        Assert.Contains("neither model.safetensors nor", Refusal());
    }

    [Fact]
    public void A_file_of_no_bytes_is_named() => Assert.Contains("it has 0 bytes, and a safetensors file begins with",
        _weights.Refusal([]));

    [Theory]
    [InlineData("../s1.safetensors")]
    [InlineData("..\\\\s1.safetensors")]
    [InlineData("/s1.safetensors")]
    [InlineData("sub/s1.safetensors")]
    [InlineData("C:s1.safetensors")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData(".safetensors")]
    [InlineData("s1.bin")]
    [InlineData("s1\\u0000.safetensors")]
    [InlineData("s1\\n.safetensors")]
    public void A_shard_lies_beside_its_index(string shard)
    {
        _weights.Write("s1.safetensors", TestWeights.One("x"));
        WriteIndex($$"""{"x":"{{shard}}"}""");
        var message = Refusal();
        Assert.StartsWith(Path.Combine(_weights.Folder, Index), message);
        Assert.Contains("is not the plain name of a .safetensors file beside it", message);
        Assert.DoesNotContain('\n', message);
    }

    [Theory]
    [InlineData("""{"x":"s3.safetensors"}""", "the shard s3.safetensors is missing; download it")]
    [InlineData("""{"x":"s1.safetensors","y":"s1-again.safetensors"}""", "tensor \"x\" is also in s1-again.safetensors")]
    [InlineData("""{"x":"s1.safetensors","x":"s2.safetensors"}""", "not the JSON it must be (Duplicate")]
    [InlineData("""{"x":1}""", "no weight_map that gives each tensor its shard")]
    [InlineData("{}", "no weight_map that gives each tensor its shard")]
    [InlineData("[]", "no weight_map that gives each tensor its shard")]
    [InlineData("""{"x":"s1.safetensors" """, "not the JSON it must be")]
    [InlineData("""{"x":"\ud800"}""", "not the JSON it must be")]
    public void A_wrong_index_is_refused(string map, string fact)
    {
        _weights.Write("s1.safetensors", TestWeights.One("x"));
        _weights.Write("s1-again.safetensors", TestWeights.One("x"));
        _weights.Write("s2.safetensors", TestWeights.One("y"));
        WriteIndex(map);
        Assert.Contains(fact, Refusal());
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"weight_map":null}""")]
    public void An_index_that_is_no_index_is_refused(string index)
    {
        _weights.Write(Index, index);
        Assert.Contains("download it again", Refusal());
    }

    [Fact]
    public void A_broken_shard_is_named()
    {
        _weights.Write("s1.safetensors", TestWeights.One("x")[..^1]);
        WriteIndex("""{"x":"s1.safetensors"}""");
        Assert.StartsWith(Path.Combine(_weights.Folder, "s1.safetensors") + ": tensor \"x\" lies at [0, 4)", Refusal());
    }
}
