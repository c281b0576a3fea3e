using Cognito.Eval.Torch;

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
    public void One_file_and_an_index_contradict_each_other()
    {
        _weights.Write("model.safetensors", TestWeights.One("x"));
        WriteIndex("""{"x":"model.safetensors"}""");
        Assert.Contains($"it holds both model.safetensors and {Index}", Refusal());
    }

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
    [InlineData("""{"z":"s1.safetensors"}""", "tensor \"z\" is not in s1.safetensors")]
    [InlineData("""{"x":"s2.safetensors","y":"s1.safetensors"}""", "tensor \"x\" is not in s2.safetensors")]
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
