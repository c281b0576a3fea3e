using System.Text.Json;
using Cognito.Eval.Files;
using Cognito.Eval.Templates;

namespace Cognito.Eval.Tests;

/// <summary>YAML against PyYAML's reading of it, lines, and what is refused.</summary>
public sealed class YamlFileTests
{
    private static YamlMapping Read(string text) => Assert.IsType<YamlMapping>(YamlFile.Parse(text, "x.yaml"));

    private static string Error(string text) => Assert.Throws<InputException>(() => YamlFile.Parse(text, "x.yaml")).Message;

    public static TheoryData<string> Scalars => [.. Tables.Rows("yaml_scalars").Select(row => row.Text("yaml")!)];

    [Theory, MemberData(nameof(Scalars))]
    public void A_value_is_that_of_PyYAML(string yaml)
    {
        var expected = Tables.Rows("yaml_scalars").First(row => row.Text("yaml") == yaml);
        var text = $"k: {yaml}\n";
        if (expected.Text("error") is not null)
        {
            Assert.StartsWith("x.yaml, line 1: ", Error(text), StringComparison.Ordinal);
            return;
        }
        var value = Read(text).Find("k");
        switch (value)
        {
            case YamlFunction function: Assert.Equal(expected.Text("value"), function.Name); break;
            case YamlScalar { Value: YamlDate date }: Assert.Equal((expected.Text("value"), true), (date.Text, expected.Text("type")!.StartsWith("date", StringComparison.Ordinal))); break;
            case YamlScalar { Value: double number } when !double.IsFinite(number): Assert.Equal(expected.Text("value"), PythonValue.Str(number)); break;
            default: Assert.Equal(Tables.Value(expected.GetProperty("value")), value!.ToValue("x.yaml")); break;
        }
    }

    [Fact]
    public void Keys_and_values_have_their_lines_and_equal_keys_are_seen()
    {
        var root = Read("task: a\nlist:\n  - x\n  - y: 1\ntask: b\n");
        Assert.Equal([1, 2, 5], root.Entries.Select(entry => entry.Key.Line));
        Assert.Equal("b", ((YamlScalar)root.Find("task")!).Value);
        Assert.Equal(5, Assert.Single(root.Duplicates).Key.Line);
        Assert.Equal(4, Assert.IsType<YamlSequence>(root.Find("list")).Items[1].Line);
        Assert.Null(root.Find("nothing"));
    }

    [Fact]
    public void Merge_keys_and_anchors_are_resolved_and_what_is_written_wins()
    {
        var root = Read("base: &b {x: 1, y: 2}\nother: &c {y: 3, z: 4}\nboth: {<<: [*b, *c], x: 9}\nsame: *b\n");
        var both = Assert.IsType<OrderedDictionary<string, object?>>(root.Find("both")!.ToValue("x.yaml"));
        Assert.Equal([("y", 2L), ("z", 4L), ("x", 9L)], both.Select(entry => (entry.Key, (long)entry.Value!)).OrderBy(entry => entry.Item2));
        Assert.Empty(((YamlMapping)root.Find("both")!).Duplicates);
        Assert.Same(root.Find("base"), root.Find("same"));
    }

    [Theory]
    [InlineData("a: {{x}}\n", 1)]
    [InlineData("a: 1\nb: 'x\n", 2)]
    [InlineData("a: 1\n---\nb: 2\n", 2)]
    [InlineData("a: !foo x\n", 1)]
    [InlineData("a: 1\nb: *x\n", 2)]
    [InlineData("a: &a [*a]\n", 1)]
    [InlineData("a: 2026-13-01\n", 1)]
    [InlineData("a: 1\nb: \u0001\n", 2)]
    public void What_is_no_YAML_is_named_with_its_line(string text, int line) =>
        Assert.StartsWith($"x.yaml, line {line}: ", Error(text), StringComparison.Ordinal);

    [Fact]
    public void Functions_are_seen_by_line_and_never_values()
    {
        var function = Assert.IsType<YamlFunction>(Read("a: 1\nprocess_docs: !function utils.process\n").Find("process_docs"));
        Assert.Equal(("utils.process", 2), (function.Name, function.Line));
        Assert.Contains("line 2", Assert.Throws<InputException>(() => Read("a: 1\nb: [!function u.p]\n").ToValue("x.yaml")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Aliases_that_multiply_are_stopped()
    {
        var laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
            + string.Concat(Enumerable.Range(1, 20).Select(i => $"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n"));
        Assert.Contains("aliases", Error(laughs), StringComparison.Ordinal);
        Assert.Contains("levels deep", Error("a: " + new string('[', 10_000)), StringComparison.Ordinal);
    }
}
