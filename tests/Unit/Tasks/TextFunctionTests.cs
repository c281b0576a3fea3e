using System.Text.Json.Nodes;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Data;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;
using Cognito.Eval.Templates;

namespace Cognito.Eval.Tests;

/// <summary>The text functions of the tasks and of Python, against values that the reference printed.</summary>
public sealed class TextFunctionTests
{
    private static readonly Lazy<JsonNode> Cases =
        new(() => Golden.Json(Shared.Path("goldens", "harness", "text_functions.json")));

    private static IEnumerable<JsonArray> Of(string name)
    {
        var cases = Cases.Value[name]!.AsArray();
        Assert.NotEmpty(cases);
        return cases.Select(item => item!.AsArray());
    }

    private static string Text(JsonNode? node) => node!.GetValue<string>();

    [Fact]
    public void Gsm8k_finds_the_answers_the_reference_finds()
    {
        foreach (var item in Of("gsm8k_extract"))
            Assert.Equal(Text(item[1]), Gsm8k.Extract(Text(item[0])) ?? "[invalid]");
        foreach (var item in Of("gsm8k_is_correct"))
        {
            var row = new Row("", new Dictionary<string, object?> { ["question"] = "", ["answer"] = Text(item[1]) });
            var scores = LeaderboardV1.Rules.Grade(Gsm8k.Task, Gsm8k.Task.ToDoc(row), [new Completion(Text(item[0]))]);
            Assert.Equal(item[2]!.GetValue<bool>() ? 1.0 : 0.0, scores.Values[0]);
        }
    }

    [Fact]
    public void HellaSwag_is_cleaned_as_the_reference_cleans_it()
    {
        foreach (var item in Of("hellaswag_preprocess"))
            Assert.Equal(Text(item[1]), HellaSwag.Clean(Text(item[0])));
    }

    /// <summary>What Python's re.sub makes of <c>\[.*?\]</c>.</summary>
    [Theory]
    [InlineData("a [b] c", "a c")]
    [InlineData("[a [b] c]", " c]")]
    [InlineData("[ [ [", "[ [ [")]
    [InlineData("[a\n] [b]c[", "[a\n] c[")]
    [InlineData("[a\n[b]c", "[a\nc")]
    [InlineData("][]]", "]]")]
    [InlineData("[\r]a[\u2028]b", "ab")]
    [InlineData("", "")]
    public void HellaSwag_drops_from_a_bracket_to_the_first_that_closes_on_its_line(string text, string cleaned) =>
        Assert.Equal(cleaned, HellaSwag.Clean(text));

    /// <summary>What Python's str.capitalize makes of them.</summary>
    [Theory]
    [InlineData("aΣ", "Aς")]
    [InlineData("aΣb Σ ΑΣ", "Aσb σ ας")]
    [InlineData("a'Σ'b", "A'σ'b")]
    [InlineData("a'Σ'", "A'ς'")]
    [InlineData("x𝐀Σ", "X𝐀ς")]
    [InlineData("xΣ𝐀", "Xσ𝐀")]
    public void A_sigma_that_ends_a_word_is_final(string text, string capitalized) =>
        Assert.Equal(capitalized, PythonText.Capitalize(text));

    [Fact]
    public void Capitals_are_Pythons()
    {
        foreach (var item in Of("python_capitalize"))
            Assert.Equal(Text(item[1]), PythonText.Capitalize(Text(item[0])));
    }

    [Fact]
    public void White_space_is_Pythons()
    {
        var spaces = Cases.Value["python_isspace_codepoints"]!.AsArray().Select(c => c!.GetValue<int>());
        Assert.Equal(spaces, Enumerable.Range(0, 0x10000).Where(c => PythonText.IsSpace((char)c)));
        foreach (var item in Of("python_strip"))
        {
            Assert.Equal(Text(item[1]), PythonText.Strip(Text(item[0])));
            Assert.Equal(Text(item[2]), PythonText.TrimEnd(Text(item[0])));
        }
    }

    [Fact]
    public void Lengths_count_code_points()
    {
        foreach (var item in Of("python_len"))
            Assert.Equal(item[1]!.GetValue<int>(), PythonText.Length(Text(item[0])));
    }

    [Fact]
    public void Stops_keep_what_is_before_their_first_occurrence()
    {
        foreach (var item in Of("split_first"))
        {
            var stopping = new LeaderboardStop(new Toys.CharTokenizer(), [Text(item[1])], [0], null);
            Assert.Equal(Text(item[2]), stopping.Text([.. Text(item[0]).Select(c => (int)c)], 0));
        }
    }

    [Fact]
    public void Winogrande_fills_the_gap_as_the_reference_does()
    {
        foreach (var item in Cases.Value["winogrande"]!.AsArray())
        {
            var cells = item!["doc"]!.AsObject().ToDictionary(p => p.Key, p => (object?)Text(p.Value));
            var doc = (Cloze)Winogrande.Task.ToDoc(new Row("test", cells));
            Assert.Equal(Text(item["text"]), doc.Query);
            Assert.Equal(Text(item["target"]), doc.Target);
            Assert.Equal(item["partial"]!.AsArray().Select(Text), doc.Options.Select(option => doc.Before + option));
        }
        // The reference's own append_context, over these contexts.
        string[] contexts = ["", "x", "a\n\nb", "a\n\nb\n\nc", "a\n\n", "x\n\ny"];
        string[] expected = [.. Cases.Value["winogrande"]![0]!["append"]!.AsArray().Select(Text)];
        Assert.Equal(expected, contexts.Select(context => LeaderboardV1.PartialContext(context, "PART")));
    }
}
