using Cognito.Eval.Planning;
using Cognito.Eval.Torch.Attention;
using Cognito.Eval.Torch.Native;
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

    /// <param name="prompts">The rows'.</param>
    /// <param name="all">Those to come too.</param>
    public TokenHistory(IReadOnlyList<Prompt> prompts, IReadOnlyList<Prompt> all, Device device)
    {
        _device = device;
        _rows = [.. prompts.Select(Length)];
        Tokens = Filled(prompts, all.Select(Length).Max(row => row.Width + row.MaxNewTokens)).DetachFromDisposeScope();
        Prompts = Filled(prompts, all.Select(Length).Max(row => row.Width)).DetachFromDisposeScope();
    }

    private static RowLength Length(Prompt prompt)
    {
        var width = prompt.Padding.Length + prompt.Tokens.Length;
        return new(width, width, prompt.MaxNewTokens);
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

    /// <summary>Begins rows anew with other prompts.</summary>
    /// <param name="places">The rows on the device.</param>
    public void Replace(IReadOnlyList<int> rows, IReadOnlyList<Prompt> prompts, Tensor places)
    {
        using var scope = NewDisposeScope();
        Tokens.index_copy_(0, places, Filled(prompts, (int)Tokens.shape[1]));
        Prompts.index_copy_(0, places, Filled(prompts, (int)Prompts.shape[1]));
        _rows = [.. _rows];
        foreach (var (row, prompt) in rows.Zip(prompts))
            _rows[row] = Length(prompt);
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
        var places = Numbers(row => row.Length - count).unsqueeze(1).Plus(Scalars.Range(0, count, ScalarType.Int64, _device));
        return Tokens.gather(1, places.clamp_min(Scalars.Zero));
    }

    /// <summary>A number of each row, [B].</summary>
    public Tensor Numbers(Func<RowLength, long> number) => DecoderAttention.OnDevice([.. _rows.Select(number)], _device);

    /// <summary>The rows that are meant, [B, 1]; null where none is.</summary>
    public Tensor? Where(Func<RowLength, bool> isMeant) =>
        _rows.Any(isMeant) ? Numbers(row => isMeant(row) ? 1 : 0).ne(Scalars.Zero).unsqueeze(1) : null;

    public void Dispose()
    {
        Tokens.Dispose();
        Prompts.Dispose();
    }

    private Tensor Filled(IReadOnlyList<Prompt> prompts, int places)
    {
        var numbers = new long[prompts.Count * places];
        foreach (var (r, prompt) in prompts.Index())
        {
            int[] row = [.. prompt.Padding, .. prompt.Tokens];
            for (var at = 0; at < places; at++)
                numbers[r * places + at] = row[at < row.Length ? at : 0];
        }
        using var scope = NewDisposeScope();
        return DecoderAttention.OnDevice(numbers, _device).view(prompts.Count, places).MoveToOuterDisposeScope();
    }
}
