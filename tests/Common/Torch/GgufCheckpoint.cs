using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Cognito.Eval.Tokenizers.SentencePiece;
using Cognito.Eval.Torch.Weights;

namespace Cognito.Eval.Tests;

/// <summary>
/// A checkpoint in bfloat16 of Llama's or Mixtral's kind with tokenizer.model, as llama.cpp's file. Norms and the router stay float32, as
/// llama.cpp wants them; so does everything where no type is named.
/// </summary>
internal sealed class GgufCheckpoint
{
    private readonly JsonNode _config;
    private readonly string _folder;
    private readonly GgufType _type;
    private readonly Dictionary<string, (string File, TensorEntry Entry)> _tensors = [];

    private GgufCheckpoint(string folder, GgufType type)
    {
        (_folder, _type) = (folder, type);
        _config = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "config.json")))!;
        foreach (var path in Directory.EnumerateFiles(folder, "*.safetensors"))
        {
            using var file = SafetensorsFile.Open(path);
            foreach (var entry in file.Tensors)
                _tensors.Add(entry.Name, (path, entry));
        }
    }

    private int Experts => (int?)_config["num_local_experts"] ?? 0;

    /// <param name="type">Of the matrices.</param>
    public static void Write(string folder, string path, GgufType type = GgufType.Float32)
    {
        var checkpoint = new GgufCheckpoint(folder, type);
        Gguf.Write(path, [.. checkpoint.Facts(), .. checkpoint.Vocabulary()], [.. checkpoint.Tensors()]);
    }

    private IEnumerable<(string, object)> Facts()
    {
        yield return ("general.architecture", "llama");
        yield return ("general.name", Path.GetFileName(_folder));
        yield return ("llama.context_length", Number("max_position_embeddings"));
        yield return ("llama.embedding_length", Number("hidden_size"));
        yield return ("llama.block_count", Number("num_hidden_layers"));
        yield return ("llama.feed_forward_length", Number("intermediate_size"));
        yield return ("llama.attention.head_count", Number("num_attention_heads"));
        yield return ("llama.attention.head_count_kv", Number("num_key_value_heads"));
        yield return ("llama.rope.freq_base", (float)(double)_config["rope_theta"]!);
        yield return ("llama.rope.dimension_count", Number("hidden_size") / Number("num_attention_heads"));
        yield return ("llama.attention.layer_norm_rms_epsilon", (float)(double)_config["rms_norm_eps"]!);
        yield return ("llama.vocab_size", Number("vocab_size"));
        if (Experts > 0)
        {
            yield return ("llama.expert_count", (uint)Experts);
            yield return ("llama.expert_used_count", Number("num_experts_per_tok"));
        }
        yield return ("general.file_type", _type == GgufType.Float32 ? 0u : 32u);
    }

    private uint Number(string key) => (uint)(int)_config[key]!;

    private IEnumerable<(string, object)> Vocabulary()
    {
        var model = SentencePieceModel.Load(Path.Combine(_folder, "tokenizer.model"));
        var pieces = model.Pieces;
        yield return ("tokenizer.ggml.model", "llama");
        yield return ("tokenizer.ggml.pre", "default");
        yield return ("tokenizer.ggml.tokens", pieces.Select(piece => piece.Text).ToArray());
        yield return ("tokenizer.ggml.scores", pieces.Select(piece => piece.Score).ToArray());
        // The two formats number the types alike.
        yield return ("tokenizer.ggml.token_type", pieces.Select(piece => (int)piece.Type).ToArray());
        yield return ("tokenizer.ggml.bos_token_id", (uint)model.BosId!.Value);
        yield return ("tokenizer.ggml.eos_token_id", (uint)model.EosId!.Value);
        yield return ("tokenizer.ggml.unknown_token_id", (uint)model.UnknownId);
        yield return ("tokenizer.ggml.add_bos_token", false);
        yield return ("tokenizer.ggml.add_eos_token", false);
        yield return ("tokenizer.ggml.add_space_prefix", model.AddsDummyPrefix);
    }

    private IEnumerable<GgufTensor> Tensors()
    {
        yield return Matrix("token_embd", "model.embed_tokens");
        yield return Plain("output_norm", "model.norm");
        yield return Matrix("output", "lm_head");
        for (var layer = 0; layer < Number("num_hidden_layers"); layer++)
        {
            var (to, from) = ($"blk.{layer}.", $"model.layers.{layer}.");
            yield return Plain(to + "attn_norm", from + "input_layernorm");
            yield return Plain(to + "ffn_norm", from + "post_attention_layernorm");
            yield return Matrix(to + "attn_q", from + "self_attn.q_proj", (int)Number("num_attention_heads"));
            yield return Matrix(to + "attn_k", from + "self_attn.k_proj", (int)Number("num_key_value_heads"));
            yield return Matrix(to + "attn_v", from + "self_attn.v_proj");
            yield return Matrix(to + "attn_output", from + "self_attn.o_proj");
            if (Experts > 0)
                yield return Plain(to + "ffn_gate_inp", from + "block_sparse_moe.gate");
            foreach (var (name, mixed) in new[] { ("gate", "w1"), ("down", "w2"), ("up", "w3") })
                yield return Experts == 0 ? Matrix($"{to}ffn_{name}", $"{from}mlp.{name}_proj")
                    : Stacked($"{to}ffn_{name}_exps", [.. Enumerable.Range(0, Experts).Select(e => $"{from}block_sparse_moe.experts.{e}.{mixed}")]);
        }
    }

    private GgufTensor Plain(string name, string source) => Tensor(name, [source], GgufType.Float32, heads: 0);

    /// <param name="heads">Of a query or key matrix: its heads, whose rows the file has in another order.</param>
    private GgufTensor Matrix(string name, string source, int heads = 0) => Tensor(name, [source], _type, heads);

    private GgufTensor Stacked(string name, string[] sources)
    {
        var stacked = Tensor(name, sources, _type, heads: 0);
        return stacked with { Shape = [.. stacked.Shape, sources.Length] };
    }

    private GgufTensor Tensor(string name, string[] sources, GgufType type, int heads) => new(
        name + ".weight", [.. Enumerable.Reverse(_tensors[sources[0] + ".weight"].Entry.Shape)], type,
        sources.Select(source => As(type, Paired(Read(source + ".weight"), heads))));

    private ushort[] Read(string name)
    {
        var (path, entry) = _tensors[name];
        if (entry.DType != "BF16")
            throw new InvalidDataException($"{path}: {name} is {entry.DType}, and only bfloat16 is read here");
        var numbers = new ushort[entry.Length / 2];
        using var file = File.OpenRead(path);
        file.Position = entry.Offset;
        file.ReadExactly(MemoryMarshal.AsBytes(numbers.AsSpan()));
        return numbers;
    }

    /// <summary>
    /// The checkpoint turns a head's first half of numbers with its second; llama.cpp turns neighbours. So row i of the first half and row
    /// i of the second come to stand beside each other.
    /// </summary>
    private ushort[] Paired(ushort[] matrix, int heads)
    {
        if (heads == 0)
            return matrix;
        var (paired, columns) = (new ushort[matrix.Length], (int)Number("hidden_size"));
        var half = matrix.Length / columns / heads / 2;
        for (var row = 0; row < matrix.Length / columns; row++)
        {
            var (head, second, i) = (row / (2 * half), row / half % 2, row % half);
            matrix.AsSpan(row * columns, columns).CopyTo(paired.AsSpan(((2 * half * head) + (2 * i) + second) * columns));
        }
        return paired;
    }

    /// <summary>A bfloat16 is the upper half of a float32.</summary>
    private static byte[] As(GgufType type, ushort[] numbers) => type == GgufType.BFloat16 ? MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray()
        : MemoryMarshal.AsBytes(Array.ConvertAll(numbers, number => (uint)number << 16).AsSpan()).ToArray();
}
