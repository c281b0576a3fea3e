using Cognito.Eval.Tokenizers;

namespace Cognito.Eval.Protocols;

/// <summary>
/// A row ends on an id that ends text, or on a stop string; and what of its text counts (protocol 5.5). The reference looks
/// for each stop string in the last tokens only, as many as the string itself encodes to, and cuts the text at all of them
/// afterwards.
/// </summary>
/// <param name="EndOfText">Ids that end a row.</param>
/// <param name="EndOfTextText">The end-of-text token as text: one more stop string.</param>
internal sealed record LeaderboardStop(
    VocabularyTokenizer Tokenizer, IReadOnlyList<string> Stops, IReadOnlyList<int> EndOfText, string? EndOfTextText) : AnswerRule
{
    private readonly (string Text, int Tokens)[] _criteria =
    [
        .. (EndOfTextText is null ? Stops : [.. Stops, EndOfTextText])
            .Select(stop => (stop, Tokenizer.EncodeToIds(stop).Count)),
    ];

    public override IReadOnlyList<string> Texts => [.. _criteria.Select(criterion => criterion.Text).Where(text => text.Length > 0)];

    public override bool IsDone(IReadOnlyList<int> generated) =>
        EndsText(generated) || Enumerable.Range(0, _criteria.Length).Any(c => Fires(c, generated));

    private bool EndsText(IReadOnlyList<int> generated) => generated.Count > 0 && EndOfText.Contains(generated[^1]);

    private bool Fires(int criterion, IReadOnlyList<int> generated)
    {
        var (stop, count) = _criteria[criterion];
        var tail = generated.Skip(Math.Max(0, generated.Count - count));
        return WithSpecial(tail).Contains(stop, StringComparison.Ordinal);
    }

    /// <summary>The reference looks for stop strings in text that spells out special tokens.</summary>
    private string WithSpecial(IEnumerable<int> ids) => Tokenizer.Decode(ids, withSpecial: true);

    /// <summary>
    /// Cuts rows that the reference generates together: all go on until every one has ended, or one stop string has
    /// been seen in every one.
    /// </summary>
    public override IReadOnlyList<int[]> CutTogether(IReadOnlyList<int[]> rows)
    {
        var seen = new bool[rows.Count, _criteria.Length];
        for (var length = 1; length <= rows.Max(row => row.Length); length++)
        {
            for (var r = 0; r < rows.Count; r++)
                for (var c = 0; c < _criteria.Length; c++)
                    seen[r, c] |= Fires(c, rows[r][..Math.Min(length, rows[r].Length)]);
            var all = Enumerable.Range(0, _criteria.Length)
                .Any(c => Enumerable.Range(0, rows.Count).All(r => seen[r, c]));
            if (all)
                return [.. rows.Select(row => row[..Math.Min(length, row.Length)])];
        }
        return rows;
    }

    /// <summary>The text of the tokens that count, cut at each stop string in turn.</summary>
    /// <param name="dropped">Tokens that the reference throws away: as many as it cut from the prompt.</param>
    public override string Text(IReadOnlyList<int> generated, int dropped)
    {
        var text = Tokenizer.Decode(generated.Skip(dropped).Where(id => !EndOfText.Contains(id)));
        foreach (var (stop, _) in _criteria)
            if (text.IndexOf(stop, StringComparison.Ordinal) is >= 0 and var at)
                text = text[..at];
        return text;
    }
}
