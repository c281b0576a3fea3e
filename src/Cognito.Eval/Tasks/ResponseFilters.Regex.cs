using System.Globalization;
using System.Text;
using Cognito.Eval.Templates;

namespace Cognito.Eval.Tasks;

/// <summary>The filter regex: one of a pattern's matches, else a fallback.</summary>
internal sealed record RegexFilter(string Filter, PythonRegex Pattern, int Group, object? Fallback)
{
    public static RegexFilter Of(FilterOptions options) => new(
        options.Filter,
        options.Pattern(options.Text("regex_pattern", @"#### (\-?[0-9\.\,]+)")),
        options.Count("group_select", 0),
        options.Value("fallback", "[invalid]"));

    public object? Apply(object? response)
    {
        if (Found(Pattern, response) is not { } found)
            return Fallback;
        if (found is not PythonTuple groups)
            return PythonText.Strip((string)found);
        return groups.FirstOrDefault(group => group is string { Length: > 0 }) is string first ? PythonText.Strip(first)
            : Fallback is string fallback ? PythonText.Strip(fallback)
            : throw ResponseFilter.Error("AttributeError", Filter, "its fallback is no text");
    }

    /// <summary>The chosen match; null where there is none.</summary>
    public object? Found(PythonRegex pattern, object? response)
    {
        var all = pattern.FindAll(response as string ?? "");
        var at = Group < 0 ? Group + all.Count : Group;
        return all.Count == 0 ? null
            : at >= 0 && at < all.Count ? all[at]
            : throw ResponseFilter.Error("IndexError", Filter, $"it takes match {Group}, and an answer has {all.Count}");
    }
}

/// <content>The filter multi_choice_regex: a pattern, else the text of a choice, else a letter after a colon.</content>
public sealed partial class ResponseFilter
{
    private static ResponseFilter MultiChoice(FilterOptions options)
    {
        var regex = RegexFilter.Of(options);
        var (ignoresCase, ignoresPunctuation) = (options.IsTrue("ignore_case"), options.IsTrue("ignore_punctuation"));
        PythonRegex[] ignored = options.Value("regexes_to_ignore", null) switch
        {
            null => [],
            IReadOnlyList<object?> list => [.. list.Select(pattern => options.Pattern(Text(options.Filter, pattern)))],
            _ => throw Error("TypeError", options.Filter, "'regexes_to_ignore' takes a list of patterns"),
        };
        string Reduced(string text)
        {
            var left = ignored.Aggregate(text, (at, pattern) => pattern.Replace(at, ""));
            left = ignoresCase ? PythonText.Lower(left) : left;
            return ignoresPunctuation ? string.Concat(left.EnumerateRunes().Where(rune => !IsPunctuation(rune)).Select(rune => rune.ToString())) : left;
        }
        return new(options.Filter, (responses, doc) =>
        {
            var choices = Choices(options.Filter, doc).Select(choice => Reduced(PythonText.Strip(choice))).ToArray();
            var letters = choices.Select((_, i) => ((char)('A' + i)).ToString()).ToArray();
            var byText = new Dictionary<string, string>();
            foreach (var (i, choice) in choices.Index())
                byText[choice] = $"({letters[i]})";
            var ofChoices = PythonRegex.Parse(string.Join('|', choices.Select(PythonRegex.Escape)));
            var ofLetters = PythonRegex.Parse($@":[\s]*({string.Join('|', letters.Select(PythonRegex.Escape))})");
            return responses.Select(response => Match(regex, regex.Pattern, response, [])
                ?? Match(regex, ofChoices, Reduced(Text(options.Filter, response)), byText)
                ?? Match(regex, ofLetters, response, letters.ToDictionary(letter => letter, letter => $"({letter})"))
                ?? regex.Fallback).ToList();
        });
    }

    private static IEnumerable<string> Choices(string filter, IReadOnlyDictionary<string, object?> doc) =>
        !doc.TryGetValue("choices", out var choices) ? throw Error("KeyError", filter, "the row has no column 'choices'")
        : choices is IReadOnlyList<object?> list && list.All(choice => choice is string) ? list.Cast<string>()
        : throw Error("AttributeError", filter, "the row's 'choices' is no list of texts");

    /// <summary>What a pattern finds, by a table where that has it; null for nothing or an empty text.</summary>
    private static string? Match(RegexFilter regex, PythonRegex pattern, object? response, Dictionary<string, string> table)
    {
        var found = regex.Found(pattern, response) switch
        {
            PythonTuple groups => groups.FirstOrDefault(group => group is string { Length: > 0 }) as string,
            var text => text as string,
        };
        var stripped = found is null ? "" : PythonText.Strip(found);
        return stripped.Length == 0 ? null : table.GetValueOrDefault(stripped, stripped);
    }

    private static bool IsPunctuation(Rune rune) => PythonUnicode.Category(rune) is UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation
        or UnicodeCategory.OpenPunctuation or UnicodeCategory.ClosePunctuation or UnicodeCategory.InitialQuotePunctuation
        or UnicodeCategory.FinalQuotePunctuation or UnicodeCategory.OtherPunctuation;
}
