using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Cognito.Eval.Files;
using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Weights;
using TorchSharp;

namespace Cognito.Eval.Torch.Goldens;

/// <summary>
/// What another program computed with a checkpoint: a safetensors file of token ids and the logits after them, of the
/// routers' logits and a greedy continuation where there are any. All of it is checked when it is opened.
/// </summary>
/// <remarks>Letters: B sequences, T tokens of each, R rows that have logits (the last of the T), V vocabulary, E experts.</remarks>
internal sealed partial class GoldenFile : IDisposable
{
    private const string Prompt = "generate.prompt", Output = "generate.output", Ids = "input_ids.", Logits = "logits.";
    private readonly SafetensorsFile _file;
    private readonly ModelConfig _config;
    private readonly Dictionary<string, TensorEntry> _tensors;

    private GoldenFile(SafetensorsFile file, ModelConfig config)
    {
        (_file, _config) = (file, config);
        _tensors = file.Tensors.ToDictionary(tensor => tensor.Name);
        Cases = [.. Labels(Ids).Union(Labels(Logits)).Union(Routers(null).Select(router => router.Label)).Select(Case)];
        if (Cases.Count == 0)
            throw Wrong("no tensors input_ids.L and logits.L, L any label", "write both, [sequences, tokens] and [sequences, tokens, vocabulary]");
        Continuation = ContinuationHere();
        string[] unknown = [.. _tensors.Keys.Where(name => !IsKnown(name)).Order(StringComparer.Ordinal)];
        Notes = [.. unknown.Select(name => $"{file.Path}: tensor {QuotedName.Of(name)} is none that verify knows, and was not looked at")];
    }

    public string Path => _file.Path;

    /// <summary>In the order of their labels; those that are numbers by their size.</summary>
    public IReadOnlyList<GoldenCase> Cases { get; }

    /// <summary>Null where the file has none.</summary>
    public GoldenContinuation? Continuation { get; }

    /// <summary>Tensors that were not looked at, a sentence each.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <param name="config">Of the checkpoint that the file is to be compared with.</param>
    /// <exception cref="InputException">The file cannot be read, lacks a tensor, or holds what is not this model's.</exception>
    public static GoldenFile Open(string path, ModelConfig config)
    {
        var file = SafetensorsFile.Open(path, FileKind.Golden);
        try
        {
            return new(file, config);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>A tensor's numbers in float32, on the CPU; the caller, or a dispose scope, disposes it.</summary>
    internal torch.Tensor Read(string tensor)
    {
        using var stored = _file.Tensor(_tensors[tensor]);
        return stored.to_type(torch.ScalarType.Float32, copy: true);
    }

    public void Dispose() => _file.Dispose();

    private IEnumerable<string> Labels(string prefix) => _tensors.Keys
        .Where(name => name.Length > prefix.Length && name.StartsWith(prefix, StringComparison.Ordinal)).Select(name => name[prefix.Length..])
        .OrderBy(label => long.TryParse(label, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : long.MaxValue)
        .ThenBy(label => label, StringComparer.Ordinal);

    /// <summary>Of a label, or of all; in the order of the layers.</summary>
    private IEnumerable<(string Label, long Layer, string Name)> Routers(string? label) =>
        from name in _tensors.Keys
        let match = RouterName().Match(name)
        where match.Success && (label is null || match.Groups[1].Value == label)
        let layer = long.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture)
        orderby layer
        select (match.Groups[1].Value, layer, name);

    private bool IsKnown(string name) => name is Prompt or Output || RouterName().IsMatch(name)
        || Cases.Any(one => name == Ids + one.Label || name == Logits + one.Label);

    private GoldenCase Case(string label)
    {
        string ids = Ids + label, logits = Logits + label;
        var sequences = Tokens(ids, partner: _tensors.ContainsKey(logits) ? logits : Routers(label).FirstOrDefault().Name ?? logits);
        var (count, length) = (sequences.Length, sequences[0].Length);
        var shape = Numbers(logits, partner: ids).Shape;
        if (shape is not [var b, var rows, var v] || b != count || rows < 1 || rows > length || v != _config.VocabularySize)
            throw Wrong($"tensor {QuotedName.Of(logits)} is [{string.Join(", ", shape)}], and by {QuotedName.Of(ids)} and the checkpoint's "
                + $"vocab_size it is [{count}, {length}, {_config.VocabularySize}], or of fewer of the last tokens");
        return new(label, sequences, (int)rows, logits, [.. Routers(label).Select(router => Router(router.Layer, router.Name, (long)count * length))]);
    }

    private GoldenRouter Router(long layer, string name, long tokens)
    {
        // Numbered as transformers gives them: only layers that have a router count.
        int[] routed = [.. Enumerable.Range(0, _config.Layers).Where(i => _config.Spec.Layers[i].FeedForward.Mixture is not null)];
        if (layer >= routed.Length)
            throw Wrong($"tensor {QuotedName.Of(name)} is of a router that the checkpoint does not have: "
                + (routed.Length == 0 ? "none of its layers has one" : $"{routed.Length} of its {_config.Layers} layers have one, numbered from 0"));
        var experts = _config.Spec.Layers[routed[(int)layer]].FeedForward.Experts;
        var shape = Numbers(name, partner: name).Shape;
        return shape is [var rows, var e] && rows == tokens && e == experts ? new(routed[(int)layer], name)
            : throw Wrong($"tensor {QuotedName.Of(name)} is [{string.Join(", ", shape)}], and by its input_ids and the checkpoint's "
                + $"experts it is [{tokens}, {experts}]");
    }

    private GoldenContinuation? ContinuationHere()
    {
        if (!_tensors.ContainsKey(Prompt) && !_tensors.ContainsKey(Output))
            return null;
        var (prompt, output) = (Tokens(Prompt, partner: Output), Tokens(Output, partner: Prompt));
        foreach (var (name, sequences) in new[] { (Prompt, prompt), (Output, output) })
            if (sequences.Length != 1)
                throw Wrong($"tensor {QuotedName.Of(name)} has {sequences.Length} sequences, and verify continues one", "keep one, [1, tokens]");
        // The refusal names its own file.
        return _config.Generation.Refusal is { } refusal
            ? throw new InputException($"{refusal.Message}; or make {_file.Path} without {Prompt} and {Output}", refusal)
            : new(prompt[0], output[0]);
    }

    /// <summary>Whole numbers of [B, T], each a token of the model's.</summary>
    private int[][] Tokens(string name, string partner)
    {
        var entry = Find(name, partner);
        if (entry.DType is not ("I64" or "I32"))
            throw Wrong($"tensor {QuotedName.Of(name)} holds {entry.DType}, and token ids are I64 or I32", "save the ids as torch.int64");
        if (entry.Shape is not [var sequences and > 0, var length and > 0])
            throw Wrong($"tensor {QuotedName.Of(name)} is [{string.Join(", ", entry.Shape)}], and token ids are [sequences, tokens]",
                "give one row a sequence, none empty");
        if (entry.Length > Array.MaxLength)
            throw Wrong($"tensor {QuotedName.Of(name)} has {entry.Length} bytes, more than token ids need", "keep a few sequences");
        var bytes = new byte[entry.Length];
        _file.Read(bytes, entry.Offset);
        long[] ids = entry.DType == "I64" ? MemoryMarshal.Cast<byte, long>(bytes).ToArray()
            : [.. MemoryMarshal.Cast<byte, int>(bytes).ToArray()];
        if (Array.FindIndex(ids, id => id < 0 || id >= _config.VocabularySize) is >= 0 and var place)
            throw Wrong($"tensor {QuotedName.Of(name)} holds the id {ids[place]}, and the checkpoint's vocab_size is {_config.VocabularySize}");
        return [.. ids.Select(id => (int)id).Chunk((int)length)];
    }

    /// <summary>Finite numbers of a floating-point type.</summary>
    private TensorEntry Numbers(string name, string partner)
    {
        var entry = Find(name, partner);
        if (entry.DType is not ("BF16" or "F16" or "F32" or "F64"))
            throw Wrong($"tensor {QuotedName.Of(name)} holds {entry.DType}, and logits are floating-point numbers", "save them as torch.float32");
        var buffer = new byte[1 << 20];
        for (long at = 0; at < entry.Length; at += buffer.Length)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, entry.Length - at));
            _file.Read(part, entry.Offset + at);
            if (!Finite.All(entry.DType, part))
                throw Wrong($"tensor {QuotedName.Of(name)} holds a NaN or an infinity, which nothing can be compared with",
                    "see what made it so, and make the file again");
        }
        return entry;
    }

    private TensorEntry Find(string name, string partner) => _tensors.GetValueOrDefault(name)
        ?? throw Wrong($"it holds {QuotedName.Of(partner)} and no {QuotedName.Of(name)}", "save both from one call of the model");

    private InputException Wrong(string fact, string fix = "make the file with this checkpoint") => new($"{_file.Path}: {fact}; {fix}");

    [GeneratedRegex(@"^router_logits\.(.+)\.layer([0-9]{1,9})$", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex RouterName();
}

/// <summary>Some sequences of one length, and the logits after their tokens.</summary>
/// <param name="Label">L of input_ids.L.</param>
/// <param name="Sequences">[B, T].</param>
/// <param name="Rows">How many of each sequence's last tokens have logits.</param>
/// <param name="Logits">The tensor that holds them, [B, R, V].</param>
internal sealed record GoldenCase(
    string Label, IReadOnlyList<int[]> Sequences, int Rows, string Logits, IReadOnlyList<GoldenRouter> Routers);

/// <summary>A layer's router logits of all tokens, sequence after sequence.</summary>
/// <param name="Tensor">The tensor that holds them, [B T, E].</param>
internal sealed record GoldenRouter(int Layer, string Tensor);

/// <summary>A prompt and its greedy continuation.</summary>
internal sealed record GoldenContinuation(int[] Prompt, int[] Output);
