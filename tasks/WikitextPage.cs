using System.Text.RegularExpressions;

namespace Cognito.Eval.Benchmarks;

/// <summary>A page of WikiText as running text (Merity et al. 2016, arXiv:1609.07843): its tokens' spaces and marks taken back.</summary>
internal static partial class WikitextPage
{
    // Python's white space: .NET's, and four separators of information.
    private const string Space = @"[\s\x1c-\x1f]";

    /// <summary>As lm-evaluation-harness 0.4 writes it, step by step in its order; some steps do less than they were meant to.</summary>
    public static string Detokenize(string page)
    {
        page = page.Replace("s '", "s'", StringComparison.Ordinal);
        // Meant as a pattern between slashes; the slashes became part of it, and the replacement is these very characters.
        page = Regex.Replace(page, "/' [0-9]/", "/'[0-9]/", RegexOptions.CultureInvariant);
        foreach (var mark in "-,.")
            page = page.Replace($" @{mark}@ ", $"{mark}", StringComparison.Ordinal);
        foreach (var mark in ":;.!?,")
            page = page.Replace($" {mark} ", $"{mark} ", StringComparison.Ordinal);
        page = Round().Replace(page, "($1)");
        page = Square().Replace(page, "[$1]");
        page = Curly().Replace(page, "{$1}");
        page = Quoted().Replace(page, "\"$1\"");
        page = Single().Replace(page, "'$1'");
        foreach (var (tokens, text) in Marks)
            page = page.Replace(tokens, text, StringComparison.Ordinal);
        return page;
    }

    /// <summary>Words of the page as it is stored, counted as Python's <c>re.split</c> at white space counts: what is before and after it too, be it empty.</summary>
    public static int Words(string page) => Spaces().Count(page) + 1;

    private static readonly (string Tokens, string Text)[] Marks =
    [
        ("= = = =", "===="), ("= = =", "==="), ("= =", "=="), (" ° ", "°"), (" \n", "\n"), ("\n ", "\n"), (" N ", " 1 "), (" 's", "'s"),
    ];

    [GeneratedRegex($@"\({Space}*([^)]*?){Space}*\)", RegexOptions.CultureInvariant)]
    private static partial Regex Round();

    [GeneratedRegex($@"\[{Space}*([^\]]*?){Space}*\]", RegexOptions.CultureInvariant)]
    private static partial Regex Square();

    [GeneratedRegex($@"\{{{Space}*([^}}]*?){Space}*\}}", RegexOptions.CultureInvariant)]
    private static partial Regex Curly();

    [GeneratedRegex($"\"{Space}*([^\"]*?){Space}*\"", RegexOptions.CultureInvariant)]
    private static partial Regex Quoted();

    [GeneratedRegex($"'{Space}*([^']*?){Space}*'", RegexOptions.CultureInvariant)]
    private static partial Regex Single();

    [GeneratedRegex($"{Space}+", RegexOptions.CultureInvariant)]
    private static partial Regex Spaces();
}
