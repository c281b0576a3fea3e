using System.Numerics;

namespace Cognito.Eval.Tokenizers.Bpe;

/// <summary>What a pattern can do at a place of a text: which of its cells lead to a match from there.</summary>
internal sealed class PatternState : IEquatable<PatternState>
{
    private readonly ulong[] _leads, _takes;

    /// <param name="cells">Of the pattern.</param>
    public PatternState(int cells) => (_leads, _takes) = (new ulong[(cells + 63) / 64], new ulong[(cells + 63) / 64]);

    /// <summary>The first step of a match that begins here, choices behind it; below 0 if none does.</summary>
    public int Start { get; set; }

    /// <summary>The states before it, by the class of the character between; null where that is not noted.</summary>
    public PatternState?[] Before { get; set; } = [];

    /// <summary>Whether it was met twice, so that what comes before it is worth noting.</summary>
    public bool IsMetAgain { get; set; }

    public bool Leads(int cell) => (_leads[cell >> 6] >> cell & 1) != 0;

    /// <summary>Whether a run takes the character that is here.</summary>
    public bool Takes(int cell) => (_takes[cell >> 6] >> cell & 1) != 0;

    public void Set(int cell, bool leads, bool takes)
    {
        _leads[cell >> 6] |= (leads ? 1ul : 0) << cell;
        _takes[cell >> 6] |= (takes ? 1ul : 0) << cell;
    }

    public bool Equals(PatternState? other) => other is not null
        && _leads.AsSpan().SequenceEqual(other._leads) && _takes.AsSpan().SequenceEqual(other._takes);

    public override bool Equals(object? obj) => Equals(obj as PatternState);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var bits in _leads)
            hash.Add(bits);
        foreach (var bits in _takes)
            hash.Add(bits);
        return hash.ToHashCode();
    }
}

/// <summary>
/// The states of a pattern, from a text's end on. What a state and the character before it lead to is worked out once, in
/// as many steps as the pattern has cells, and noted. So a text of any kind costs a step or two for each character, and
/// never more than there are cells. Safe to use from several threads.
/// </summary>
internal sealed class PatternStates
{
    /// <summary>Noted states are forgotten when they have so many bytes; real patterns need a hundredth.</summary>
    private const int MostHeld = 4 << 20;

    private const int MostClasses = 255, Page = 256;

    private readonly Lock _lock = new();
    private readonly PatternProgram _program;
    private readonly CodePointSet[] _sets;
    private readonly Dictionary<string, byte> _classes = [];
    private readonly Dictionary<PatternState, PatternState> _states = [];

    /// <summary>Classes by code point; 0 where it is not known. Characters of one class are in the same sets.</summary>
    private readonly byte[]?[] _pages = new byte[0x110000 / Page][];

    private int _held;

    public PatternStates(PatternProgram program)
    {
        _program = program;
        _sets = [.. program.Steps.Select(step => step.Set).OfType<CodePointSet>().Distinct(), CodePointSet.Create('\n')];
        _pages[0] = Ascii;
        End = Of(null, -1);
    }

    /// <summary>Classes of the first characters; 0 where they are not known yet.</summary>
    public byte[] Ascii { get; } = new byte[Page];

    /// <summary>At a text's end.</summary>
    public PatternState End { get; private set; }

    /// <summary>The state before a code point that stands before a state.</summary>
    /// <param name="steps">Grows with what is done, where that is not noted.</param>
    public PatternState Before(PatternState after, int point, ref long steps)
    {
        var kind = _pages[point / Page] is { } page ? page[point % Page] : 0;
        var noted = after.Before;
        return (uint)kind < (uint)noted.Length && noted[kind] is { } before ? before : Note(after, point, ref steps);
    }

    private PatternState Note(PatternState after, int point, ref long steps)
    {
        lock (_lock)
        {
            var kind = ClassOf(point, ref steps);
            if (kind < after.Before.Length && after.Before[kind] is { } noted)
                return noted;
            steps += _program.Cells;
            var before = Shared(Of(after, point));
            // A state that is met once only, as in a pattern that counts, is not worth the room.
            if (kind > 0 && after.IsMetAgain)
                Connect(after, kind, before);
            after.IsMetAgain = true;
            return before;
        }
    }

    private void Connect(PatternState after, int kind, PatternState before)
    {
        if (kind >= after.Before.Length)
        {
            var wider = new PatternState?[Math.Max(8, (int)BitOperations.RoundUpToPowerOf2((uint)_classes.Count + 1))];
            after.Before.CopyTo(wider, 0);
            _held += 8 * wider.Length;
            after.Before = wider;
        }
        after.Before[kind] = before;
    }

    /// <summary>Equal states are one, as long as they are held.</summary>
    private PatternState Shared(PatternState state)
    {
        if (_states.TryGetValue(state, out var same))
            return same;
        if (_held > MostHeld)
        {
            _states.Clear();
            _held = 0;
            End = Of(null, -1); // the other one holds on to all that are forgotten
        }
        _held += 160 + _program.Cells / 4;
        _states.Add(state, state);
        return state;
    }

    private int ClassOf(int point, ref long steps)
    {
        var page = _pages[point / Page] ??= new byte[Page];
        if (page[point % Page] is not 0 and var known)
            return known;
        steps += _sets.Length;
        var key = string.Create(_sets.Length, (_sets, point), (key, of) =>
        {
            for (var i = 0; i < key.Length; i++)
                key[i] = of._sets[i].Contains(of.point) ? '1' : '0';
        });
        if (!_classes.TryGetValue(key, out var kind) && _classes.Count < MostClasses)
            _classes.Add(key, kind = (byte)(_classes.Count + 1));
        return page[point % Page] = kind;
    }

    /// <summary>The state before a code point, or at the end if there is none.</summary>
    private PatternState Of(PatternState? after, int point)
    {
        var state = new PatternState(_program.Cells);
        for (var number = 0; number < _program.Steps.Length; number++)
        {
            ref readonly var step = ref _program.Steps[number];
            var (next, isIn) = (state.Leads(_program.Steps[step.Next].Cell), after is not null && step.Set?.Contains(point) == true);
            if (step.Op == PatternOp.Run)
                AddRun(number, isIn, next, state, after);
            else
                state.Set(step.Cell, takes: false, leads: step.Op switch
                {
                    PatternOp.One => isIn && after!.Leads(_program.Steps[step.Next].Cell),
                    PatternOp.Split => next || state.Leads(_program.Steps[step.Other].Cell),
                    PatternOp.Ahead => state.Leads(_program.Steps[step.Other].Cell) == step.Holds && next,
                    PatternOp.LineEnd => (after is null || point == '\n') && next,
                    _ => true,
                });
        }
        state.Start = StartOf(state);
        return state;
    }

    private void AddRun(int number, bool isIn, bool next, PatternState state, PatternState? after)
    {
        ref readonly var step = ref _program.Steps[number];
        for (var count = 0; count < step.Cells; count++)
        {
            var one = isIn && after!.Leads(CellAfter(step, count));
            state.Set(step.Cell + count, one || (count >= step.From && next && (step.GivesBack || !isIn)),
                takes: step.GivesBack ? one : isIn);
        }
    }

    /// <summary>Where a run stands that took one more.</summary>
    private int CellAfter(in PatternStep run, int count) => count + 1 < run.Cells ? run.Cell + count + 1
        : run.To == int.MaxValue ? run.Cell + count : _program.Steps[run.Next].Cell;

    private int StartOf(PatternState state)
    {
        var at = _program.Start;
        if (!state.Leads(_program.Steps[at].Cell))
            return -1;
        while (_program.Steps[at] is { Op: PatternOp.Split } split)
            at = state.Leads(_program.Steps[split.Next].Cell) ? split.Next : split.Other;
        return at;
    }
}
