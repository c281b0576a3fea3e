using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Cognito.Eval.Tests;

/// <summary>
/// A checkpoint of Llama's kind with 986 million random weights in bfloat16, for measuring alone: TinyLlama's shape with a small
/// vocabulary. The same numbers each time.
/// </summary>
internal static class RandomCheckpoint
{
    private const int Hidden = 2048, Inner = 5632, Layers = 22, Heads = 32, KeyValueHeads = 4, Vocabulary = 4096;
    private const double Spread = 0.02;

    /// <param name="tokenizer">The folder of the checkpoint whose tokenizer.model it takes; of as many tokens.</param>
    public static void Write(string folder, string tokenizer)
    {
        Directory.CreateDirectory(folder);
        foreach (var name in (string[])["tokenizer.model", "tokenizer_config.json"])
            File.Copy(Path.Combine(tokenizer, name), Path.Combine(folder, name), overwrite: true);
        File.WriteAllText(Path.Combine(folder, "config.json"), JsonSerializer.Serialize(new
        {
            architectures = new[] { "LlamaForCausalLM" },
            model_type = "llama",
            vocab_size = Vocabulary,
            hidden_size = Hidden,
            intermediate_size = Inner,
            num_hidden_layers = Layers,
            num_attention_heads = Heads,
            num_key_value_heads = KeyValueHeads,
            hidden_act = "silu",
            max_position_embeddings = 4096,
            rms_norm_eps = 1e-5,
            rope_theta = 10000.0,
            tie_word_embeddings = false,
            bos_token_id = 1,
            eos_token_id = 2,
            torch_dtype = "bfloat16",
        }));
        WriteWeights(Path.Combine(folder, "model.safetensors"));
    }

    private static void WriteWeights(string path)
    {
        var (entries, offset) = (new Dictionary<string, object>(), 0L);
        foreach (var (name, shape) in Tensors())
        {
            var end = offset + (2 * shape.Aggregate(1L, (product, dimension) => product * dimension));
            entries.Add(name, new { dtype = "BF16", shape, data_offsets = new[] { offset, end } });
            offset = end;
        }
        var header = JsonSerializer.SerializeToUtf8Bytes(entries);
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        using var file = File.Create(path);
        file.Write(length);
        file.Write(header);
        var random = new Random(1);
        var normal = Enumerable.Range(0, 1 << 16).Select(_ => BFloat16(Spread * Normal(random))).ToArray();
        foreach (var (_, shape) in Tensors())
        {
            var numbers = new ushort[shape.Aggregate(1L, (product, dimension) => product * dimension)];
            random.NextBytes(MemoryMarshal.AsBytes(numbers.AsSpan()));
            // A vector is a norm's.
            numbers = shape.Length == 1 ? Array.ConvertAll(numbers, _ => BFloat16(1)) : Array.ConvertAll(numbers, which => normal[which]);
            file.Write(MemoryMarshal.AsBytes(numbers.AsSpan()));
        }
    }

    private static IEnumerable<(string Name, long[] Shape)> Tensors()
    {
        const int KeyValues = Hidden / Heads * KeyValueHeads;
        yield return ("model.embed_tokens.weight", [Vocabulary, Hidden]);
        for (var layer = 0; layer < Layers; layer++)
            foreach (var (name, shape) in new (string, long[])[]
                {
                    ("input_layernorm", [Hidden]), ("post_attention_layernorm", [Hidden]),
                    ("self_attn.q_proj", [Hidden, Hidden]), ("self_attn.k_proj", [KeyValues, Hidden]),
                    ("self_attn.v_proj", [KeyValues, Hidden]), ("self_attn.o_proj", [Hidden, Hidden]),
                    ("mlp.gate_proj", [Inner, Hidden]), ("mlp.up_proj", [Inner, Hidden]), ("mlp.down_proj", [Hidden, Inner]),
                })
                yield return ($"model.layers.{layer}.{name}.weight", shape);
        yield return ("model.norm.weight", [Hidden]);
        yield return ("lm_head.weight", [Vocabulary, Hidden]);
    }

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    /// <summary>The upper half of a float32.</summary>
    private static ushort BFloat16(double number) => (ushort)(BitConverter.SingleToUInt32Bits((float)number) >> 16);
}
