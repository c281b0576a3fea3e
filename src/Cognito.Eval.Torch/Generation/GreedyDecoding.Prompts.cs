using Cognito.Eval.Planning;
using Cognito.Eval.Torch.Attention;
using Cognito.Eval.Torch.Layers;
using Cognito.Eval.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Generation;

/// <summary>How prompts come into the cache: each in one forward pass, what all begin with once.</summary>
internal sealed partial class GreedyDecoding
{
    private void ReadPrompts()
    {
        using var scope = NewDisposeScope();
        if (_shared is not null)
            _sharedPrefixes = new([], prefix => _decoder.Layers(prefix, _cancel));
        var first = Read([.. Enumerable.Range(0, _rows.Length)]);
        var chosen = _history is null ? first : Chosen(first);
        Await(_rows, Newest(_decoder.Pipeline is null ? chosen : chosen.cpu(), chosen));
    }

    /// <summary>What all prompts begin with, short of any's last token; nothing where a long one turns it otherwise.</summary>
    private SharedPrefix? Shared(int[] wanted)
    {
        if (wanted.Any(p => _prompts[p].Tokens.Length >= _decoder.Config.LongFrom))
            return null;
        var one = _prompts[wanted[0]].Tokens;
        var length = wanted.Min(p => Math.Min(_prompts[p].Tokens.Length - 1, one.AsSpan().CommonPrefixLength(_prompts[p].Tokens)));
        return wanted.Length > 1 && length >= SharedPrefix.LeastTokens ? new(one[..length]) : null;
    }

    /// <summary>
    /// Puts these rows' prompts into the cache; gives the first new token of each, or, where processors look at all rows together,
    /// the logits.
    /// </summary>
    private Tensor Read(int[] rows)
    {
        using var scope = NewDisposeScope();
        // Before the prompts' own way through the stages: it has a way of its own.
        var kept = _shared is null ? null : _sharedPrefixes![_shared];
        var first = new List<Tensor>();
        for (int from = 0, next; from < rows.Length; from = next)
        {
            var tokens = _prompts[_rows[rows[from]]].Tokens.Length;
            for (next = from + 1; next < rows.Length; next++)
                if ((tokens += _prompts[_rows[rows[next]]].Tokens.Length) > _promptTokensAtOnce)
                    break;
            first.Add(Read(rows[from..next], kept));
        }
        return (first.Count == 1 ? first[0] : cat(first, 0)).MoveToOuterDisposeScope();
    }

    private Tensor Read(int[] rows, IReadOnlyList<LayerKeyValues>? kept)
    {
        using var scope = NewDisposeScope();
        var before = _shared?.Tokens.Length ?? 0;
        // The dummy target asks for the row of the last token.
        var batch = PackedBatch.Pack([.. rows.Select(row => new PrefixTree(_shared, _prompts[_rows[row]].Tokens[before..], [new([], [0])]))]);
        long[] places = [.. rows.SelectMany(row =>
            Enumerable.Range(before, (int)_lengths[row] - before).Select(at => _cache!.Place(row, at)))];
        using var made = _decoder.Hidden(batch, (stage, hidden) =>
        {
            var logits = stage.Project(hidden);
            return (_history is null ? Chosen(logits) : logits).DetachFromDisposeScope();
        }, kept is null ? null : _ => kept, KeepAt(places), cancel: _cancel);
        foreach (var row in kept is null ? [] : rows)
            Copy(row, kept!);
        return made.alias().MoveToOuterDisposeScope();
    }

    /// <summary>From a stage to what puts its layers' keys and values at places of the cache.</summary>
    private Func<DecoderStage, Action<int, Tensor, Tensor>> KeepAt(long[] places) => stage =>
    {
        var there = DecoderAttention.OnDevice(places, stage.Device);
        return (layer, keys, values) => _cache!.Write(layer, there, keys, values);
    };

    private void Copy(int row, IReadOnlyList<LayerKeyValues> sharedPrefix)
    {
        using var scope = NewDisposeScope();
        foreach (var stage in _decoder.Stages)
        {
            var length = sharedPrefix[0].Keys.shape[stage.IsFlash ? 0 : 1];
            var places = Scalars.Range(_cache!.Place(row, 0), _cache.Place(row, length), ScalarType.Int64, stage.Device);
            Tensor ByToken(Tensor kept) => stage.IsFlash ? kept : kept.permute(1, 0, 2);
            for (var layer = stage.FirstLayer; layer < stage.FirstLayer + stage.Specs.Count; layer++)
                _cache.Write(layer, places, ByToken(sharedPrefix[layer].Keys), ByToken(sharedPrefix[layer].Values));
        }
    }
}
