namespace Cognito.Eval.Torch.Weights;

/// <summary>A stretch of a tensor's bytes in a file, on its way to its place.</summary>
/// <param name="Place">Flat, of the tensor's size.</param>
/// <param name="At">The first byte within the tensor.</param>
internal readonly record struct Piece(
    SafetensorsFile File, TensorEntry Entry, TorchSharp.torch.Tensor Place, long At, int Bytes);

/// <summary>Pieces that wait to be read; files take turns, so that several are read side by side.</summary>
internal sealed class PieceQueue
{
    private readonly Dictionary<SafetensorsFile, Queue<Piece>> _files = [];
    private readonly List<Queue<Piece>> _turns = [];
    private int _turn;
    private bool _ends;

    public void Add(IEnumerable<Piece> pieces)
    {
        lock (_turns)
        {
            foreach (var piece in pieces)
            {
                if (!_files.TryGetValue(piece.File, out var waiting))
                    _turns.Add(_files[piece.File] = waiting = new());
                waiting.Enqueue(piece);
            }
            Monitor.PulseAll(_turns);
        }
    }

    /// <summary>No more will come; those that wait are dropped where nobody wants them any more.</summary>
    public void End(bool drop = false)
    {
        lock (_turns)
        {
            _ends = true;
            if (drop)
                _turns.ForEach(waiting => waiting.Clear());
            Monitor.PulseAll(_turns);
        }
    }

    /// <summary>The next piece, waited for; false at the end.</summary>
    public bool Take(out Piece piece)
    {
        lock (_turns)
            while (true)
            {
                for (var i = 0; i < _turns.Count; i++)
                    if (_turns[_turn++ % _turns.Count].TryDequeue(out piece))
                        return true;
                if (_ends)
                {
                    piece = default;
                    return false;
                }
                Monitor.Wait(_turns);
            }
    }
}
