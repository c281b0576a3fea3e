using Cognito.Eval.Planning;
using TorchSharp;

namespace Cognito.Eval.Torch.Attention;

/// <summary>
/// Shared prefixes' keys and values: computed by the first batch that names one, while others that need it wait, and dropped
/// after the last.
/// </summary>
internal sealed class SharedPrefixStore : IDisposable
{
    private readonly Func<SharedPrefix, IReadOnlyList<LayerKeyValues>> _compute;
    private readonly Dictionary<SharedPrefix, Lazy<IReadOnlyList<LayerKeyValues>>> _kept = [];
    private readonly Dictionary<SharedPrefix, int> _uses = [];

    /// <param name="compute">A shared prefix's keys and values in every layer, outside of any dispose scope.</param>
    public SharedPrefixStore(IEnumerable<ScoreBatch> batches, Func<SharedPrefix, IReadOnlyList<LayerKeyValues>> compute)
    {
        _compute = compute;
        foreach (var sharedPrefix in batches.SelectMany(Named))
            _uses[sharedPrefix] = _uses.GetValueOrDefault(sharedPrefix) + 1;
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
    /// The batches in their order, and before each that is the first to name a shared prefix that shared prefix, so many places early:
    /// one worker computes it while the others still have batches that need it not.
    /// </summary>
    public List<(SharedPrefix? SharedPrefix, ScoreBatch? Batch)> Ahead(IReadOnlyList<ScoreBatch> batches, int places)
    {
        var seen = new HashSet<SharedPrefix>();
        var work = batches.Select((batch, i) => (At: i + 0.5, Item: ((SharedPrefix?)null, (ScoreBatch?)batch)))
            .Concat(batches.SelectMany((batch, i) => Named(batch).Where(seen.Add)
                .Select(sharedPrefix => (At: (double)i - places, Item: ((SharedPrefix?)sharedPrefix, (ScoreBatch?)null)))));
        return [.. work.OrderBy(w => w.At).Select(w => w.Item)];
    }

    /// <summary>Computes a shared prefix, unless no batch needs it any more; what fails is left to the batch that needs it.</summary>
    public void Prepare(SharedPrefix sharedPrefix)
    {
        try
        {
            _ = this[sharedPrefix];
        }
        catch (Exception e) when (e is InsufficientMemoryException or System.Runtime.InteropServices.ExternalException)
        {
            lock (_kept)
                _kept.Remove(sharedPrefix);
        }
    }

    /// <summary>Computes those that a batch names, or waits for them.</summary>
    public void Compute(ScoreBatch batch)
    {
        foreach (var sharedPrefix in Named(batch))
            _ = this[sharedPrefix];
    }

    public IReadOnlyList<LayerKeyValues> this[SharedPrefix sharedPrefix]
    {
        get
        {
            Lazy<IReadOnlyList<LayerKeyValues>> layers;
            lock (_kept)
                if (!_kept.TryGetValue(sharedPrefix, out layers!))
                    _kept[sharedPrefix] = layers = new(() => _compute(sharedPrefix));
            return layers.Value;
        }
    }

    /// <summary>The batch needs its shared prefixes no more.</summary>
    public void Release(ScoreBatch batch)
    {
        foreach (var sharedPrefix in Named(batch))
            lock (_kept)
                if (--_uses[sharedPrefix] == 0 && _kept.Remove(sharedPrefix, out var layers))
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
