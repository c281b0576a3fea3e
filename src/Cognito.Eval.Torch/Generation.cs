using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch;

/// <summary>Greedy decoding of many prompts: each in one forward pass, then all by one token a step.</summary>
internal sealed class Generation : IDisposable
{
    /// <summary>So many tokens of prompts go through the model at a time.</summary>
    private const int PromptTokensAtOnce = 4096;
    private readonly Decoder _decoder;
    private readonly IReadOnlyList<Prompt> _prompts;
    private readonly Func<int, IReadOnlyList<int>, bool> _isDone;
    private readonly List<int>[] _written;
    private readonly KeyValueCache? _cache;

    /// <summary>The prompts in the cache, in the order of its rows, and those of them still going on.</summary>
    private readonly List<int> _rows;
    private readonly HashSet<int> _going = [];

    public Generation(Decoder decoder, IReadOnlyList<Prompt> prompts, Func<int, IReadOnlyList<int>, bool> isDone)
    {
        (_decoder, _prompts, _isDone) = (decoder, prompts, isDone);
        _written = [.. prompts.Select(_ => new List<int>())];
        _rows = [.. Enumerable.Range(0, prompts.Count).Where(p => prompts[p].MaxNewTokens > 0)];
        if (_rows.Any(p => prompts[p].Tokens.Length == 0))
            throw new ArgumentException("A prompt without tokens has no continuation.", nameof(prompts));
        if (_rows.Count > 0)
            _cache = new(decoder, _rows.Count, _rows.Max(p => prompts[p].Tokens.Length + prompts[p].MaxNewTokens - 1));
    }

    public IReadOnlyList<int[]> Run()
    {
        if (_cache is null)
            return [.. _written.Select(w => w.ToArray())];
        for (int first = 0, next; first < _rows.Count; first = next)
        {
            var tokens = _prompts[_rows[first]].Tokens.Length;
            for (next = first + 1; next < _rows.Count; next++)
                if ((tokens += _prompts[_rows[next]].Tokens.Length) > PromptTokensAtOnce)
                    break;
            Read(first, next);
        }
        while (_going.Count > 0)
        {
            if (_going.Count <= _rows.Count * 3 / 4)
                Compact();
            Step();
        }
        return [.. _written.Select(w => w.ToArray())];
    }

    public void Dispose() => _cache?.Dispose();

    /// <summary>The prompts of rows first..next, and the first new token of each.</summary>
    private void Read(int first, int next)
    {
        using var scope = NewDisposeScope();
        // The dummy target asks for the row of the last token.
        var trees = _rows[first..next].Select(p => new Tree(null, _prompts[p].Tokens, [new([], [0])])).ToList();
        var batch = PackedBatch.Of(trees, _decoder.Sizes);
        var hidden = _decoder.Hidden(batch, (layer, keys, values) =>
        {
            for (int row = first, at = 0; row < next; at += trees[row++ - first].Trunk.Length)
                _cache!.Write(layer, row, keys, values, at, trees[row - first].Trunk.Length);
        });
        Take(first, Best(_decoder.Project(hidden)));
    }

    private void Step()
    {
        using var scope = NewDisposeScope();
        // A row that has ended but is still in the cache repeats its last step.
        var ids = _rows.Select(p => (long)_written[p][^1]).ToArray();
        var positions = _rows.Select(p => (long)_prompts[p].Tokens.Length + _written[p].Count - 1).ToArray();
        Take(0, Best(_decoder.Project(_cache!.Step(ids, positions))));
    }

    private void Take(int firstRow, long[] tokens)
    {
        for (var i = 0; i < tokens.Length; i++)
        {
            var prompt = _rows[firstRow + i];
            var written = _written[prompt];
            if (written.Count > 0 && !_going.Contains(prompt))
                continue;
            written.Add((int)tokens[i]);
            if (written.Count < _prompts[prompt].MaxNewTokens & !_isDone(prompt, written))
                _going.Add(prompt);
            else
                _going.Remove(prompt);
        }
    }

    private void Compact()
    {
        var kept = Enumerable.Range(0, _rows.Count).Where(r => _going.Contains(_rows[r])).ToList();
        _cache!.Keep(kept);
        var prompts = kept.Select(r => _rows[r]).ToList();
        _rows.Clear();
        _rows.AddRange(prompts);
    }

    /// <summary>The first of each row's largest logits, in float32.</summary>
    private static long[] Best(Tensor logits) =>
        MemoryMarshal.Cast<byte, long>(logits.to_type(ScalarType.Float32).argmax(-1).cpu().bytes).ToArray();
}
