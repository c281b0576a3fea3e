namespace Cognito.Eval;

/// <summary>
/// Finds the matches of a pattern in steps that are bounded by the text's length times the pattern's cells, whatever they
/// are. From the text's end on it notes for each place which cells lead to a match from there; then each match is walked
/// without going back, since every choice is known. Of what is noted every so many places are kept, and what is between is
/// noted again when a walk comes there: the memory is that of twice the root of the text's length.
/// </summary>
internal sealed class PatternSweep
{
    private readonly PatternProgram _program;
    private readonly int _length, _block;
    private readonly bool[][] _kept, _rows;
    private int _at, _known = -1;

    /// <summary>Sweeps the text from a place on.</summary>
    public PatternSweep(PatternProgram program, ReadOnlySpan<char> text, int from)
    {
        (_program, _length, _at, _block) = (program, text.Length, from, Math.Max(16, (int)Math.Sqrt(text.Length)));
        _kept = new bool[_length / _block + 1][];
        _rows = [.. Enumerable.Range(0, _block + 1).Select(_ => new bool[program.Cells])];
        var (row, after) = (new bool[program.Cells], new bool[program.Cells]);
        for (var at = _length; at >= from; at--)
        {
            (row, after) = (after, row);
            Note(text, at, row, after);
            if (at % _block == 0)
                _kept[at / _block] = [.. row];
        }
    }

    /// <summary>Cells noted so far.</summary>
    public long Steps { get; private set; }

    /// <summary>Finds the next match.</summary>
    /// <param name="text">The text that was swept.</param>
    public bool TryFind(ReadOnlySpan<char> text, out int start, out int end)
    {
        for (; _at < _length; _at += CodePointSet.Width(text, _at))
            if (Begins(text, _at))
            {
                (start, end) = (_at, _at = End(text, _at));
                return true;
            }
        start = end = -1;
        return false;
    }

    /// <summary>Whether a match begins at a place. Places are asked for in the text's order.</summary>
    private bool Begins(ReadOnlySpan<char> text, int at)
    {
        if (at / _block != _known)
            Know(text, at / _block);
        return Here(at)[_program.Steps[_program.Start].Cell];
    }

    /// <summary>What leads to a match from a place of the block that is known, or from the one behind it.</summary>
    private bool[] Here(int at) => _rows[at - _known * _block];

    private void Know(ReadOnlySpan<char> text, int block)
    {
        _known = block;
        var (first, last) = (block * _block, Math.Min((block + 1) * _block, _length));
        if (last % _block == 0)
            _kept[last / _block].CopyTo(Here(last), 0);
        else
            Note(text, last, Here(last), []);
        for (var at = last - 1; at >= first; at--)
            Note(text, at, Here(at), Here(at + 1));
    }

    /// <summary>Notes which cells lead to a match from a place, where it is known for the place behind it.</summary>
    private void Note(ReadOnlySpan<char> text, int at, bool[] row, bool[] after)
    {
        Steps += row.Length;
        if (at > 0 && at < text.Length && char.IsSurrogatePair(text[at - 1], text[at]))
        {
            after.CopyTo(row, 0); // inside of a character: so what is behind it stands one unit behind its first
            return;
        }
        for (var number = 0; number < _program.Steps.Length; number++)
        {
            ref readonly var step = ref _program.Steps[number];
            var next = row[_program.Steps[step.Next].Cell];
            if (step.Op == PatternOp.Run)
                NoteRun(number, step.Set!.WidthAt(text, at) > 0, row, after);
            else
                row[step.Cell] = step.Op switch
                {
                    PatternOp.One => step.Set!.WidthAt(text, at) > 0 && after[_program.Steps[step.Next].Cell],
                    PatternOp.Split => next || row[_program.Steps[step.Other].Cell],
                    PatternOp.Ahead => row[_program.Steps[step.Other].Cell] == step.Holds && next,
                    PatternOp.LineEnd => (at == text.Length || text[at] == '\n') && next,
                    _ => true,
                };
        }
    }

    private void NoteRun(int number, bool isIn, bool[] row, bool[] after)
    {
        ref readonly var step = ref _program.Steps[number];
        var next = row[_program.Steps[step.Next].Cell];
        for (var count = 0; count < step.Cells; count++)
        {
            var takes = isIn && after[CellOf(Taken(number, count))];
            row[step.Cell + count] = takes || (count >= step.From && next && (step.GivesBack || !isIn));
        }
    }

    /// <summary>Where a run stands that took one more.</summary>
    private (int Step, int Count) Taken(int number, int count)
    {
        ref readonly var step = ref _program.Steps[number];
        return count + 1 < step.Cells ? (number, count + 1) : step.To == int.MaxValue ? (number, count) : (step.Next, 0);
    }

    private int CellOf((int Step, int Count) place) => _program.Steps[place.Step].Cell + place.Count;

    /// <summary>Where the match that begins at a place ends.</summary>
    private int End(ReadOnlySpan<char> text, int at)
    {
        var place = (Step: _program.Start, Count: 0);
        while (_program.Steps[place.Step] is { Op: not PatternOp.Accept } step)
        {
            Steps++;
            if (at / _block != _known)
                Know(text, at / _block);
            var width = step.Set?.WidthAt(text, at) ?? 0;
            var takes = step.Op == PatternOp.One || (step.Op == PatternOp.Run && width > 0
                && (!step.GivesBack || Here(at + 1)[CellOf(Taken(place.Step, place.Count))]));
            place = takes && step.Op == PatternOp.Run ? Taken(place.Step, place.Count)
                : (step.Op == PatternOp.Split && !Here(at)[CellOf((step.Next, 0))] ? step.Other : step.Next, 0);
            at += takes ? width : 0;
        }
        return at;
    }
}
