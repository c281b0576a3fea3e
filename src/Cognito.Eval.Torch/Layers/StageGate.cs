namespace Cognito.Eval.Torch.Layers;

/// <summary>Lets batches into a stage in the order in which they came, so many at a time.</summary>
internal sealed class StageGate(int places)
{
    private readonly LinkedList<object> _waiting = [];
    private int _inside;

    /// <summary>Waits for its turn.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled before that; it holds up nobody.</exception>
    public void Enter(CancellationToken cancel)
    {
        using var told = cancel.Register(Wake);
        lock (_waiting)
        {
            var mine = _waiting.AddLast(new object());
            try
            {
                while (!cancel.IsCancellationRequested && (mine != _waiting.First || _inside == places))
                    Monitor.Wait(_waiting);
                cancel.ThrowIfCancellationRequested();
                _inside++;
            }
            finally
            {
                _waiting.Remove(mine);
                Monitor.PulseAll(_waiting);
            }
        }
    }

    public void Leave()
    {
        lock (_waiting)
        {
            _inside--;
            Monitor.PulseAll(_waiting);
        }
    }

    private void Wake()
    {
        lock (_waiting)
            Monitor.PulseAll(_waiting);
    }
}
