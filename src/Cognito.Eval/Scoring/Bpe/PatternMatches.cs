namespace Cognito.Eval;

/// <summary>
/// Looks for a pattern's matches in a text, one after the other. First it goes through the text from its end on, and notes
/// for each place what leads to a match from there; then each match is walked without going back, since every choice is
/// known. So the steps are linear in the text, whatever the pattern. Of a long text every so many states are kept, and
/// those between are looked up again when a walk comes there: the memory is that of the root of its length.
/// </summary>
internal ref struct PatternMatches
{
    private const int ShortText = 4096;

    private readonly PatternProgram _program;
    private readonly PatternStates _states;
    private readonly ReadOnlySpan<char> _text;
    private readonly PatternState[] _kept, _here;
    private readonly int _block;
    private int _first;
    private long _steps;

    /// <param name="shortText">Of a text that is not longer all states are kept.</param>
    public PatternMatches(PatternProgram program, PatternStates states, ReadOnlySpan<char> text, int shortText = ShortText)
    {
        (_program, _states) = (program, states);
        _text = text;
        _block = Math.Max(Math.Min(shortText, Math.Max(text.Length, 1)), (int)Math.Sqrt(text.Length));
        _here = new PatternState[_block + 1];
        _kept = new PatternState[text.Length / _block + 1];
        var (last, state) = (text.Length, states.End);
        for (_first = (text.Length - 1) / _block * _block; _first >= 0; last = _first, _first -= _block)
        {
            _kept[_first / _block] = state;
            state = Note(last, state);
        }
        _first = 0;
    }

    /// <summary>Where the last match begins and ends.</summary>
    public int Start { get; private set; }
    public int End { get; private set; }

    /// <summary>What was done so far: proportional to the time it took.</summary>
    public readonly long Steps => _steps;

    /// <summary>Whether there is another match.</summary>
    public bool MoveNext()
    {
        for (var at = End; at < _text.Length; at += CodePointSet.Width(_text, at))
        {
            _steps++;
            if (At(at).Start is >= 0 and var step)
            {
                (Start, End) = (at, EndOf(step, at));
                return true;
            }
        }
        return false;
    }

    /// <summary>The state at a place of the block that is known, or of the next one.</summary>
    private PatternState At(int at)
    {
        if (at - _first > _block)
        {
            _first = at / _block * _block;
            Note(Math.Min(_first + _block, _text.Length), _kept[_first / _block]);
        }
        return _here[at - _first];
    }

    /// <summary>Notes the states of the block that begins at the first place, and returns the one there.</summary>
    /// <param name="state">That at the block's last place.</param>
    private PatternState Note(int last, PatternState state)
    {
        var (states, text, steps) = (_states, _text[..last], _steps);
        var here = _here.AsSpan(0, last - _first + 1);
        here[^1] = state;
        for (var at = last - 1; at >= _first; at--)
        {
            int point = text[at];
            if (!char.IsSurrogate((char)point) || IsWhole(at, ref point))
                state = states.Before(state, point, ref steps);
            here[at - _first] = state;
        }
        _steps = steps;
        return state;
    }

    /// <summary>Whether a code point begins at a surrogate. What is behind a place inside of one stands behind the whole.</summary>
    private readonly bool IsWhole(int at, ref int point)
    {
        if (CodePointSet.Width(_text, at) == 2)
            point = char.ConvertToUtf32(_text[at], _text[at + 1]);
        return at == 0 || !char.IsSurrogatePair(_text[at - 1], _text[at]);
    }

    private int EndOf(int now, int at)
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
                    at += CodePointSet.Width(_text, at);
                    break;
                case PatternOp.Run:
                    at = RunEnd(step, at);
                    break;
                case PatternOp.Split when !At(at).Leads(_program.Steps[now].Cell):
                    now = step.Other;
                    break;
            }
        }
    }

    private int RunEnd(in PatternStep run, int at)
    {
        var (count, last) = (0, run.Cell + run.Cells - 1);
        for (; count < run.To; count++)
        {
            var state = At(at);
            if (!state.Takes(Math.Min(run.Cell + count, last)))
                break;
            at += CodePointSet.Width(_text, at);
        }
        _steps += count;
        return at;
    }
}
