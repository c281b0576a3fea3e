using System.Text;
using Cognito.Eval.Torch.Layers;
using Cognito.Eval.Torch.Weights;
using TorchSharp;
using static TorchSharp.torch;
using Decoder = Cognito.Eval.Torch.Layers.Decoder;

namespace Cognito.Eval.Tests;

/// <summary>Weights through staging buffers against the same through a map, on the CPU.</summary>
[Collection("torch")]
public sealed class StagedWeightsTests : IDisposable
{
    private static readonly string Nano = Path.Combine(AppContext.BaseDirectory, "checkpoints", "cognito-nano");
    private readonly TestWeights _weights = new();

    public void Dispose() => _weights.Dispose();

    private static readonly (string Type, ScalarType Scalar)[] Types =
        [("F64", float64), ("F32", float32), ("F16", float16), ("BF16", bfloat16)];

    /// <summary>Two shards of tensors of all types, of 0 to 2 dimensions and of 0 to 5000 elements.</summary>
    private List<TensorEntry> WriteShards()
    {
        var random = new Random(31);
        List<string> map = [];
        List<TensorEntry> all = [];
        for (var shard = 0; shard < 2; shard++)
        {
            using var data = new MemoryStream();
            List<string> header = [];
            foreach (var shape in (long[][])[[], [1], [3], [0, 3], [7, 5], [1000], [1, 5000], [31, 33]])
                foreach (var (type, scalar) in Types)
                {
                    var name = $"t{all.Count}";
                    var bytes = new byte[shape.Aggregate(1L, (a, b) => a * b) * scalar.ElementSize()];
                    random.NextBytes(bytes);
                    // An odd start, as old writers leave it: one byte of another tensor lies before.
                    var (pad, start) = (data.Length, data.Length + 1);
                    header.Add($$"""
                        "pad{{all.Count}}":{"dtype":"U8","shape":[1],"data_offsets":[{{pad}},{{start}}]},
                        "{{name}}":{"dtype":"{{type}}","shape":[{{string.Join(',', shape)}}],
                        "data_offsets":[{{start}},{{start + bytes.Length}}]}
                        """);
                    data.WriteByte(0);
                    data.Write(bytes);
                    all.Add(new(name, type, shape, 0, bytes.Length));
                }
            _weights.Write($"s{shard}.safetensors",
                TestWeights.Bytes(Encoding.UTF8.GetBytes($"{{{string.Join(',', header)}}}"), data.ToArray()));
            map.AddRange(header.Select((_, i) => all.Count - header.Count + i)
                .SelectMany(i => (string[])[$"\"t{i}\"", $"\"pad{i}\""])
                .Select(name => $"{name}:\"s{shard}.safetensors\""));
        }
        _weights.Write("model.safetensors.index.json", $"{{\"weight_map\":{{{string.Join(',', map)}}}}}");
        return all;
    }

    [Theory]
    [InlineData(1, 8, 1)]
    [InlineData(2, 64, 3)]
    [InlineData(3, 4096, 2)]
    [InlineData(16, 1 << 20, 4)]
    public void Every_bit_arrives_whatever_the_buffers(int buffers, int bytes, int threads)
    {
        var all = WriteShards();
        using var files = WeightFiles.Open(_weights.Folder);
        using var scope = NewDisposeScope();
        using var source = new StagedWeights(new TensorPlaces(files), CPU, new(buffers, bytes, threads, Pinned: false));
        var places = all.ToDictionary(t => t.Name, t => empty(t.Shape, MappedTensor.TypeOf(t.DType)));
        foreach (var (name, place) in places)
            source.Fill(name, place);
        source.Finish();
        foreach (var (name, place) in places)
        {
            using var expected = files[name];
            Assert.True(expected.bytes.SequenceEqual(place.bytes), name);
        }
    }

    [Fact]
    public void Types_that_differ_are_converted_as_libtorch_does()
    {
        var all = WriteShards();
        using var files = WeightFiles.Open(_weights.Folder);
        foreach (var (_, wanted) in Types)
        {
            using var scope = NewDisposeScope();
            using var source = new StagedWeights(new TensorPlaces(files), CPU, new(3, 256, 2, Pinned: false));
            var places = all.ToDictionary(t => t.Name, t => empty(t.Shape, wanted));
            foreach (var (name, place) in places)
                source.Fill(name, place);
            source.Finish();
            foreach (var (name, place) in places)
                Assert.True(files[name].to_type(wanted).bytes.SequenceEqual(place.bytes), $"{name} as {wanted}");
        }
    }

    [Theory]
    [InlineData("tiny-llama-bias", ScalarType.Float32)]
    [InlineData("tiny-mixtral-8x", ScalarType.BFloat16)]
    [InlineData("cognito-nano", ScalarType.Float32)]
    [InlineData("cognito-nano", ScalarType.BFloat16)]
    public void A_staged_decoder_answers_exactly_as_a_mapped_one(string name, ScalarType dtype)
    {
        var folder = name == "cognito-nano" ? Nano : Fixture.Path("checkpoints", name);
        using var expected = Decoder.Load(folder, CPU, dtype);
        using var actual = Decoder.Load(folder, CPU, dtype, new Staging(4, 4096, 3, Pinned: false));
        using var one = expected.Logits([1, 2, 3, 4, 5]);
        using var other = actual.Logits([1, 2, 3, 4, 5]);
        Assert.True(one.bytes.SequenceEqual(other.bytes));
    }

    [Fact]
    public void A_file_cut_while_it_is_staged_is_named()
    {
        WriteShards();
        using var files = WeightFiles.Open(_weights.Folder);
        using var source = new StagedWeights(new TensorPlaces(files), CPU, new(2, 64, 2, Pinned: false));
        using var first = empty(1);
        source.Fill("t4", first);
        var path = Path.Combine(_weights.Folder, "s0.safetensors");
        using (var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            file.SetLength(file.Length - 5000);
        // Staging has begun; what is cut is asked for after that, so that no thread can have read it before.
        using var place = empty(31, 33);
        source.Fill("t29", place);
        Assert.Contains("became shorter", TestWeights.Line(path, source.Finish));
    }

    [Fact]
    public void What_is_no_floating_point_number_is_no_weight()
    {
        WriteShards();
        using var files = WeightFiles.Open(_weights.Folder);
        using var staged = new StagedWeights(new TensorPlaces(files), CPU, new(2, 64, 2, Pinned: false));
        using var mapped = new MappedWeights(new TensorPlaces(files));
        foreach (WeightSource source in (WeightSource[])[staged, mapped])
        {
            var path = Path.Combine(_weights.Folder, "s0.safetensors");
            Assert.StartsWith("tensor \"pad3\" holds U8, no floating-point numbers; use ",
                TestWeights.Line(path, () => source.Check("pad3", [1])));
            Assert.Contains("by config.json it is [2]", TestWeights.Line(path, () => source.Check("t4", [2])));
            source.Check("t4", [1]);
        }
    }

    [Fact]
    public void Neither_a_load_nor_a_refused_one_leaves_a_tensor_behind()
    {
        foreach (var file in Directory.GetFiles(Fixture.Path("checkpoints", "tiny-mixtral-2x")))
            if (Path.GetFileName(file) != "golden.safetensors")
                _weights.Write(Path.GetFileName(file), File.ReadAllBytes(file));
        var staging = new Staging(4, 1024, 2, Pinned: false);
        void Load() => Decoder.Load(_weights.Folder, CPU, ScalarType.Float32, staging).Dispose();
        Load();
        // What other tests dropped must not be counted here.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var before = Tensor.TotalCount;
        Load();
        Assert.Equal(before, Tensor.TotalCount);
        var config = Path.Combine(_weights.Folder, "config.json");
        _weights.Write("config.json", File.ReadAllText(config)
            .Replace("\"num_hidden_layers\": 3", "\"num_hidden_layers\": 4", StringComparison.Ordinal));
        Assert.Contains("no tensor \"model.layers.3.", TestWeights.Line(_weights.Folder, Load));
        Assert.Equal(before, Tensor.TotalCount);
    }
}
