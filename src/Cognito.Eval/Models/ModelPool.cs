using System.Runtime.ExceptionServices;
using Cognito.Eval.Files;
using Cognito.Eval.Planning;

namespace Cognito.Eval.Models;

/// <summary>One of a pool's copies of a model.</summary>
/// <param name="Device">Its device's name, for reports.</param>
public sealed record PooledModel(string Device, ITokenModel Model)
{
    /// <summary>How many runs of batches it answers side by side.</summary>
    public int RunsAtOnce { get; init; } = 1;
}

/// <summary>A copy that failed. Nothing is asked of it any more.</summary>
/// <param name="Left">How many copies go on.</param>
public sealed record LostModel(string Device, Exception Error, int Left);

/// <summary>Copies of one model, each on a device of its own, that take batches from a common queue.</summary>
/// <remarks>
/// A copy takes short runs of consecutive batches, so that it can work ahead and keep shared prefixes within a run. What a
/// batch itself brings about (memory runs out, a token is unknown, its work is cancelled) is thrown at the batch's place. Any
/// other failure is the copy's: others do what it left unanswered; the last one's is thrown.
/// </remarks>
public sealed class ModelPool : ITokenModel
{
    private readonly IReadOnlyList<PooledModel> _models;
    private readonly List<PooledModel> _living;
    private Exception? _lastFailure;

    /// <param name="models">At least one. Which of equal devices answers a batch does not change its numbers.</param>
    public ModelPool(IReadOnlyList<PooledModel> models)
    {
        if (models.Count == 0)
            throw new ArgumentException("A pool needs a model.", nameof(models));
        (_models, _living) = (models, [.. models]);
    }

    /// <summary>Once for each copy that fails, on the thread that reads the answers.</summary>
    public event Action<LostModel>? Lost;

    public int MaxLength => _models.Min(model => model.Model.MaxLength);

    public int VocabularySize => _models[0].Model.VocabularySize;

    public IEnumerable<IReadOnlyList<TokenScore>> Score(IReadOnlyList<ScoreBatch> batches, CancellationToken cancel = default) =>
        Answers(batches.Count, (model, run) => model.Score([.. run.Batches.Select(b => batches[b])], run.Unwanted), cancel);

    public IEnumerable<IReadOnlyList<Generated>> Generate(IReadOnlyList<GenerationBatch> batches, CancellationToken cancel = default) =>
        Answers(batches.Count, (model, run) => model.Generate([.. run.Batches.Select(b => batches[b])], run.Unwanted), cancel);

    public void Dispose()
    {
        foreach (var model in _models)
            try
            {
                model.Model.Dispose();
            }
            catch (Exception) when (!_living.Contains(model))
            {
                // A device that failed may fail here too; that it did is known.
            }
    }

    private IEnumerable<TReply> Answers<TReply>(
        int count, Func<ITokenModel, BatchRun, IEnumerable<TReply>> ask, CancellationToken cancel)
    {
        if (count == 0)
            yield break;
        if (_living.Count == 0)
            ExceptionDispatchInfo.Throw(_lastFailure!);
        cancel.ThrowIfCancellationRequested();
        var queue = new BatchQueue<TReply>(count, _living);
        using var cancelled = cancel.Register(queue.Cancel);
        Task[] work = [.. _living.SelectMany(model => Enumerable.Repeat(model, model.RunsAtOnce)).Select(model => Task.Factory.StartNew(
            () => Work(model, queue, ask), default, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
        try
        {
            for (var b = 0; b < count; b++)
            {
                TReply? reply;
                while (!queue.TryRead(b, out reply))
                    Report(queue);
                yield return reply;
            }
        }
        finally
        {
            queue.Close();
            Task.WaitAll(work);
            Report(queue);
        }
    }

    private static void Work<TReply>(
        PooledModel model, BatchQueue<TReply> queue, Func<ITokenModel, BatchRun, IEnumerable<TReply>> ask)
    {
        while (queue.Take(model) is { Batches: { Count: > 0 } batches } run)
        {
            var done = 0;
            try
            {
                foreach (var reply in ask(model.Model, run))
                    if (done == batches.Count || !queue.Answer(batches[done++], reply))
                        break;
                if (done < batches.Count && queue.Wants(batches[done]))
                    throw new InvalidOperationException($"{batches.Count} batches were asked, {done} answered.");
            }
            catch (Exception e) when (done < batches.Count && IsOfBatch(e))
            {
                queue.Refuse(batches[done], e);
            }
            catch (Exception e)
            {
                queue.Leave(model, [.. batches.Skip(done)], e);
                return;
            }
        }
    }

    private static bool IsOfBatch(Exception e) =>
        e is InsufficientMemoryException or InputException or OperationCanceledException;

    private void Report<TReply>(BatchQueue<TReply> queue)
    {
        while (queue.TryLost(out var lost))
        {
            _living.Remove(lost.Model);
            _lastFailure = lost.Error;
            Lost?.Invoke(new(lost.Model.Device, lost.Error, _living.Count));
        }
    }
}
