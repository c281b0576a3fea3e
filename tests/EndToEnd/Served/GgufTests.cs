using Cognito.Eval.Torch.Weights;

namespace Cognito.Eval.Tests;

/// <summary>The file that llama.cpp reads, which the tests make of cognito-nano's checkpoint.</summary>
public sealed class GgufTests
{
    [Fact]
    public void It_is_the_converted_file_byte_for_byte()
    {
        var expected = Shared.Path("checkpoints", "cognito-nano-gguf", "cognito-nano-f32.gguf");
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "cognito-nano-f32.gguf");
        GgufCheckpoint.Write(Fixture.Nano, path);
        Assert.True(File.ReadAllBytes(expected).AsSpan().SequenceEqual(File.ReadAllBytes(path)));
    }

    [Fact]
    public void In_bfloat16_its_matrices_are_the_checkpoints_own_numbers()
    {
        using var folder = new TemporaryFolder();
        var (whole, half) = (Path.Combine(folder.Path, "f32.gguf"), Path.Combine(folder.Path, "bf16.gguf"));
        GgufCheckpoint.Write(Fixture.Nano, whole);
        GgufCheckpoint.Write(Fixture.Nano, half, GgufType.BFloat16);
        // Two bytes fewer for each number of a matrix: all but 13 norms and 6 routers.
        Assert.Equal(2 * (5_706_432L - (13 * 192) - (6 * 2 * 192)), new FileInfo(whole).Length - new FileInfo(half).Length);
        const string Name = "model.embed_tokens.weight";
        using var shard = Directory.EnumerateFiles(Fixture.Nano, "*.safetensors").Select(file => SafetensorsFile.Open(file)).Single(Holds);
        var embedding = shard.Tensors.Single(tensor => tensor.Name == Name);
        var expected = File.ReadAllBytes(shard.Path).AsSpan((int)embedding.Offset, (int)embedding.Length);
        // The first tensor; what stands before it takes as much in both.
        Assert.True(File.ReadAllBytes(half).AsSpan((int)(new FileInfo(whole).Length - (4 * 5_706_432)), expected.Length).SequenceEqual(expected));

        static bool Holds(SafetensorsFile file) => file.Tensors.Any(tensor => tensor.Name == Name);
    }
}
