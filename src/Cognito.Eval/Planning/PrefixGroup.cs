namespace Cognito.Eval.Planning;

/// <summary>A tree before its shared prefix is known: distinct spans of a document that begin alike.</summary>
internal sealed class PrefixGroup
{
    private readonly TokenInput[] _inputs;
    private readonly int _shared;

    /// <summary>Shared tokens before the first scored position, which a shared prefix must not reach.</summary>
    private readonly int _unscored;

    private PrefixGroup(string group, int[] spans, TokenInput[] inputs)
    {
        (Group, Spans, _inputs) = (group, spans, inputs);
        _shared = inputs.Min(input => inputs[0].CommonPrefix(input));
        _unscored = Math.Min(_shared, inputs.Min(input => input.Length - input.Span.Continuation.Length));
        Whole = _shared + inputs.Sum(input => input.Length - _shared);
    }

    public string Group { get; }

    /// <summary>Their places among the distinct spans.</summary>
    public IReadOnlyList<int> Spans { get; }

    public SharedPrefix? SharedPrefix { get; private set; }

    /// <summary>Its tokens, what the spans share counted once.</summary>
    public int Whole { get; }

    /// <summary>Those that are computed with it, not with its shared prefix.</summary>
    public int Tokens => Whole - (SharedPrefix?.Tokens.Length ?? 0);

    /// <summary>
    /// Each document's spans that no document before it has. Those that lost tokens begin elsewhere, so they stand apart,
    /// by what they lost.
    /// </summary>
    public static List<PrefixGroup> Create(
        IReadOnlyList<IReadOnlyList<TokenSpan>> documents, IReadOnlyList<string> groups, int[] of,
        IReadOnlyList<TokenSpan> distinct, int maxLength)
    {
        var found = new List<PrefixGroup>();
        var asked = new bool[distinct.Count];
        var next = 0;
        for (var d = 0; d < documents.Count; d++)
        {
            var fresh = new List<int>();
            for (var i = 0; i < documents[d].Count; i++, next++)
                if (!asked[of[next]])
                {
                    asked[of[next]] = true;
                    fresh.Add(of[next]);
                }
            foreach (var alike in fresh.GroupBy(span => distinct[span].Input(maxLength).Start))
                found.Add(new(groups[d], [.. alike], [.. alike.Select(span => distinct[span].Input(maxLength))]));
        }
        return found;
    }

    /// <summary>Itself if its spans share enough, otherwise each of them alone.</summary>
    public IEnumerable<PrefixGroup> Shared() => _shared >= SharedPrefix.LeastTokens ? [this] : Alone();

    public IEnumerable<PrefixGroup> Alone() => Spans.Select((span, i) => new PrefixGroup(Group, [span], [_inputs[i]]));

    /// <summary>
    /// Gives a task's trees the beginning that most of them have in common as their shared prefix. Those that begin otherwise
    /// go without; a rarer beginning is not worth a launch of its own.
    /// </summary>
    public static void AssignSharedPrefix(IEnumerable<PrefixGroup> task)
    {
        var (length, carriers) = CommonBeginning(task);
        if (length < SharedPrefix.LeastTokens || carriers.Count < 2)
            return;
        var sharedPrefix = new SharedPrefix(carriers[0]._inputs[0].Slice(0, length));
        foreach (var tree in carriers)
            tree.SharedPrefix = sharedPrefix;
    }

    /// <summary>
    /// What more than half of a task's trees begin with, of the length that saves most tokens, and these trees. Truncated
    /// prompts have lost their beginning and do not count.
    /// </summary>
    public static (int Length, IReadOnlyList<PrefixGroup> Carriers) CommonBeginning(IEnumerable<PrefixGroup> task)
    {
        var trees = task.Where(tree => tree._inputs[0].Start == 0).ToList();
        if (trees.Count == 0)
            return (0, []);
        // In the order of their tokens they lie side by side, so the tree in the middle is one of them.
        var middle = trees.Select(tree => tree._inputs[0]).Order().ElementAt(trees.Count / 2);
        var carriers = trees
            .Select(tree => (Tree: tree, Length: Math.Min(tree._unscored, middle.CommonPrefix(tree._inputs[0]))))
            .OrderByDescending(carrier => carrier.Length).ToList();
        var half = trees.Count / 2;
        var count = Enumerable.Range(half + 1, trees.Count - half).MaxBy(n => (n - 1L) * carriers[n - 1].Length);
        return (carriers[count - 1].Length, [.. carriers.Take(count).Select(carrier => carrier.Tree)]);
    }

    public PrefixTree Tree()
    {
        var from = SharedPrefix?.Tokens.Length ?? 0;
        var context = _inputs.Length == 1 ? from : _shared;
        return new(
            SharedPrefix, _inputs[0].Slice(from, context),
            [.. _inputs.Select(input => new Continuation(input.Slice(context, input.Length), input.Span.Continuation))]);
    }
}
