namespace Cognito.Eval.Tokenizers.Bpe;

/// <summary>What becomes of what a pattern finds; the names are tokenizer.json's.</summary>
internal enum CutBehavior { Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous }

/// <summary>Cuts a text where a pattern is found.</summary>
internal sealed record TextCut(string Pattern, CodePointRegex Regex, CutBehavior Behavior, bool Inverts)
{
    /// <summary>Adds the parts of a part of a text; none is empty.</summary>
    public void Add(ReadOnlySpan<char> text, Range part, List<Range> parts)
    {
        var (from, length) = part.GetOffsetAndLength(text.Length);
        var here = text.Slice(from, length);
        var (at, before, wasFound) = (0, parts.Count, false);
        var matches = Regex.In(here);
        while (at < length)
        {
            var there = matches.MoveNext();
            var (start, end) = there ? (matches.Start, matches.End) : (length, length);
            if (start > at)
                Add(from + at, from + start, Inverts, ref wasFound, before, parts);
            if (there)
                Add(from + start, from + end, !Inverts, ref wasFound, before, parts);
            at = end;
        }
    }

    private void Add(int start, int end, bool isFound, ref bool wasFound, int first, List<Range> parts)
    {
        var joins = parts.Count > first && Behavior switch
        {
            CutBehavior.MergedWithPrevious => isFound && !wasFound,
            CutBehavior.MergedWithNext => !isFound && wasFound,
            CutBehavior.Contiguous => isFound == wasFound,
            _ => false,
        };
        wasFound = isFound;
        if (joins)
            parts[^1] = parts[^1].Start..end;
        else if (Behavior != CutBehavior.Removed || !isFound)
            parts.Add(start..end);
    }
}
