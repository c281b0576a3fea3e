using Cognito.Eval.Tokenizers;

namespace Cognito.Eval.Protocols;

/// <summary>
/// A row ends on an id that ends text, or on a stop string that stands in the last tokens: two more than the string itself
/// encodes to. The answer is cut at each stop string in turn, empty ones passed over (protocol 9.3).
/// </summary>
/// <param name="EndOfText">Ids that end a row.</param>
/// <param name="EndOfTextText">The end-of-text token as text: one more stop string.</param>
internal sealed record LmEvalStop(
    VocabularyTokenizer Tokenizer, IReadOnlyList<string> Stops, IReadOnlyList<int> EndOfText, string? EndOfTextText) : AnswerRule
{
    /// <summary>How many tokens more are looked at than a stop string has, as a model may cut it otherwise.</summary>
    private const int Slack = 2;

    private readonly (string Text, int Tokens)[] _criteria =
    [
        .. (EndOfTextText is null || Stops.Contains(EndOfTextText) ? Stops : [.. Stops, EndOfTextText])
            .Select(stop => (stop, Tokenizer.EncodeToIds(stop).Count + Slack)),
    ];

    public override IReadOnlyList<string> Texts => [.. _criteria.Select(criterion => criterion.Text).Where(text => text.Length > 0)];

    public override bool IsDone(IReadOnlyList<int> generated) => generated.Count > 0 && EndOfText.Contains(generated[^1])
        || _criteria.Any(criterion => Tokenizer.Decode(generated.Skip(Math.Max(0, generated.Count - criterion.Tokens)), withSpecial: true)
            .Contains(criterion.Text, StringComparison.Ordinal));

    /// <summary>Each row is generated alone.</summary>
    public override IReadOnlyList<int[]> CutTogether(IReadOnlyList<int[]> rows) => rows;

    public override string Text(IReadOnlyList<int> generated, int dropped)
    {
        var text = Tokenizer.Decode(generated.Skip(dropped));
        foreach (var (stop, _) in _criteria)
            if (stop.Length > 0 && text.IndexOf(stop, StringComparison.Ordinal) is >= 0 and var at)
                text = text[..at];
        return text;
    }
}
