using System.Text;
using Cognito.Eval.Files;
using Cognito.Eval.Torch.Weights;

namespace Cognito.Eval.Tests;

public sealed class SafetensorsHeaderTests : IDisposable
{
    private const string Good = """
        {"__metadata__":{"format":"pt"},"b":{"dtype":"BF16","shape":[2,3],"data_offsets":[8,20]},
        "a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"scalar":{"dtype":"I64","shape":[],"data_offsets":[20,28]},
        "none":{"dtype":"F16","shape":[0,9],"data_offsets":[28,28]}}
        """;

    private readonly TestWeights _weights = new();

    public void Dispose() => _weights.Dispose();

    [Fact]
    public void Names_types_and_shapes_are_read_in_the_order_of_the_bytes()
    {
        using var file = SafetensorsFile.Open(_weights.Write("x", TestWeights.Bytes(Good + "  ", 28)));
        var data = 8 + Good.Length + 2;
        Assert.Equal([("a", "F32", 0L, 8L), ("b", "BF16", 8, 12), ("scalar", "I64", 20, 8), ("none", "F16", 28, 0)],
            file.Tensors.Select(t => (t.Name, t.DType, t.Offset - data, t.Length)));
        Assert.Equal([[2], [2, 3], [], [0, 9]], file.Tensors.Select(t => t.Shape));
    }

    [Fact]
    public void A_file_may_hold_no_tensor()
    {
        using var file = SafetensorsFile.Open(_weights.Write("x", TestWeights.Bytes("{}", 0)));
        Assert.Empty(file.Tensors);
    }

    [Theory]
    [InlineData(""" {"x":{"dtype":"F32","shape":[1],"at":[0,4]}}""", "its header does not begin with '{'")]
    [InlineData("[]", "its header does not begin with '{'")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"at":[0,4]}""", "its header is not the JSON it must be")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"at":[0,4]}} {}""", "its header is not the JSON it must be")]
    [InlineData("""{"\ud800":{"dtype":"F32","shape":[1],"at":[0,4]}}""", "its header is not the JSON it must be")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"at":[0,4]},"\u0078":{"dtype":"F32","shape":[1],"at":[0,4]}}""",
        "its header is not the JSON it must be (Duplicate")]
    [InlineData("""{"x":{"dtype":"F32","dtype":"F32","shape":[1],"at":[0,4]}}""",
        "its header is not the JSON it must be (Duplicate")]
    [InlineData("""{"__metadata__":{"a":1},"x":{"dtype":"F32","shape":[1],"at":[0,4]}}""",
        "its __metadata__ is not an object of strings")]
    [InlineData("""{"__metadata__":"a","x":{"dtype":"F32","shape":[1],"at":[0,4]}}""",
        "its __metadata__ is not an object of strings")]
    [InlineData("""{"x":4}""", "tensor \"x\" is not described by an object")]
    [InlineData("""{"x":{"shape":[1],"at":[0,4]}}""", "tensor \"x\" has no dtype")]
    [InlineData("""{"x":{"dtype":7,"shape":[1],"at":[0,4]}}""", "tensor \"x\" has no dtype")]
    [InlineData("""{"x":{"dtype":"F4","shape":[4],"at":[0,4]}}""",
        "tensor \"x\" has the dtype \"F4\", which is not read here; convert it to BF16, F16 or F32")]
    [InlineData("""{"x":{"dtype":"f32","shape":[1],"at":[0,4]}}""", "has the dtype \"f32\"")]
    [InlineData("""{"x":{"dtype":"F32","at":[0,4]}}""", "tensor \"x\" has no shape of whole numbers from 0")]
    [InlineData("""{"x":{"dtype":"F32","shape":1,"at":[0,4]}}""", "has no shape")]
    [InlineData("""{"x":{"dtype":"F32","shape":[-1],"at":[0,4]}}""", "has no shape")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1.0],"at":[0,4]}}""", "has no shape")]
    [InlineData("""{"x":{"dtype":"F32","shape":["1"],"at":[0,4]}}""", "has no shape")]
    [InlineData("""{"x":{"dtype":"F32","shape":[9223372036854775808],"at":[0,4]}}""", "has no shape")]
    [InlineData("""{"x":{"dtype":"F32","shape":[4294967296,1073741825],"at":[0,4]}}""",
        "tensor \"x\" has the shape [4294967296, 1073741825], more than can be addressed")]
    [InlineData("""{"x":{"dtype":"F32","shape":[4611686018427387905],"at":[0,4]}}""", "more than can be addressed")]
    [InlineData("""{"x":{"dtype":"F32","shape":[0,4611686018427387905],"at":[0,0]}}""", "more than can be addressed")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1]}}""", "tensor \"x\" has no data_offsets of two whole numbers from 0")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"at":[0]}}""", "has no data_offsets")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"at":[0,4,8]}}""", "has no data_offsets")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"at":[-4,0]}}""", "has no data_offsets")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"at":[4,0]}}""",
        "tensor \"x\" lies at [4, 0), and the file has 4 bytes of tensors")]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"at":[0,8]}}""",
        "tensor \"x\" lies at [0, 8), and the file has 4 bytes of tensors")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"at":[9223372036854775803,9223372036854775807]}}""", "lies at [")]
    [InlineData("""{"x":{"dtype":"F16","shape":[1],"at":[0,4]}}""",
        "tensor \"x\" has 4 bytes, and F16 of shape [1] is 2")]
    [InlineData("""{"x":{"dtype":"F16","shape":[0,1],"at":[0,4]}}""", "and F16 of shape [0, 1] is 0")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"at":[0,4]},"y":{"dtype":"F16","shape":[1],"at":[2,4]}}""",
        "tensors \"x\" and \"y\" overlap")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"at":[0,4]},"y":{"dtype":"F32","shape":[1],"at":[0,4]}}""",
        "tensors \"x\" and \"y\" overlap")]
    [InlineData("""{"x":{"dtype":"F16","shape":[1],"at":[2,4]}}""", "2 bytes before \"x\" are no tensor's")]
    [InlineData("""{"x":{"dtype":"F16","shape":[1],"at":[0,2]}}""", "the last 2 bytes are no tensor's")]
    [InlineData("""{"a\nb":{"dtype":"F16","shape":[1],"at":[0,4]}}""", "tensor \"a\\nb\" has 4 bytes")]
    public void A_wrong_header_is_refused_by_name(string header, string fact) => Assert.Contains(fact,
        _weights.Refusal(TestWeights.Bytes(header.Replace("\"at\"", "\"data_offsets\""), 4)));

    [Fact]
    public void A_shape_has_at_most_64_dimensions()
    {
        var ones = string.Join(',', Enumerable.Repeat(1, 65));
        Assert.Contains("has 65 dimensions", _weights.Refusal(
            TestWeights.Bytes($$"""{"x":{"dtype":"F32","shape":[{{ones}}],"data_offsets":[0,4]} }""", 4)));
    }

    [Theory]
    [InlineData(3UL, "its header is not the JSON it must be")]
    [InlineData(7UL, "its header has 7 bytes by its own account, and the file 14; download or convert it again")]
    [InlineData(100_000_001UL, "its header has 100000001 bytes by its own account, and 100000000 is the most")]
    [InlineData(ulong.MaxValue, "by its own account")]
    [InlineData(1UL << 63, "by its own account")]
    public void The_length_of_the_header_is_not_believed(ulong length, string fact) =>
        Assert.Contains(fact, _weights.Refusal(TestWeights.Bytes("""{ "": """u8.ToArray()[..6], [], length)));

    [Fact]
    public void Names_that_are_not_UTF8_are_refused() => Assert.Contains("its header is not valid UTF-8",
        _weights.Refusal(TestWeights.Bytes([.. "{\"__metadata__\":{\"a\":\""u8, 0xff, .. "\"}}"u8], [])));

    [Fact]
    public void A_stand_in_of_Git_LFS_is_told_apart() => Assert.Contains("git lfs pull",
        _weights.Refusal(Encoding.UTF8.GetBytes("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")));

    [Fact]
    public void A_file_that_is_not_there_or_is_a_folder_is_named()
    {
        var missing = Path.Combine(_weights.Folder, "missing.safetensors");
        Assert.Contains("no such file", TestWeights.Line(missing, () => SafetensorsFile.Open(missing)));
        var folder = _weights.Folder;
        Assert.Contains("a folder, not a file", TestWeights.Line(folder, () => SafetensorsFile.Open(folder)));
    }

    [Fact]
    public void A_file_cut_anywhere_is_refused()
    {
        var whole = TestWeights.Bytes(Good, 28);
        for (var length = 0; length < whole.Length; length++)
            _weights.Refusal(whole[..length]);
    }

    [Fact]
    public void A_file_changed_anywhere_is_refused_or_read()
    {
        var whole = TestWeights.Bytes(Good, 28);
        var random = new Random(3);
        var (read, refused) = (0, 0);
        for (var i = 0; i < 2000; i++)
        {
            var changed = (byte[])whole.Clone();
            for (var n = random.Next(1, 4); n > 0; n--)
                changed[random.Next(8 + Good.Length)] = random.Next(3) switch
                {
                    0 => (byte)random.Next(256),
                    1 => (byte)"0123456789"[random.Next(10)],
                    _ => (byte)"{}[],:\"\\-e. "[random.Next(12)],
                };
            var path = _weights.Write("changed", changed);
            switch (Record.Exception(() => ReadAll(path, changed.Length)))
            {
                case null:
                    read++;
                    break;
                case InputException e:
                    Assert.DoesNotContain('\n', e.Message);
                    refused++;
                    break;
                case var other:
                    Assert.Fail($"change {i}: {other}");
                    break;
            }
        }
        Assert.InRange(read, 20, 1000);
        Assert.InRange(refused, 1000, 1980);
    }

    private static void ReadAll(string path, long length)
    {
        using var file = SafetensorsFile.Open(path);
        foreach (var tensor in file.Tensors)
        {
            Assert.InRange(tensor.Offset + tensor.Length, tensor.Offset, length);
            file.Read(new byte[tensor.Length], tensor.Offset);
        }
    }
}
