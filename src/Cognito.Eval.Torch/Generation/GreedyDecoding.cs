using System.Runtime.InteropServices;
using Cognito.Eval.Planning;
using Cognito.Eval.Torch.Attention;
using Cognito.Eval.Torch.Kernels;
using Cognito.Eval.Torch.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Generation;

/// <summary>
/// Greedy decoding of many prompts: each in one forward pass, what all begin with once, then all by one token a step. Where not
/// all begin at once, prompts take the rows of those that have ended, so that a step stays full (continuous batching, Yu et al., 2022).
/// </summary>
/// <remarks>
/// On CUDA the next step is begun before the last one's tokens are looked at, so that the card never waits for the stop
/// strings; a row that had ended makes one token more, which does not count. Of a decoder in several stages a step is one turn
/// through them, and other batches keep the cards at work: tokens go by way of the host from the last stage to the first. Whether
/// logits are finite comes to the host with the tokens. Letters: B rows, N tokens, V vocabulary.
/// </remarks>
internal sealed partial class GreedyDecoding : IDisposable
{
    /// <summary>So many tokens of prompts go through a GPU at a time.</summary>
    public const int PromptTokensOnCuda = 16384;

    private readonly Decoder _decoder;
    private readonly IReadOnlyList<Prompt> _prompts;
    private readonly CancellationToken _cancel;
    private readonly List<int>[] _written;
    private readonly int?[] _notFiniteAt;

    /// <summary>What the checkpoint's files ask for, and the tokens that it looks at; null where they ask for nothing.</summary>
    private readonly IReadOnlyList<LogitsProcessor> _processors = [];
    private readonly TokenHistory? _history;
    private readonly KeyValueCache? _cache;
    private readonly int _depth, _promptTokensAtOnce;

    /// <summary>Steps begun that have not been looked at: the prompts of their rows, and their tokens as <see cref="Chosen"/> has them.</summary>
    private readonly Queue<(int[] Rows, Tensor Tokens)> _pending = [];

    /// <summary>The prompts in the cache, in the order of its rows; how many tokens each has; those that go on, and those to come.</summary>
    private int[] _rows;
    private long[] _lengths;
    private readonly HashSet<int> _going;
    private readonly Queue<int> _waiting = [];
    private readonly SharedPrefix? _shared;
    private SharedPrefixStore? _sharedPrefixes;
    private Tensor? _latest; // [B], the rows' latest tokens, on the last stage's device
    private long[] _ids = []; // the same on the host, where there are several stages

    public GreedyDecoding(Decoder decoder, GenerationBatch batch, CancellationToken cancel = default)
    {
        var prompts = batch.Prompts;
        (_decoder, _prompts, _cancel) = (decoder, prompts, cancel);
        var isCuda = decoder.Device.type == DeviceType.CUDA;
        (_depth, _promptTokensAtOnce) = (isCuda && decoder.Pipeline is null ? 2 : 1, isCuda ? PromptTokensOnCuda : 4096);
        _written = [.. prompts.Select(_ => new List<int>())];
        _notFiniteAt = new int?[prompts.Count];
        var (order, atOnce) = batch.Beginning();
        int[] wanted = [.. order.Where(p => prompts[p].MaxNewTokens > 0)];
        if (wanted.Any(p => prompts[p].Tokens.Length == 0))
            throw new ArgumentException("A prompt without tokens has no continuation.", nameof(batch));
        _rows = [.. wanted.Take(atOnce)];
        _waiting = new(wanted.Skip(atOnce));
        _going = [.. _rows];
        _lengths = [.. _rows.Select(p => (long)prompts[p].Tokens.Length)];
        if (_rows.Length == 0)
            return;
        _shared = Shared(wanted);
        _cache = new(decoder, [.. _rows.Select(p => prompts[p].Tokens.Length + prompts[p].MaxNewTokens - 1)]);
        _processors = LogitsProcessors.Of(decoder.Config.Generation.Require(), decoder.Config.VocabularySize, Last.Device);
        if (_processors.Count > 0)
            _history = new([.. _rows.Select(p => prompts[p])], [.. wanted.Select(p => prompts[p])], Last.Device);
    }

    /// <summary>Where logits are.</summary>
    private DecoderStage Last => _decoder.Stages[^1];

    public IReadOnlyList<Generated> Run()
    {
        if (_cache is not null)
            ReadPrompts();
        while (_going.Count > 0 || _waiting.Count > 0)
            if (_waiting.Count > 0 && _rows.Length - _going.Count >= Math.Min(_waiting.Count, Math.Max(1, _rows.Length / 16)))
                Refill();
            else if (_pending.Count < _depth && _going.Any(p => _written[p].Count + _pending.Count < _prompts[p].MaxNewTokens))
            {
                if (_waiting.Count == 0 && _going.Count <= _rows.Length * 3 / 4)
                    Compact();
                Step();
            }
            else
                Take();
        return [.. _written.Zip(_notFiniteAt, (tokens, at) => new Generated([.. tokens], at))];
    }

    public void Dispose()
    {
        foreach (var (_, tokens) in _pending)
            tokens.Dispose();
        _latest?.Dispose();
        _cache?.Dispose();
        _sharedPrefixes?.Dispose();
        _history?.Dispose();
        foreach (var processor in _processors)
            processor.Dispose();
    }

    private void Step()
    {
        using var scope = NewDisposeScope();
        // A row that has ended but is still in the cache goes on in vain, at most to its last place.
        long[] positions = [.. _rows.Select((p, r) =>
            Math.Min(_lengths[r], _prompts[p].Tokens.Length + Math.Max(_prompts[p].MaxNewTokens - 2, 0)))];
        _lengths = [.. positions.Select(p => p + 1)];
        ReadAgain(positions);
        _history?.Add(_latest!);
        var ids = _decoder.Pipeline is null ? _latest! : DecoderAttention.OnDevice(_ids, _decoder.Device);
        Await(_rows, _cache!.Step(ids, positions, (stage, hidden) =>
        {
            var chosen = Chosen(stage.Project(hidden));
            return Newest(_decoder.Pipeline is null ? chosen : Pipeline.ToHost(chosen), chosen);
        }, _cancel));
    }

    /// <summary>
    /// A sequence that this step makes long turns all its positions otherwise: what is kept of it is computed anew.
    /// </summary>
    private void ReadAgain(long[] positions)
    {
        if (_decoder.Config.LongFrom is not { } from || !positions.Contains(from - 1))
            return;
        while (_pending.Count > 0)
            Take();
        foreach (var (row, p) in _rows.Index().Where(row => positions[row.Index] == from - 1 && _going.Contains(row.Item)))
        {
            using var scope = NewDisposeScope();
            var batch = PackedBatch.Pack([new(null, [.. _prompts[p].Tokens, .. _written[p]], [new([], [0])])]);
            long[] places = [.. Enumerable.Range(0, from).Select(at => _cache!.Place(row, at))];
            _decoder.Hidden(batch, (_, _) => 0, keep: KeepAt(places), cancel: _cancel);
        }
    }

    /// <summary>The rows' newest tokens, as <see cref="Chosen"/> has them, for the host; and as they are.</summary>
    private static (Tensor Tokens, Tensor Latest) Newest(Tensor tokens, Tensor chosen) =>
        (tokens.DetachFromDisposeScope(), chosen.maximum(chosen.bitwise_not()).DetachFromDisposeScope());

    /// <summary>The next step's input, to be looked at later.</summary>
    private void Await(int[] rows, (Tensor Tokens, Tensor Latest) newest)
    {
        _latest?.Dispose();
        _latest = newest.Latest;
        _pending.Enqueue((rows, newest.Tokens));
        if (_decoder.Pipeline is not null)
            _ids = [.. MemoryMarshal.Cast<byte, long>(newest.Tokens.bytes).ToArray().Select(id => Math.Max(id, ~id))];
    }

    private void Take()
    {
        // A batch takes minutes: it is left between two tokens.
        _cancel.ThrowIfCancellationRequested();
        var (rows, tokens) = _pending.Dequeue();
        using var host = tokens.cpu();
        tokens.Dispose();
        var ids = MemoryMarshal.Cast<byte, long>(host.bytes);
        for (var r = 0; r < rows.Length; r++)
        {
            if (!_going.Contains(rows[r]))
                continue;
            var written = _written[rows[r]];
            if (ids[r] < 0)
                _notFiniteAt[rows[r]] ??= written.Count;
            written.Add((int)Math.Max(ids[r], ~ids[r]));
            if (_prompts[rows[r]].Stop.IsDone(written) || written.Count == _prompts[rows[r]].MaxNewTokens)
                _going.Remove(rows[r]);
        }
    }

    /// <summary>Puts prompts that wait into the rows of those that have ended.</summary>
    private void Refill()
    {
        while (_pending.Count > 0)
            Take();
        using var scope = NewDisposeScope();
        int[] free = [.. Enumerable.Range(0, _rows.Length).Where(row => !_going.Contains(_rows[row])).Take(_waiting.Count)];
        // What was handed out with the rows as they were is theirs.
        (_rows, _lengths) = ([.. _rows], [.. _lengths]);
        foreach (var row in free)
        {
            _rows[row] = _waiting.Dequeue();
            _lengths[row] = _prompts[_rows[row]].Tokens.Length;
            _going.Add(_rows[row]);
        }
        var rows = DecoderAttention.OnDevice([.. free.Select(row => (long)row)], Last.Device);
        _cache!.Clear(free);
        _history?.Replace(free, [.. free.Select(row => _prompts[_rows[row]])], rows);
        var first = Read(free);
        var chosen = first;
        if (_history is not null)
        {
            // The processors see all rows; those that go on have chosen already.
            var logits = zeros([_rows.Length, first.shape[1]], first.dtype, first.device).index_copy_(0, rows, first);
            chosen = Chosen(logits).index_select(0, rows);
        }
        var latest = _latest!.index_copy(0, rows, chosen.maximum(chosen.bitwise_not()));
        var tokens = _decoder.Pipeline is null ? chosen : chosen.cpu();
        long[] ids = [.. _ids];
        Await([.. free.Select(row => _rows[row])], (tokens.DetachFromDisposeScope(), latest.DetachFromDisposeScope()));
        if (_decoder.Pipeline is not null)
        {
            foreach (var (i, row) in free.Index())
                ids[row] = _ids[i];
            _ids = ids;
        }
    }

    private void Compact()
    {
        long[] kept = [.. Enumerable.Range(0, _rows.Length).Where(r => _going.Contains(_rows[r])).Select(r => (long)r)];
        using var rows = DecoderAttention.OnDevice(kept, Last.Device);
        _cache!.Keep(kept);
        _history?.Keep(kept, rows);
        using (_latest)
            _latest = _latest!.index_select(0, rows).DetachFromDisposeScope();
        _rows = [.. kept.Select(r => _rows[r])];
        _lengths = [.. kept.Select(r => _lengths[r])];
        if (_decoder.Pipeline is not null)
            _ids = [.. kept.Select(r => _ids[r])];
    }

    /// <summary>
    /// The first of each row's largest logits, [B, V], in float32, after what the processors make of them: [B]. Its bits are
    /// turned over, so that it is below 0, where a logit of the model's own is a NaN or infinite.
    /// </summary>
    private Tensor Chosen(Tensor logits)
    {
        if (_processors.Count == 0)
            return Last.Elementwise.Choose(logits);
        var own = logits.to_type(ScalarType.Float32);
        return Elementwise.FirstLargest(own, _processors.Aggregate(own, (scores, processor) => processor.Apply(scores, _history!)));
    }
}
