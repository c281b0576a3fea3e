namespace Cognito.Eval.Protocols;

/// <summary>What two protocols, or two ways of asking by one, may differ in; each moves a score of its own (docs/protocols.md 10).</summary>
internal enum ProtocolRule
{
    /// <summary>How many of a split's documents are asked.</summary>
    Limit,

    /// <summary>Which documents come first: with a limit which are asked, and whose examples are drawn when.</summary>
    Order,

    /// <summary>How many examples a prompt shows.</summary>
    Shots,

    /// <summary>Which examples are drawn.</summary>
    Draws,

    /// <summary>The prompt's text from a document and its examples.</summary>
    Questions,

    /// <summary>Which version of transformers reads the tokenizer's files.</summary>
    Tokenizer,

    /// <summary>What stands before a text in tokens, and for an empty one.</summary>
    Beginnings,

    /// <summary>Whether requests of equal tokens get one answer.</summary>
    Merging,

    /// <summary>When a generated answer ends, and what of it counts.</summary>
    Answers,

    /// <summary>From replies to a document's scores.</summary>
    Metric,

    /// <summary>From tasks to a column.</summary>
    Mean,

    /// <summary>Most tokens of a prompt.</summary>
    Length,

    /// <summary>The types that are computed in.</summary>
    Rounding,
}
