using System.Security.Cryptography;
using System.Text;
using Cognito.Eval.Files;
using Cognito.Eval.Torch.Weights;

namespace Cognito.Eval.Tests;

public sealed class WeightsHashTests : IDisposable
{
    private const string X = "\"x\":{\"dtype\":\"I8\",\"shape\":[2,1],\"data_offsets\":[0,2]}";
    private const string Y = "\"é\":{\"dtype\":\"I8\",\"shape\":[],\"data_offsets\":[2,3]}";
    private readonly TestWeights _weights = new();

    public void Dispose() => _weights.Dispose();

    private async Task<string> Hash(byte[] file)
    {
        _weights.Write("model.safetensors", file);
        using var weights = WeightFiles.Open(_weights.Folder);
        return await weights.Hash();
    }

    private static string Sha(params byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    [Fact]
    public async Task The_hash_is_of_one_line_a_tensor() => Assert.Equal(
        Sha(Encoding.UTF8.GetBytes($"1:x I8 [2,1] {Sha(0, 1)}\n2:é I8 [] {Sha(2)}\n")),
        await Hash(TestWeights.Bytes($"{{{X},{Y}}}", 3)));

    [Fact]
    public async Task The_hash_does_not_see_how_the_weights_are_stored()
    {
        var one = await Hash(TestWeights.Bytes($"{{{X},{Y}}}", 3));
        Assert.Equal(one, await Hash(TestWeights.Bytes($"{{\"__metadata__\":{{\"a\":\"b\"}}, {Y},{X} }}", 3)));

        File.Delete(Path.Combine(_weights.Folder, "model.safetensors"));
        var shard = Y.Replace("[2,3]", "[0,1]", StringComparison.Ordinal);
        _weights.Write("a.safetensors", TestWeights.Bytes(Encoding.UTF8.GetBytes($"{{{shard}}}"), [2]));
        _weights.Write("b.safetensors", TestWeights.Bytes(Encoding.UTF8.GetBytes($"{{{X}}}"), [0, 1]));
        _weights.Write("model.safetensors.index.json", """{"weight_map":{"x":"b.safetensors","é":"a.safetensors"}}""");
        using var sharded = WeightFiles.Open(_weights.Folder);
        Assert.Equal(one, await sharded.Hash());
    }

    [Fact]
    public async Task The_hash_sees_a_name_a_type_a_shape_and_a_byte()
    {
        string[] headers = [$"{{{X},{Y}}}", $"{{{X.Replace("\"x\"", "\"w\"")},{Y}}}", $"{{{X.Replace("I8", "U8")},{Y}}}",
            $"{{{X.Replace("2,1", "1,2")},{Y}}}"];
        var hashes = new HashSet<string>();
        foreach (var header in headers)
            Assert.True(hashes.Add(await Hash(TestWeights.Bytes(header, 3))), header);
        Assert.True(hashes.Add(await Hash(TestWeights.Bytes(Encoding.UTF8.GetBytes(headers[0]), [0, 1, 3]))));
    }

    [Fact]
    public async Task A_tensor_longer_than_the_buffer_is_hashed_whole()
    {
        var data = new byte[(5 << 20) + 3];
        new Random(4).NextBytes(data);
        var header = $$"""{"x":{"dtype":"U8","shape":[{{data.Length}}],"data_offsets":[0,{{data.Length}}] } }""";
        Assert.Equal(Sha(Encoding.UTF8.GetBytes($"1:x U8 [{data.Length}] {Sha(data)}\n")),
            await Hash(TestWeights.Bytes(Encoding.UTF8.GetBytes(header), data)));
    }

    [Fact]
    public async Task A_file_cut_while_it_is_hashed_is_named()
    {
        var path = _weights.Write("model.safetensors", TestWeights.One("x"));
        using var weights = WeightFiles.Open(_weights.Folder);
        using (var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            file.SetLength(file.Length - 1);
        Assert.Contains("became shorter", (await Assert.ThrowsAsync<InputException>(() => weights.Hash())).Message);
    }

    [Fact]
    public async Task Hashing_can_be_called_off()
    {
        _weights.Write("model.safetensors", TestWeights.One("x"));
        using var weights = WeightFiles.Open(_weights.Folder);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => weights.Hash(new CancellationToken(true)));
    }
}
