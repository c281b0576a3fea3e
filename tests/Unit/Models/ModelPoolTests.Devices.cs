using System.Collections.Concurrent;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;

namespace Cognito.Eval.Tests;

/// <summary>Devices that fail, and one whose memory is short.</summary>
public sealed partial class ModelPoolTests
{
    /// <summary>A toy on a device that may fail; it keeps the first token of every batch that it answered.</summary>
    private sealed class Device(Func<int, Exception?> failure) : ITokenModel
    {
        private readonly Toys.HashModel _model = new(100);
        private int _asked;

        public int MaxLength => _model.MaxLength;
        public int VocabularySize => _model.VocabularySize;
        public ConcurrentQueue<int> Answered { get; } = [];
        public ConcurrentQueue<int> Runs { get; } = [];
        public bool IsDisposed { get; private set; }

        /// <summary>Waited for before each batch, so that a test decides who is slow.</summary>
        public Action BeforeBatch { get; init; } = () => { };

        public IEnumerable<IReadOnlyList<TokenScore>> Score(IReadOnlyList<ScoreBatch> batches, CancellationToken cancel = default) =>
            One(batches, batch => batch.Trees[0].Context[0], batch => _model.Score(batch));

        public IEnumerable<IReadOnlyList<Generated>> Generate(IReadOnlyList<GenerationBatch> batches, CancellationToken cancel = default) =>
            One<GenerationBatch, IReadOnlyList<Generated>>(batches, batch => batch.Prompts[0].Tokens[0], batch =>
            {
                List<int> row = [];
                do
                {
                    cancel.ThrowIfCancellationRequested();
                    row.Add(batch.Prompts[0].Tokens[0]);
                    // Whoever is to end a row that goes on for ever may wait long for a processor.
                    Thread.Sleep(1);
                }
                while (!batch.Prompts[0].Stop.IsDone(row));
                return [new([.. row])];
            });

        private IEnumerable<TReply> One<TBatch, TReply>(
            IReadOnlyList<TBatch> batches, Func<TBatch, int> name, Func<TBatch, TReply> answer)
        {
            Runs.Enqueue(batches.Count);
            foreach (var batch in batches)
            {
                BeforeBatch();
                if (failure(Interlocked.Increment(ref _asked) - 1) is { } error)
                    throw error;
                var reply = answer(batch);
                Answered.Enqueue(name(batch));
                yield return reply;
            }
        }

        public void Dispose() => IsDisposed = true;
    }

    private static Device Sound() => new(_ => null);

    private static Device FailsAfter(int batches, string message = "unspecified launch failure") =>
        new(asked => asked >= batches ? new InvalidOperationException(message) : null);

    /// <summary>Memory for all batches but one, named by its first token; for half of it there is.</summary>
    private sealed class Cramped(int tooLarge) : ITokenModel
    {
        private readonly Toys.HashModel _model = new(100);
        public int MaxLength => 100;
        public int VocabularySize => 101;

        public IEnumerable<IReadOnlyList<TokenScore>> Score(IReadOnlyList<ScoreBatch> batches, CancellationToken cancel = default) => batches.Select(batch =>
            batch.Trees[0].Context[0] == tooLarge && batch.Trees[0].Continuations.Count > 1
                ? throw new InsufficientMemoryException("no room") : _model.Score(batch));

        public IEnumerable<IReadOnlyList<Generated>> Generate(IReadOnlyList<GenerationBatch> batches, CancellationToken cancel = default) =>
            throw new NotSupportedException();

        public void Dispose() { }
    }
}
