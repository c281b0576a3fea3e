namespace Cognito.Eval.Tokenizers.Bpe;

/// <summary>
/// Finds the matches of a pattern without going back. First it goes through the text from its end on, and notes for each
/// place what leads to a match from there. Then each match is walked, since every choice is known. So its steps are linear
/// in the text, whatever the pattern. Of a long text only some states are kept, at equal distances, and those between are
/// looked up again when a walk comes there. So the memory grows as the square root of the text's length.
/// </summary>
internal sealed class PatternSweep
{
    /// <summary>Of a text that is not longer all states are kept.</summary>
    private const int ShortText = 1 << 17;

    private readonly PatternProgram _program;
    private readonly PatternStates _states;
    private readonly PatternState[] _kept, _here;
    private readonly int _block, _length;
    private int _first;
    private long _steps;

    /// <summary>Sweeps the text from a place on.</summary>
    public PatternSweep(PatternProgram program, PatternStates states, ReadOnlySpan<char> text, int from)
    {
        (_program, _states, _length, End) = (program, states, text.Length, from);
        _block = Math.Max(Math.Min(ShortText, text.Length), (int)Math.Sqrt(text.Length));
        _here = new PatternState[_block + 1];
        _kept = new PatternState[text.Length / _block + 1];
        var (last, state) = (text.Length, states.End);
        for (_first = (text.Length - 1) / _block * _block; _first + _block > from; last = _first, _first -= _block)
        {
            _kept[_first / _block] = state;
            state = Note(text, last, state);
        }
        _first += _block;
    }

    /// <summary>Where the last match begins and ends.</summary>
    public int Start { get; private set; }
    public int End { get; private set; }

    /// <summary>What was done so far: proportional to the time it took.</summary>
    public long Steps => _steps;

    /// <summary>Whether there is another match.</summary>
    /// <param name="text">The text that was swept.</param>
    public bool MoveNext(ReadOnlySpan<char> text)
    {
        for (var at = End; at < _length; at += CodePointSet.Width(text, at))
        {
            _steps++;
            if (At(text, at).Start is >= 0 and var step)
            {
                (Start, End) = (at, EndOf(text, step, at));
                return true;
            }
        }
        return false;
    }

    /// <summary>The state at a place of the block that is known, or of the next one.</summary>
    private PatternState At(ReadOnlySpan<char> text, int at)
    {
        if (at - _first > _block)
        {
            _first = at / _block * _block;
            Note(text, Math.Min(_first + _block, _length), _kept[_first / _block]);
        }
        return _here[at - _first];
    }

    /// <summary>Notes the states of the block that begins at the first place, and returns the one there.</summary>
    /// <param name="state">That at the block's last place.</param>
    private PatternState Note(ReadOnlySpan<char> text, int last, PatternState state)
    {
        var here = _here.AsSpan(0, last - _first + 1);
        here[^1] = state;
        var (kinds, noted, steps) = (_states.Ascii, state.Before, _steps + last - _first);
        for (var at = last - 1; at >= _first; at--)
        {
            int point = text[at];
            if (point < kinds.Length && kinds[point] is var kind && kind < noted.Length && noted[kind] is { } before)
            {
                // In a word the states are mostly one, and then there is nothing to load.
                if (before != state)
                    (state, noted) = (before, before.Before);
            }
            else if (!char.IsSurrogate((char)point) || IsWhole(text, at, ref point))
            {
                state = _states.Before(state, point, ref steps);
                noted = state.Before;
            }
            here[at - _first] = state;
        }
        _steps = steps;
        return state;
    }

    /// <summary>Whether a code point begins at a surrogate. What is behind a place inside of one stands behind the whole.</summary>
    private static bool IsWhole(ReadOnlySpan<char> text, int at, ref int point)
    {
        if (CodePointSet.Width(text, at) == 2)
            point = char.ConvertToUtf32(text[at], text[at + 1]);
        return at == 0 || !char.IsSurrogatePair(text[at - 1], text[at]);
    }

    private int EndOf(ReadOnlySpan<char> text, int now, int at)
    {
        while (true)
        {
            _steps++;
            ref readonly var step = ref _program.Steps[now];
            now = step.Next;
            switch (step.Op)
            {
                case PatternOp.Accept:
                    return at;
                case PatternOp.One:
                    at += CodePointSet.Width(text, at);
                    break;
                case PatternOp.Run:
                    at = RunEnd(text, step, at);
                    break;
                case PatternOp.Split when !At(text, at).Leads(_program.Steps[now].Cell):
                    now = step.Other;
                    break;
            }
        }
    }

    private int RunEnd(ReadOnlySpan<char> text, in PatternStep run, int at)
    {
        var (count, least) = (0, run.Cells - 1);
        for (PatternState? met = null; count < run.To; count++)
        {
            var state = At(text, at);
            // Within a run the states are mostly one.
            if ((state != met || count <= least) && !state.Takes(run.Cell + Math.Min(count, least)))
                break;
            met = state;
            at += CodePointSet.Width(text, at);
        }
        _steps += count;
        return at;
    }
}
