using Cognito.Eval.Templates;

namespace Cognito.Eval.Tasks;

/// <summary>What exact_match does not mind.</summary>
/// <param name="RegexesToIgnore">Their matches are removed, one pattern after the other; null for none given, which is not the same as an empty list.</param>
/// <param name="IgnorePunctuation">Of ASCII alone.</param>
/// <param name="IgnoreNumbers">The digits 0 to 9 alone.</param>
public sealed record ExactMatchOptions(
    IReadOnlyList<PythonRegex>? RegexesToIgnore = null, bool IgnoreCase = false, bool IgnorePunctuation = false, bool IgnoreNumbers = false)
{
    public static ExactMatchOptions None { get; } = new();
}

/// <summary>lm-evaluation-harness' exact_match, with what numpy's arrays of a fixed width do to texts.</summary>
public static class ExactMatch
{
    private const string Punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", Digits = "0123456789";

    /// <summary>The share of equal pairs.</summary>
    /// <exception cref="PythonRegexException">A pattern takes too long.</exception>
    public static double Score(IReadOnlyList<string> predictions, IReadOnlyList<string> references, ExactMatchOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(predictions.Count, references.Count);
        // An empty list of patterns leaves plain lists, which are compared whole.
        if (options is { RegexesToIgnore.Count: 0, IgnoreCase: false, IgnorePunctuation: false, IgnoreNumbers: false })
            return predictions.SequenceEqual(references) ? 1 : 0;
        var left = Prepared(predictions, options);
        var right = Prepared(references, options);
        return left.Zip(right).Count(pair => pair.First == pair.Second) / (double)left.Count;
    }

    private static IReadOnlyList<string> Prepared(IReadOnlyList<string> texts, ExactMatchOptions options)
    {
        var left = (options.RegexesToIgnore ?? []).Aggregate(texts, (at, pattern) => [.. AsArray(at).Select(text => pattern.Replace(text, ""))]);
        left = AsArray(left);
        if (options.IgnoreCase)
        {
            // An array's width does not grow: what lower case has more of is cut off.
            var width = Math.Max(1, left.Max(PythonText.Length));
            left = AsArray([.. left.Select(text => CodePoints.Slice(PythonText.Lower(text), null, width, 1))]);
        }
        if (options.IgnorePunctuation)
            left = AsArray(Without(left, Punctuation));
        return options.IgnoreNumbers ? AsArray(Without(left, Digits)) : left;
    }

    /// <summary>Final NULs are padding to numpy.</summary>
    private static IReadOnlyList<string> AsArray(IReadOnlyList<string> texts) => [.. texts.Select(text => text.TrimEnd('\0'))];

    private static IReadOnlyList<string> Without(IReadOnlyList<string> texts, string characters) =>
        [.. texts.Select(text => string.Concat(text.Where(c => !characters.Contains(c, StringComparison.Ordinal))))];
}
