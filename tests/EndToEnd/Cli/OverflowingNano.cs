using System.Text.Json.Nodes;

namespace Cognito.Eval.Tests;

/// <summary>Copies of the bundled checkpoint whose answers are no numbers.</summary>
internal static class OverflowingNano
{
    /// <summary>Layer 1's w2 so large that float16 overflows, or infinite themselves.</summary>
    public static string Copy(CommandLine line, string name, bool infinite)
    {
        var model = line.Copy(CommandLine.Nano, name);
        Change(model, infinite);
        return model;
    }

    /// <summary>The same to a copy that is there.</summary>
    public static void Change(string model, bool infinite)
    {
        foreach (var path in Directory.EnumerateFiles(model, "*.safetensors"))
        {
            var bytes = File.ReadAllBytes(path);
            var length = (int)BitConverter.ToUInt64(bytes);
            foreach (var (tensor, facts) in JsonNode.Parse(bytes.AsSpan(8, length))!.AsObject().Where(entry =>
                entry.Key.StartsWith("model.layers.1.block_sparse_moe", StringComparison.Ordinal) && entry.Key.EndsWith("w2.weight", StringComparison.Ordinal)))
            {
                var (from, to) = (facts!["data_offsets"]![0]!.GetValue<int>(), facts["data_offsets"]![1]!.GetValue<int>());
                foreach (ref var number in System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ushort>(bytes.AsSpan(8 + length + from, to - from)))
                    number = infinite ? (ushort)0x7F80
                        : (ushort)(BitConverter.SingleToUInt32Bits(BitConverter.UInt32BitsToSingle((uint)number << 16) * 3e5f) >> 16);
            }
            File.WriteAllBytes(path, bytes);
        }
    }
}
