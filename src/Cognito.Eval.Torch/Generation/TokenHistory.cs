using Cognito.Eval.Planning;
using Cognito.Eval.Torch.Attention;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Generation;

/// <summary>How far a row has come, in tokens.</summary>
/// <param name="Length">All tokens so far: the prompt as the reference's generate sees it, and what was generated.</param>
/// <param name="Width">Of these the prompt's, with what pads it.</param>
/// <param name="MaxNewTokens">The most that are generated.</param>
internal readonly record struct RowLength(long Length, int Width, int MaxNewTokens);

/// <summary>The tokens of the rows that are generated for, on the device, so that a step need not wait for the host.</summary>
/// <remarks>Letters: B rows, C places a row, W places of the longest prompt. Places beyond a row's length repeat its first token.</remarks>
internal sealed class TokenHistory : IDisposable
{
    private readonly Device _device;
    private RowLength[] _rows;

    public TokenHistory(IReadOnlyList<Prompt> prompts, Device device)
    {
        _device = device;
        _rows = [.. prompts.Select(p => new RowLength(p.Padding.Length + p.Tokens.Length, p.Padding.Length + p.Tokens.Length, p.MaxNewTokens))];
        int[][] prefixes = [.. prompts.Select(p => (int[])[.. p.Padding, .. p.Tokens])];
        Tokens = Filled(prefixes, _rows.Max(row => row.Width + row.MaxNewTokens));
        Prompts = Filled(prefixes, _rows.Max(row => row.Width));
    }

    /// <summary>[B, C]</summary>
    public Tensor Tokens { get; private set; }

    /// <summary>[B, W]</summary>
    public Tensor Prompts { get; private set; }

    public IReadOnlyList<RowLength> Rows => _rows;

    /// <summary>Each row's newest token, [B]; a row that is full already stays as it is, but for its last place.</summary>
    public void Add(Tensor newest)
    {
        using var scope = NewDisposeScope();
        _rows = [.. _rows.Select(row => row with { Length = Math.Min(row.Length + 1, row.Width + row.MaxNewTokens) })];
        Tokens.scatter_(1, Numbers(row => row.Length - 1).unsqueeze(1), newest.unsqueeze(1));
    }

    /// <summary>Drops all other rows.</summary>
    /// <param name="rows">The same on the device.</param>
    public void Keep(IReadOnlyList<long> kept, Tensor rows)
    {
        using (Tokens)
        using (Prompts)
            (Tokens, Prompts) = (
                Tokens.index_select(0, rows).DetachFromDisposeScope(), Prompts.index_select(0, rows).DetachFromDisposeScope());
        _rows = [.. kept.Select(r => _rows[r])];
    }

    /// <summary>Each row's last tokens, [B, count]; of no meaning in rows that have fewer.</summary>
    public Tensor Last(int count)
    {
        var places = Numbers(row => row.Length - count).unsqueeze(1) + arange(count, ScalarType.Int64, _device);
        return Tokens.gather(1, places.clamp_min(0));
    }

    /// <summary>A number of each row, [B].</summary>
    public Tensor Numbers(Func<RowLength, long> number) => DecoderAttention.OnDevice([.. _rows.Select(number)], _device);

    /// <summary>The rows that are meant, [B, 1]; null where none is.</summary>
    public Tensor? Where(Func<RowLength, bool> isMeant) =>
        _rows.Any(isMeant) ? Numbers(row => isMeant(row) ? 1 : 0).ne(0).unsqueeze(1) : null;

    public void Dispose()
    {
        Tokens.Dispose();
        Prompts.Dispose();
    }

    private Tensor Filled(int[][] rows, int places)
    {
        var numbers = new long[rows.Length * places];
        foreach (var (r, row) in rows.Index())
            for (var at = 0; at < places; at++)
                numbers[r * places + at] = row[at < row.Length ? at : 0];
        using var scope = NewDisposeScope();
        return DecoderAttention.OnDevice(numbers, _device).view(rows.Length, places).MoveToOuterDisposeScope().DetachFromDisposeScope();
    }
}
