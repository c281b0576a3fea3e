namespace Cognito.Eval.Tokenizers.Bpe;

/// <summary>What a step of a pattern asks of the text.</summary>
internal enum PatternOp : byte { Accept, One, Run, Split, Ahead, LineEnd }

/// <summary>A step of a pattern: what it asks of the text at a place, and the step that goes on if that is so.</summary>
internal readonly record struct PatternStep(PatternOp Op, int Next)
{
    /// <summary>Of One and Run.</summary>
    public CodePointSet? Set { get; init; }

    /// <summary>Of Run: the fewest and the most code points.</summary>
    public int From { get; init; }
    public int To { get; init; }

    /// <summary>Of Run: whether what follows may make it take fewer.</summary>
    public bool GivesBack { get; init; }

    /// <summary>Of Split: where to go on if the next step does not lead to a match. Of Ahead: what is looked for.</summary>
    public int Other { get; init; }

    /// <summary>Of Ahead: whether it is to be there.</summary>
    public bool Holds { get; init; }

    /// <summary>The first of its cells: one, or of Run one for each count of code points that must be told apart.</summary>
    public int Cell { get; init; }
    public int Cells { get; init; }

    /// <summary>The most places to go back to from here on.</summary>
    public int Frames { get; init; }

    /// <summary>The ASCII characters that what begins here can begin with, a bit each, and whether others can.</summary>
    public ulong Low { get; init; }
    public ulong High { get; init; }
    public bool Others { get; init; }

    public bool CanStart(char unit) => unit < 64 ? (Low >> unit & 1) != 0 : unit < 128 ? (High >> unit & 1) != 0 : Others;
}

/// <summary>
/// The steps of a pattern. Each goes on to steps of lower number alone, and in the end to 0, where a match is complete. So
/// every way through it ends, and what a step leads to at a place is known once that of the lower ones is.
/// </summary>
internal sealed class PatternProgram
{
    /// <summary>Cells beside the last step's: the longest real pattern has 80.</summary>
    public const int Most = 512;

    private readonly List<PatternStep> _steps =
        [new(PatternOp.Accept, 0) { Cells = 1, Low = ulong.MaxValue, High = ulong.MaxValue, Others = true }];

    /// <exception cref="FormatException">It is made of too much; the message says of what.</exception>
    public PatternProgram(PatternPart part)
    {
        Start = Add(part, 0);
        Steps = [.. _steps];
        Starts = [.. Enumerable.Range(0, 129).Select(unit => StartOf((char)unit))];
    }

    public PatternStep[] Steps { get; }

    /// <summary>The step that a match begins with.</summary>
    public int Start { get; }

    /// <summary>The same where the first character is known: none below 0. The last is for all that are not ASCII.</summary>
    public int[] Starts { get; }

    /// <summary>Of all steps.</summary>
    public int Cells { get; private set; } = 1;

    private int Add(PatternPart part, int next) => part switch
    {
        PatternPart.One { Set: var set } => Add(PatternOp.One, next, 1, set),
        PatternPart.Sequence { Parts: var parts } => parts.Reverse().Aggregate(next, (rest, one) => Add(one, rest)),
        PatternPart.Choice { Parts: var parts } =>
            parts.Reverse().Select(one => Add(one, next)).Aggregate((other, one) => Split(one, other)),
        PatternPart.Repeat { To: 0 } => next,
        PatternPart.Repeat { Set: var set } run =>
            Add(PatternOp.Run, next, run.To == int.MaxValue ? run.From + 1 : run.To, set, run),
        PatternPart.Perhaps { Body: var body } => Split(Add(body, next), next),
        PatternPart.Ahead ahead => Ahead(Add(ahead.Body, 0), next, ahead.Holds),
        PatternPart.LineEnd => Add(PatternOp.LineEnd, next, 1),
        _ => throw new ArgumentException("a part of a pattern that is not known", nameof(part)),
    };

    private int Add(PatternOp op, int next, int cells, CodePointSet? set = null, PatternPart.Repeat? run = null)
    {
        var (then, own) = (_steps[next], set?.Ascii ?? default);
        var passes = set is null || run?.From == 0;
        return Add(new(op, next)
        {
            Set = set,
            From = run?.From ?? 1,
            To = run?.To ?? 1,
            GivesBack = run?.GivesBack ?? false,
            Cells = cells,
            Frames = then.Frames + (run is { GivesBack: true } ? 1 : 0),
            Low = own.Low | (passes ? then.Low : 0),
            High = own.High | (passes ? then.High : 0),
            Others = set?.HasOthers == true || (passes && then.Others),
        });
    }

    private int Split(int one, int other)
    {
        var (first, second) = (_steps[one], _steps[other]);
        return Add(new(PatternOp.Split, one)
        {
            Other = other,
            Cells = 1,
            Frames = Math.Max(first.Frames + 1, second.Frames),
            Low = first.Low | second.Low,
            High = first.High | second.High,
            Others = first.Others || second.Others,
        });
    }

    /// <summary>It begins with what the next step begins with, for it takes nothing.</summary>
    private int Ahead(int body, int next, bool holds) => Add(_steps[next] with
    {
        Op = PatternOp.Ahead,
        Next = next,
        Set = null,
        Other = body,
        Holds = holds,
        Cells = 1,
        Frames = Math.Max(_steps[body].Frames, _steps[next].Frames),
    });

    private int Add(PatternStep step)
    {
        if (Cells - 1 + step.Cells > Most)
            throw new FormatException($"more than {Most:N0} parts, counted as often as each is repeated");
        _steps.Add(step with { Cell = Cells });
        Cells += step.Cells;
        return _steps.Count - 1;
    }

    private int StartOf(char unit)
    {
        var at = Start;
        while (Steps[at] is { Op: PatternOp.Split } split && !Steps[split.Next].CanStart(unit))
            at = split.Other;
        return Steps[at].CanStart(unit) ? at : -1;
    }
}
