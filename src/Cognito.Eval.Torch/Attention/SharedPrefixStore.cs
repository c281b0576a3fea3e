using Cognito.Eval.Planning;
using TorchSharp;

namespace Cognito.Eval.Torch.Attention;

/// <summary>
/// Openings' keys and values: computed by the first batch that names one, while others that need it wait, and dropped
/// after the last.
/// </summary>
internal sealed class SharedPrefixStore : IDisposable
{
    private readonly Func<SharedPrefix, IReadOnlyList<LayerKeyValues>> _compute;
    private readonly Dictionary<SharedPrefix, Lazy<IReadOnlyList<LayerKeyValues>>> _kept = [];
    private readonly Dictionary<SharedPrefix, int> _uses = [];

    /// <param name="compute">An opening's keys and values in every layer, outside of any dispose scope.</param>
    public SharedPrefixStore(IEnumerable<ScoreBatch> batches, Func<SharedPrefix, IReadOnlyList<LayerKeyValues>> compute)
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
    public List<(SharedPrefix? Opening, ScoreBatch? Batch)> Ahead(IReadOnlyList<ScoreBatch> batches, int places)
    {
        var seen = new HashSet<SharedPrefix>();
        var work = batches.Select((batch, i) => (At: i + 0.5, Item: ((SharedPrefix?)null, (ScoreBatch?)batch)))
            .Concat(batches.SelectMany((batch, i) => Named(batch).Where(seen.Add)
                .Select(opening => (At: (double)i - places, Item: ((SharedPrefix?)opening, (ScoreBatch?)null)))));
        return [.. work.OrderBy(w => w.At).Select(w => w.Item)];
    }

    /// <summary>Computes an opening, unless no batch needs it any more; what fails is left to the batch that needs it.</summary>
    public void Prepare(SharedPrefix opening)
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

    public IReadOnlyList<LayerKeyValues> this[SharedPrefix opening]
    {
        get
        {
            Lazy<IReadOnlyList<LayerKeyValues>> layers;
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

    private static IEnumerable<SharedPrefix> Named(ScoreBatch batch) =>
        batch.Trees.Select(tree => tree.SharedPrefix).OfType<SharedPrefix>().Where(o => o.Tokens.Length > 0).Distinct();

    private static void Drop(Lazy<IReadOnlyList<LayerKeyValues>> layers)
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
