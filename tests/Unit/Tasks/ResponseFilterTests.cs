using System.Text.Json;
using Cognito.Eval.Tasks;
using Cognito.Eval.Templates;

namespace Cognito.Eval.Tests;

/// <summary>Filters of answers and exact_match, against what lm-evaluation-harness itself answered.</summary>
public sealed class ResponseFilterTests
{
    private static readonly Dictionary<string, object?> NoOptions = [];

    private static ResponseFilter Filter(string name, params (string Name, object? Value)[] options) =>
        ResponseFilter.Create(name, options.ToDictionary(option => option.Name, option => option.Value));

    private static object? Apply(ResponseFilter filter, params object?[] responses) => filter.Apply(responses, NoOptions);

    private static string Kind(Action action) => Assert.Throws<ResponseFilterException>(action).Kind;

    [Fact]
    public void Each_answer_is_filtered_as_the_reference_filters_it()
    {
        foreach (var row in Tables.Rows("filters"))
        {
            var filter = ResponseFilter.Create(row.Text("filter")!, Tables.Variables(row.GetProperty("options")));
            if (row.Text("error") is { } error)
                Assert.StartsWith(Kind(() => Apply(filter, row.Text("response"))), error, StringComparison.Ordinal);
            else
                Assert.Equal((row.GetRawText(), row.Text("result")), (row.GetRawText(), Assert.Single((IReadOnlyList<object?>)Apply(filter, row.Text("response"))!)));
        }
    }

    [Fact]
    public void Exact_match_is_the_reference_s_with_each_option()
    {
        foreach (var row in Tables.Rows("exact_match"))
        {
            var options = row.GetProperty("options");
            bool Is(string name) => options.TryGetProperty(name, out var value) && value.GetBoolean();
            PythonRegex[]? patterns = options.TryGetProperty("regexes_to_ignore", out var list) ? [.. list.EnumerateArray().Select(pattern => PythonRegex.Parse(pattern.GetString()!))] : null;
            var score = ExactMatch.Score([row.Text("prediction")!], [row.Text("reference")!],
                new(patterns, Is("ignore_case"), Is("ignore_punctuation"), Is("ignore_numbers")));
            Assert.Equal((row.GetRawText(), row.GetProperty("exact_match").GetDouble()), (row.GetRawText(), score));
        }
    }

    /// <summary>An array is as wide as its longest text, so that a reference beside a longer one keeps what lower case adds.</summary>
    [Fact]
    public void Several_references_are_as_wide_as_the_longest()
    {
        var ignoringCase = ExactMatchOptions.None with { IgnoreCase = true };
        Assert.Equal(0.5, ExactMatch.Score(["i\u0307pek", "i\u0307pek"], ["İpek", "Istanbul"], ignoringCase));
        Assert.Equal(0, ExactMatch.Score(["i\u0307pek", "i\u0307pek"], ["İpek", "Rome"], ignoringCase));
    }

    [Fact]
    public void Votes_and_shares_go_by_the_order_of_answers()
    {
        Assert.Equal(["a"], (IReadOnlyList<object?>)Apply(Filter("majority_vote"), "a", "b", "c", "b", "a")!);
        Assert.Equal(["b"], (IReadOnlyList<object?>)Apply(Filter("majority_vote"), "a", "b", "c", "b")!);
        Assert.Equal(["a", "b"], (IReadOnlyList<object?>)Apply(Filter("take_first_k", ("k", 2L)), "a", "b", "c")!);
        Assert.Equal("a", Apply(Filter("take_first"), "a", "b"));
        Assert.Equal("AssertionError", Kind(() => Apply(Filter("take_first_k", ("k", 4L)), "a", "b", "c")));
        Assert.Equal("IndexError", Kind(() => Apply(Filter("take_first"))));
    }

    /// <summary>After take_first a text is gone through by its characters, as files of the harness rely on.</summary>
    [Fact]
    public void A_filter_after_take_first_sees_characters()
    {
        var mapping = new Dictionary<string, object?> { ["A"] = "1", ["["] = "0" };
        var pipeline = new ResponsePipeline("x", [Filter("regex", ("regex_pattern", "[A-D]+")), Filter("take_first"), Filter("map", ("mapping_dict", mapping)), Filter("take_first")]);
        Assert.Equal("1", pipeline.Apply(["the AB", "C"], NoOptions));
        Assert.Equal("0", pipeline.Apply(["none"], NoOptions));
        Assert.Equal("TypeError", Kind(() => pipeline.Filters[0].Apply(7L, NoOptions)));
        Assert.True(pipeline.EndsInOne);
    }

    [Fact]
    public void A_choice_is_found_by_pattern_by_text_or_by_letter()
    {
        var doc = new Dictionary<string, object?> { ["choices"] = new List<object?> { "Red fox", " blue. ", "C++" } };
        var filter = Filter("multi_choice_regex", ("regex_pattern", @"\(([A-Z])\)"), ("ignore_case", true), ("ignore_punctuation", true), ("regexes_to_ignore", new List<object?> { "fox" }));
        var answers = (IReadOnlyList<object?>)filter.Apply(new List<object?> { "It is (B)", "I say: RED one", "Blue", "answer: C", "none" }, doc)!;
        Assert.Equal(["B", "red", "(B)", "(C)", "[invalid]"], answers);
        Assert.Equal("KeyError", Kind(() => Apply(filter, "x")));
    }

    [Fact]
    public void What_is_not_known_is_refused_where_a_filter_is_made()
    {
        Assert.Equal("KeyError", Kind(() => Filter("lower")));
        Assert.Equal("TypeError", Kind(() => Filter("lowercase", ("k", 1L))));
        Assert.Equal("KeyError", Kind(() => Filter("take_first_k")));
        Assert.Equal("error", Kind(() => Filter("regex", ("regex_pattern", "("))));
        Assert.Equal("unsupported", Kind(() => Filter("format_span")));
    }
}
