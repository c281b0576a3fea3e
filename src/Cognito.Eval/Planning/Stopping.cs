using Cognito.Eval.Tokenizers;

namespace Cognito.Eval.Planning;

/// <summary>
/// When a generated answer ends, and what of it counts (protocol 5.5). The reference looks for each stop string in the
/// last tokens only, as many as the string itself encodes to, and cuts the text at all of them afterwards.
/// </summary>
/// <param name="endOfText">Ids that end a row.</param>
/// <param name="endOfTextText">The end-of-text token as text: one more stop string.</param>
public sealed class Stopping(
    VocabularyTokenizer tokenizer, IReadOnlyList<string> stops, IReadOnlyList<int> endOfText, string? endOfTextText)
{
    private readonly (string Text, int Tokens)[] criteria =
    [
        .. (endOfTextText is null ? stops : [.. stops, endOfTextText])
            .Select(stop => (stop, tokenizer.EncodeToIds(stop).Count)),
    ];

    /// <summary>Whether the last of these tokens ends the row.</summary>
    public bool IsDone(IReadOnlyList<int> generated) =>
        EndsText(generated) || Enumerable.Range(0, criteria.Length).Any(c => Fires(c, generated));

    private bool EndsText(IReadOnlyList<int> generated) => generated.Count > 0 && endOfText.Contains(generated[^1]);

    private bool Fires(int criterion, IReadOnlyList<int> generated)
    {
        var (stop, count) = criteria[criterion];
        var tail = generated.Skip(Math.Max(0, generated.Count - count));
        return WithSpecial(tail).Contains(stop, StringComparison.Ordinal);
    }

    /// <summary>The reference looks for stop strings in text that spells out special tokens.</summary>
    private string WithSpecial(IEnumerable<int> ids) => tokenizer.Decode(ids, withSpecial: true);

    /// <summary>
    /// Cuts rows that the reference generates together: all go on until every one has ended, or one stop string has
    /// been seen in every one.
    /// </summary>
    public IReadOnlyList<int[]> CutTogether(IReadOnlyList<int[]> rows)
    {
        var seen = new bool[rows.Count, criteria.Length];
        for (var length = 1; length <= rows.Max(row => row.Length); length++)
        {
            for (var r = 0; r < rows.Count; r++)
                for (var c = 0; c < criteria.Length; c++)
                    seen[r, c] |= Fires(c, rows[r][..Math.Min(length, rows[r].Length)]);
            var all = Enumerable.Range(0, criteria.Length)
                .Any(c => Enumerable.Range(0, rows.Count).All(r => seen[r, c]));
            if (all)
                return [.. rows.Select(row => row[..Math.Min(length, row.Length)])];
        }
        return rows;
    }

    /// <summary>The text of the tokens that count, cut at each stop string in turn.</summary>
    /// <param name="dropped">Tokens that the reference throws away: as many as it cut from the prompt.</param>
    public string Text(IReadOnlyList<int> generated, int dropped)
    {
        var text = tokenizer.Decode(generated.Skip(dropped).Where(id => !endOfText.Contains(id)));
        foreach (var (stop, _) in criteria)
            if (text.IndexOf(stop, StringComparison.Ordinal) is >= 0 and var at)
                text = text[..at];
        return text;
    }
}
