using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;

namespace Cognito.Eval.Models;

/// <summary>Batches by number, that several models take runs of; their replies are read in order.</summary>
/// <param name="models">Those that take.</param>
internal sealed class BatchQueue<TReply>(int count, IReadOnlyList<PooledModel> models)
{
    private const int LongestRun = 16;

    private readonly object _gate = new();
    private readonly SortedSet<int> _waiting = [.. Enumerable.Range(0, count)];
    private readonly HashSet<int> _begun = [];
    private readonly Dictionary<int, TReply> _replies = [];
    private readonly List<BatchRun> _runs = [];
    private readonly Queue<(PooledModel Model, Exception Error)> _lost = [];
    private (int Batch, Exception Error)? _refused;
    private Exception? _failure;
    private bool _isCancelled;
    private readonly HashSet<PooledModel> _models = new(models, ReferenceEqualityComparer.Instance);

    /// <summary>
    /// The next run of consecutive batches, shorter towards the end so that all models end together; empty when nothing
    /// is left to do, or nothing for a model that failed. Waits while others are at work, since one of them may leave what it has
    /// begun.
    /// </summary>
    public BatchRun Take(PooledModel model)
    {
        lock (_gate)
        {
            _runs.RemoveAll(run => !run.Batches.Any(_begun.Contains));
            while (_waiting.Count == 0 && _begun.Count > 0 && _models.Contains(model))
                Monitor.Wait(_gate);
            if (!_models.Contains(model))
                return new([]);
            var length = Math.Clamp(_waiting.Count / (2 * _models.Sum(living => living.RunsAtOnce)), 1, LongestRun);
            var first = _waiting.Min;
            BatchRun run = new([.. _waiting.Take(length).TakeWhile((batch, i) => batch == first + i)]);
            _waiting.ExceptWith(run.Batches);
            _begun.UnionWith(run.Batches);
            _runs.Add(run);
            if (_isCancelled)
                run.Cancel();
            return run;
        }
    }

    /// <summary>Whether the batch, once taken, is still to be answered.</summary>
    public bool Wants(int batch)
    {
        lock (_gate)
            return _begun.Contains(batch);
    }

    /// <summary>False if nobody wants the reply any more.</summary>
    public bool Answer(int batch, TReply reply)
    {
        lock (_gate)
        {
            if (!_begun.Remove(batch))
                return false;
            _replies.Add(batch, reply);
            Monitor.PulseAll(_gate);
            return true;
        }
    }

    /// <summary>The batch has an error for a reply: none after it is wanted.</summary>
    public void Refuse(int batch, Exception error)
    {
        lock (_gate)
        {
            if (!_begun.Remove(batch))
                return;
            _refused = (batch, error);
            _waiting.RemoveWhere(later => later > batch);
            _begun.RemoveWhere(later => later > batch);
            CancelUnwanted();
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>The model failed and takes no more; others do what it had begun, if there are any. It is lost once.</summary>
    public void Leave(PooledModel model, IReadOnlyList<int> unanswered, Exception error)
    {
        lock (_gate)
        {
            _waiting.UnionWith(unanswered.Where(_begun.Remove));
            if (_models.Remove(model))
                _lost.Enqueue((model, error));
            if (_models.Count == 0)
                _failure ??= error;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>
    /// Waits for a batch's reply; throws its error, or the last model's when none is left. False if a model was lost
    /// meanwhile (<see cref="TryLost"/>).
    /// </summary>
    public bool TryRead(int batch, [MaybeNullWhen(false)] out TReply reply)
    {
        lock (_gate)
            while (true)
            {
                reply = default;
                if (_lost.Count > 0)
                    return false;
                if (_replies.Remove(batch, out reply))
                    return true;
                if (_refused is { } refused && refused.Batch == batch)
                    ExceptionDispatchInfo.Throw(refused.Error);
                if (_failure is not null)
                    ExceptionDispatchInfo.Throw(_failure);
                Monitor.Wait(_gate);
            }
    }

    /// <summary>A model that was lost; each comes once.</summary>
    public bool TryLost(out (PooledModel Model, Exception Error) lost)
    {
        lock (_gate)
            return _lost.TryDequeue(out lost);
    }

    /// <summary>Nothing is wanted any more.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _waiting.Clear();
            _begun.Clear();
            CancelUnwanted();
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>
    /// All runs are left in the midst of a batch, those taken later too; what they throw is their batches' error.
    /// </summary>
    public void Cancel()
    {
        lock (_gate)
        {
            _isCancelled = true;
            _runs.ForEach(run => run.Cancel());
        }
    }

    /// <summary>A batch takes minutes: a run of which nothing is wanted any more is left in the midst of one.</summary>
    private void CancelUnwanted() => _runs.Where(run => !run.Batches.Any(_begun.Contains)).ToList().ForEach(run => run.Cancel());
}

/// <summary>Consecutive batches that one model has taken; none where nothing is left to do.</summary>
internal sealed class BatchRun(IReadOnlyList<int> batches)
{
    // Nothing is linked to it and no timer runs, so that it holds nothing that is to be given back.
    private readonly CancellationTokenSource _unwanted = new();

    public IReadOnlyList<int> Batches => batches;

    /// <summary>Cancelled once nobody waits for any of them.</summary>
    public CancellationToken Unwanted => _unwanted.Token;

    public void Cancel() => _unwanted.Cancel();
}
