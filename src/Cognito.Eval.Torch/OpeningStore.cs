using TorchSharp;

namespace Cognito.Eval.Torch;

/// <summary>
/// Openings' keys and values: computed by the first batch that names one, while others that need it wait, and dropped
/// after the last.
/// </summary>
internal sealed class OpeningStore : IDisposable
{
    private readonly Func<Opening, IReadOnlyList<KeptLayer>> _compute;
    private readonly Dictionary<Opening, Lazy<IReadOnlyList<KeptLayer>>> _kept = [];
    private readonly Dictionary<Opening, int> _uses = [];

    /// <param name="compute">An opening's keys and values in every layer, outside of any dispose scope.</param>
    public OpeningStore(IEnumerable<ScoreBatch> batches, Func<Opening, IReadOnlyList<KeptLayer>> compute)
    {
        _compute = compute;
        foreach (var opening in batches.SelectMany(Named))
            _uses[opening] = _uses.GetValueOrDefault(opening) + 1;
    }

    public int Count
    {
        get
        {
            lock (_kept)
                return _kept.Count;
        }
    }

    /// <summary>
    /// The batches in their order, and before each that is the first to name an opening that opening, so many places early:
    /// one worker computes it while the others still have batches that need it not.
    /// </summary>
    public List<(Opening? Opening, ScoreBatch? Batch)> Ahead(IReadOnlyList<ScoreBatch> batches, int places)
    {
        var seen = new HashSet<Opening>();
        var work = batches.Select((batch, i) => (At: i + 0.5, Item: ((Opening?)null, (ScoreBatch?)batch)))
            .Concat(batches.SelectMany((batch, i) => Named(batch).Where(seen.Add)
                .Select(opening => (At: (double)i - places, Item: ((Opening?)opening, (ScoreBatch?)null)))));
        return [.. work.OrderBy(w => w.At).Select(w => w.Item)];
    }

    /// <summary>Computes an opening, unless no batch needs it any more; what fails is left to the batch that needs it.</summary>
    public void Prepare(Opening opening)
    {
        try
        {
            _ = this[opening];
        }
        catch (Exception e) when (e is InsufficientMemoryException or System.Runtime.InteropServices.ExternalException)
        {
            lock (_kept)
                _kept.Remove(opening);
        }
    }

    public IReadOnlyList<KeptLayer> this[Opening opening]
    {
        get
        {
            Lazy<IReadOnlyList<KeptLayer>> layers;
            lock (_kept)
                if (!_kept.TryGetValue(opening, out layers!))
                    _kept[opening] = layers = new(() => _compute(opening));
            return layers.Value;
        }
    }

    /// <summary>The batch needs its openings no more.</summary>
    public void Release(ScoreBatch batch)
    {
        foreach (var opening in Named(batch))
            lock (_kept)
                if (--_uses[opening] == 0 && _kept.Remove(opening, out var layers))
                    Drop(layers);
    }

    public void Dispose()
    {
        foreach (var layers in _kept.Values)
            Drop(layers);
        _kept.Clear();
    }

    private static IEnumerable<Opening> Named(ScoreBatch batch) =>
        batch.Trees.Select(tree => tree.Opening).OfType<Opening>().Where(o => o.Tokens.Length > 0).Distinct();

    private static void Drop(Lazy<IReadOnlyList<KeptLayer>> layers)
    {
        if (!layers.IsValueCreated)
            return;
        foreach (var (keys, values) in layers.Value)
        {
            keys.Dispose();
            values.Dispose();
        }
    }
}
