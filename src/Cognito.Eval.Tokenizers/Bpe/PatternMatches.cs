namespace Cognito.Eval.Tokenizers.Bpe;

/// <summary>
/// Looks for a pattern's matches in a text, one after the other. It tries one way after the other and goes back where one
/// fails, which is fast for sound patterns. Once this has taken more steps than a sound pattern would have taken so far,
/// <see cref="PatternSweep"/> goes on, which never goes back. So the whole is linear in the text, and the matches are the same.
/// </summary>
internal ref struct PatternMatches
{
    private const int None = -1, TooLong = -2;

    /// <summary>
    /// Steps before any text, and for each character that matches have passed. Real patterns take two or three, and on
    /// texts made to be hard 10. What scans far ahead is over this in a short text as in a long one, so that both take as
    /// many a character.
    /// </summary>
    private const int AnyText = 256, EachCharacter = 4;

    private readonly PatternProgram _program;
    private readonly Lazy<PatternStates> _states;
    private readonly ReadOnlySpan<char> _text;
    private readonly Frame[] _frames;
    private readonly long _anyText;
    private readonly int _eachCharacter;
    private long _most;
    private int _longest;
    private int _top;
    private long _steps;
    private PatternSweep? _sweep;

    /// <summary>A way that is left to try: a step at a place; of a run also those before, down to the least.</summary>
    private record struct Frame(int Step, int At, int Least);

    /// <param name="most">Steps after which the sweep goes on; by default more than a sound pattern takes.</param>
    public PatternMatches(PatternProgram program, Lazy<PatternStates> states, ReadOnlySpan<char> text, long? most = null)
    {
        (_program, _states) = (program, states);
        (_anyText, _eachCharacter) = most is { } fixedly ? (fixedly, 0) : (AnyText, EachCharacter);
        _text = text;
        _frames = new Frame[program.Steps[program.Start].Frames];
    }

    /// <summary>Where the last match begins and ends.</summary>
    public int Start { get; private set; }
    public int End { get; private set; }

    /// <summary>What was done so far: proportional to the time it took.</summary>
    public readonly long Steps => _steps + (_sweep?.Steps ?? 0);

    /// <summary>Whether there is another match.</summary>
    public bool MoveNext()
    {
        for (var at = End; at < _text.Length && _sweep is null; at += CodePointSet.Width(_text, at))
        {
            var start = _program.Starts[Math.Min(_text[at], (char)128)];
            if (start < 0)
            {
                _steps++;
                continue;
            }
            _most = _anyText + (long)_eachCharacter * at;
            _longest = (int)Math.Clamp(_most - _steps, 0, int.MaxValue);
            var end = Match(start, at);
            if (end >= 0)
            {
                (Start, End) = (at, end);
                return true;
            }
            if (end == TooLong)
                _sweep = new(_program, _states.Value, _text, from: at);
        }
        if (_sweep is null || !_sweep.MoveNext(_text))
            return false;
        (Start, End) = (_sweep.Start, _sweep.End);
        return true;
    }

    /// <summary>Where a match from a step on ends. Recursion goes as deep as assertions stand in each other.</summary>
    private int Match(int from, int at)
    {
        var (bottom, steps, now) = (_top, _program.Steps, from);
        while (true)
        {
            if (++_steps > _most)
                return TooLong;
            ref readonly var step = ref steps[now];
            var holds = true;
            now = step.Next;
            switch (step.Op)
            {
                case PatternOp.One:
                    var width = step.Set!.WidthAt(_text, at);
                    holds = width > 0;
                    at += width;
                    break;
                case PatternOp.Run:
                    holds = Run(step, ref at);
                    break;
                case PatternOp.Split:
                    if (at < _text.Length && !steps[now].CanStart(_text[at]))
                        now = step.Other;
                    else if (at == _text.Length || steps[step.Other].CanStart(_text[at]))
                        _frames[_top++] = new(step.Other, at, at);
                    break;
                case PatternOp.Ahead:
                    var found = Match(step.Other, at);
                    if (found == TooLong)
                        return TooLong;
                    holds = found >= 0 == step.Holds;
                    break;
                case PatternOp.LineEnd:
                    holds = at == _text.Length || _text[at] == '\n';
                    break;
                default:
                    _top = bottom;
                    return at;
            }
            if (!holds && !GoBack(bottom, ref now, ref at))
                return None;
        }
    }

    /// <summary>Takes as many as there are; what may be fewer is left to try.</summary>
    private bool Run(in PatternStep step, ref int at)
    {
        var (count, least) = (0, at);
        for (; count < step.To && step.Set!.WidthAt(_text, at) is > 0 and var width; count++)
        {
            if (count == step.From)
                least = at;
            at += width;
            if (count == _longest)
            {
                _steps = Math.Max(_steps + count, _most);
                return true; // and the next step is one too many
            }
        }
        _steps += count;
        if (count > step.From && step.GivesBack)
            _frames[_top++] = new(step.Next, at, least);
        return count >= step.From;
    }

    private bool GoBack(int bottom, ref int now, ref int at)
    {
        if (_top == bottom)
            return false;
        ref var frame = ref _frames[_top - 1];
        if (frame.At > frame.Least)
            frame.At -= frame.At - frame.Least >= 2 && char.IsSurrogatePair(_text[frame.At - 2], _text[frame.At - 1]) ? 2 : 1;
        if (frame.At == frame.Least)
            _top--;
        (now, at) = (frame.Step, frame.At);
        return true;
    }
}
