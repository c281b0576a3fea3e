namespace Cognito.Eval;

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
}

/// <summary>
/// The steps of a pattern. Each goes on to steps of lower number alone, the last of all to 0, where a match is complete:
/// so every way through it ends, and what a step leads to at a place is known once the lower ones are.
/// </summary>
internal sealed class PatternProgram
{
    /// <summary>Cells beside the last step's: the longest real pattern has 80.</summary>
    public const int Most = 512;

    private readonly List<PatternStep> _steps = [new(PatternOp.Accept, 0) { Cells = 1 }];

    /// <exception cref="FormatException">It is made of too much; the message says of what.</exception>
    public PatternProgram(PatternPart part)
    {
        Start = Add(part, 0);
        Steps = [.. _steps];
    }

    public PatternStep[] Steps { get; }

    /// <summary>The step that a match begins with.</summary>
    public int Start { get; }

    /// <summary>Of all steps.</summary>
    public int Cells { get; private set; } = 1;

    private int Add(PatternPart part, int next) => part switch
    {
        PatternPart.One { Set: var set } => Add(new(PatternOp.One, next) { Set = set, Cells = 1 }),
        PatternPart.Sequence { Parts: var parts } => parts.Reverse().Aggregate(next, (rest, one) => Add(one, rest)),
        PatternPart.Choice { Parts: var parts } =>
            parts.Reverse().Select(one => Add(one, next)).Aggregate((other, one) => Split(one, other)),
        PatternPart.Repeat { To: 0 } => next,
        PatternPart.Repeat { Set: var set } run => Add(new(PatternOp.Run, next)
        {
            Set = set,
            From = run.From,
            To = run.To,
            GivesBack = run.GivesBack,
            Cells = run.To == int.MaxValue ? run.From + 1 : run.To,
        }),
        PatternPart.Perhaps { Body: var body } => Split(Add(body, next), next),
        PatternPart.Ahead { Body: var body, Holds: var holds } =>
            Add(new(PatternOp.Ahead, next) { Other = Add(body, 0), Holds = holds, Cells = 1 }),
        PatternPart.LineEnd => Add(new(PatternOp.LineEnd, next) { Cells = 1 }),
        _ => throw new ArgumentException("a part of a pattern that is not known", nameof(part)),
    };

    private int Split(int one, int other) => Add(new(PatternOp.Split, one) { Other = other, Cells = 1 });

    private int Add(PatternStep step)
    {
        if (Cells - 1 + step.Cells > Most)
            throw new FormatException($"more than {Most:N0} parts, counted as often as each is repeated");
        _steps.Add(step with { Cell = Cells });
        Cells += step.Cells;
        return _steps.Count - 1;
    }
}
