using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Cognito.Eval.Files;
using Cognito.Eval.Torch.Weights;
using TorchSharp;

namespace Cognito.Eval.Tests;

[Collection("torch")]
public sealed class MappedTensorTests : IDisposable
{
    private static readonly string Nano = Path.Combine(AppContext.BaseDirectory, "checkpoints", "cognito-nano");
    private readonly TestWeights _weights = new();

    public void Dispose() => _weights.Dispose();

    private WeightFiles Open(string header, params byte[] data)
    {
        var json = Encoding.UTF8.GetBytes(header.Replace("\"at\"", "\"data_offsets\""));
        _weights.Write("model.safetensors", TestWeights.Bytes(json, data));
        return WeightFiles.Open(_weights.Folder);
    }

    [Fact]
    public void Every_type_holds_its_values()
    {
        using var weights = Open("""
            {"f64":{"dtype":"F64","shape":[1],"at":[0,8]},"i64":{"dtype":"I64","shape":[1],"at":[8,16]},
            "f32":{"dtype":"F32","shape":[1,1],"at":[16,20]},"i32":{"dtype":"I32","shape":[1],"at":[20,24]},
            "f16":{"dtype":"F16","shape":[2],"at":[24,28]},"bf16":{"dtype":"BF16","shape":[2],"at":[28,32]},
            "i16":{"dtype":"I16","shape":[1],"at":[32,34]},"u8":{"dtype":"U8","shape":[1],"at":[34,35]},
            "i8":{"dtype":"I8","shape":[1],"at":[35,36]},"bool":{"dtype":"BOOL","shape":[],"at":[36,37]},
            "none":{"dtype":"F32","shape":[0,3],"at":[37,37]}}
            """, [.. BitConverter.GetBytes(1.1), .. BitConverter.GetBytes(-2L), .. BitConverter.GetBytes(3.3f),
            .. BitConverter.GetBytes(-4), .. BitConverter.GetBytes((Half)0.1),
            .. BitConverter.GetBytes(Half.NegativeInfinity), 0x80, 0x3f, 0x49, 0xc0,
            .. BitConverter.GetBytes((short)-5), 250, 250, 1]);
        using var scope = torch.NewDisposeScope();
        Assert.Equal(1.1, weights["f64"].item<double>());
        Assert.Equal(-2L, weights["i64"].item<long>());
        Assert.Equal(3.3f, weights.Get("f32", 1, 1).item<float>());
        Assert.Equal(-4, weights["i32"].item<int>());
        float[] Wide(string name) => weights[name].to(torch.float32).data<float>().ToArray();
        Assert.Equal([(float)(Half)0.1, float.NegativeInfinity], Wide("f16"));
        Assert.Equal([1f, -3.140625f], Wide("bf16"));
        Assert.Equal((short)-5, weights["i16"].item<short>());
        Assert.Equal((byte)250, weights["u8"].item<byte>());
        Assert.Equal((sbyte)-6, weights["i8"].item<sbyte>());
        Assert.True(weights["bool"].item<bool>());
        Assert.Equal([0, 3], weights["none"].shape);
        torch.ScalarType[] types = [torch.float64, torch.int64, torch.float32, torch.int32, torch.float16,
            torch.bfloat16, torch.int16, torch.uint8, torch.int8, torch.@bool, torch.float32];
        Assert.Equal(types, weights.Tensors.Select(t => weights[t.Name].dtype));
    }

    [Fact]
    public void Elements_that_are_not_aligned_are_copied()
    {
        const string header = """
            {"a":{"dtype":"U8","shape":[1],"at":[0,1]},"b":{"dtype":"F32","shape":[3],"at":[1,13]}}
            """;
        for (var padding = 0; padding < 4; padding++)
        {
            using var weights = Open(header.Trim() + new string(' ', padding),
                [9, .. BitConverter.GetBytes(1f), .. BitConverter.GetBytes(2f), .. BitConverter.GetBytes(-3f)]);
            using var b = weights["b"];
            Assert.Equal([1f, 2f, -3f], b.data<float>().ToArray());
        }
    }

    [Fact]
    public void Tensors_may_outlive_their_files()
    {
        const string header = """{"x":{"dtype":"F32","shape":[2],"at":[0,8]}}""";
        var weights = Open(header + "  ", [.. BitConverter.GetBytes(1f), .. BitConverter.GetBytes(2f)]);
        var (one, again) = (weights["x"], weights["x"]);
        var view = one.narrow(0, 1, 1);
        weights.Dispose();
        one.Dispose();
        Assert.Equal([1f, 2f], again.data<float>().ToArray());
        again.Dispose();
        Assert.Equal(2f, view.item<float>());
        view.Dispose();
        Assert.Throws<ObjectDisposedException>(() => weights["x"]);
    }

    [Fact]
    public void A_map_ends_with_the_last_that_needs_it()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "asks Linux what is mapped");
        var weights = Open("""{"x":{"dtype":"F32","shape":[1],"at":[0,4]}}  """, 1, 2, 3, 4);
        bool Mapped() => File.ReadAllText("/proc/self/maps").Contains(_weights.Folder, StringComparison.Ordinal);
        Assert.False(Mapped());
        var x = weights["x"];
        Assert.True(Mapped());
        weights.Dispose();
        Assert.True(Mapped());
        x.Dispose();
        Assert.False(Mapped());
    }

    [Fact]
    public void A_wrong_shape_and_a_missing_name_are_refused()
    {
        using var weights = Open("""{"x":{"dtype":"F32","shape":[1],"at":[0,4]}}""", 1, 2, 3, 4);
        Assert.Equal($"{Path.Combine(_weights.Folder, "model.safetensors")}: tensor \"x\" is [1], and by config.json " +
            "it is [1, 1]; take both from one checkpoint",
            Assert.Throws<InputException>(() => weights.Get("x", 1, 1)).Message);
        Assert.StartsWith($"{_weights.Folder}: no tensor \"y\" in its weights;",
            Assert.Throws<InputException>(() => weights["y"]).Message);
        Assert.Throws<InputException>(() => weights.Get("y", 1));
    }

    [Fact]
    public void The_nano_checkpoint_holds_what_its_bytes_say()
    {
        using var weights = WeightFiles.Open(Nano);
        Assert.Equal(11412864, weights.Bytes);
        var names = 0;
        foreach (var shard in Directory.GetFiles(Nano, "*.safetensors"))
        {
            var file = File.ReadAllBytes(shard);
            var start = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(file);
            using var header = JsonDocument.Parse(file.AsMemory(8, start - 8));
            foreach (var about in header.RootElement.EnumerateObject().Where(p => p.Name != "__metadata__"))
            {
                var offsets = about.Value.GetProperty("data_offsets");
                var bytes = file[(start + offsets[0].GetInt32())..(start + offsets[1].GetInt32())];
                // bfloat16 is the upper half of a float32.
                var expected = new float[bytes.Length / 2];
                for (var i = 0; i < expected.Length; i++)
                    expected[i] = BitConverter.Int32BitsToSingle(BitConverter.ToUInt16(bytes, 2 * i) << 16);
                using var tensor = weights.Get(about.Name,
                    [.. about.Value.GetProperty("shape").EnumerateArray().Select(d => d.GetInt64())]);
                using var wide = tensor.to(torch.float32);
                Assert.Equal(torch.bfloat16, tensor.dtype);
                Assert.Equal(expected, wide.data<float>().ToArray());
                names++;
            }
        }
        Assert.Equal(weights.Tensors.Count(), names);
        Assert.True(names > 60, $"{names} tensors");
    }
}
