using Cognito.Eval.Templates;

namespace Cognito.Eval.Tests;

/// <summary>Templates against Jinja2's own output, and what is refused or bounded.</summary>
public sealed class TemplateTests
{
    private static readonly IReadOnlyDictionary<string, object?> Row = Tables.Variables(Tables.Read("templates").GetProperty("row"));

    private static string Render(string template, params (string Name, object? Value)[] variables) =>
        Template.Parse(template).Render(variables.ToDictionary(variable => variable.Name, variable => variable.Value));

    private static TemplateException Fails(string template, params (string Name, object? Value)[] variables) =>
        Assert.Throws<TemplateException>(() => Render(template, variables));

    public static TheoryData<string> Templates => [.. Tables.Rows("templates").Select(row => row.Text("template")!)];

    [Theory, MemberData(nameof(Templates))]
    public void Text_or_kind_of_error_is_that_of_Jinja2(string template)
    {
        var expected = Tables.Rows("templates").First(row => row.Text("template") == template);
        if (expected.Text("text") is { } text)
            Assert.Equal(text, Template.Parse(template).Render(Row));
        else
            Assert.Equal(expected.Text("error"), Assert.Throws<TemplateException>(() => Template.Parse(template).Render(Row)).Kind);
    }

    [Fact]
    public void An_error_names_its_line()
    {
        Assert.Equal(3, Fails("one\ntwo\n{{ question }}", ("qestion", "x")).Line);
        Assert.Equal(2, Fails("one\n{% if x %}").Line);
        Assert.Equal(2, Fails("{% if true %}\n{{ 1 / 0 }}\n{% endif %}").Line);
        Assert.Contains("'question'", Fails("{{ question }}", ("qestion", "x")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{{ 10 ** (10 ** 8) }}")]
    [InlineData("{{ 'a' * 10 ** 9 }}")]
    [InlineData("{{ [1] * 10 ** 9 }}")]
    [InlineData("{{ range(10 ** 12)|list }}")]
    [InlineData("{{ range(5 * 10 ** 6)|list|length }}")]
    [InlineData("{% for i in range(10 ** 12) %}{% endfor %}")]
    [InlineData("{% for i in range(10 ** 5) %}{% for j in range(10 ** 5) %}{% endfor %}{% endfor %}")]
    [InlineData("{% for i in range(10 ** 6) %}0123456789{% endfor %}")]
    [InlineData("{{ '%1000000000d' % 1 }}")]
    [InlineData("{{ '%.1000000000f' % 1 }}")]
    [InlineData("{{ '{:999999999}'.format(1) }}")]
    [InlineData("{{ 'x'.center(10 ** 12) }}")]
    [InlineData("{{ ('a' * 10000).replace('a', 'b' * 10000) }}")]
    [InlineData("{% set n = namespace(x=[]) %}{% for i in range(1000) %}{% set n.x = [n.x] %}{% endfor %}{{ n.x }}")]
    [InlineData("{% set n = namespace(x=[1]) %}{% for i in range(100) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x }}")]
    [InlineData("{% set n = namespace(x=[1], y=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% set n.y = [n.y, n.y] %}{% endfor %}{{ n.x == n.y }}")]
    [InlineData("{% set l = [] %}{% set _ = l.append(l) %}{{ l }}")]
    [InlineData("{% set l = [1] %}{% for x in l %}{% set _ = l.append(x) %}{% endfor %}")]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")]
    [InlineData("{% set n = namespace(x=3) %}{% for i in range(100) %}{% set n.x = n.x * n.x %}{% endfor %}")]
    public void What_would_take_too_much_is_stopped(string template) => Assert.Equal("limit", Fails(template).Kind);

    [Theory]
    [InlineData("(", ")")]
    [InlineData("[", "]")]
    [InlineData("{1:", "}")]
    [InlineData("-", "")]
    [InlineData("not ", "")]
    [InlineData("1 if 1 else ", "")]
    [InlineData("x|default(", ")")]
    public void Deep_nesting_is_refused(string open, string close)
    {
        var deep = string.Concat(Enumerable.Repeat(open, 20_000)) + "1" + string.Concat(Enumerable.Repeat(close, 20_000));
        Assert.Equal("limit", Fails($"{{{{ {deep} }}}}").Kind);
    }

    [Fact]
    public void Blocks_and_sums_without_end_are_refused()
    {
        Assert.Equal("limit", Fails(string.Concat(Enumerable.Repeat("{% if true %}", 20_000))).Kind);
        Assert.Equal("limit", Fails("{{ " + string.Join(" + ", Enumerable.Repeat("1", 20_000)) + " }}").Kind);
    }

    [Theory]
    [InlineData("{% block x %}{% endblock %}", "block")]
    [InlineData("{% from 'x' import y %}", "from")]
    [InlineData("{{ [1, 2]|random }}", "random")]
    [InlineData("{{ x|pprint }}", "pprint")]
    [InlineData("{{ x.encode() }}", "encode")]
    [InlineData("{{ x.__len__ }}", "__len__")]
    [InlineData("{{ x|e + '<' }}", "|e")]
    [InlineData("{{ x.strip }}", "builtin_function_or_method")]
    [InlineData("{{ '\\N{PILE OF POO}' }}", "PILE OF POO")]
    [InlineData("{{ x.format(*[1]) }}", "*")]
    [InlineData("{% for i in [1] %}{{ x }}{% endfor %}{% set x = 1 %}", "'x'")]
    public void What_is_not_done_is_refused_by_name(string template, string name)
    {
        var error = Fails(template, ("x", "text"));
        Assert.Equal("unsupported", error.Kind);
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_change_of_the_row_is_told_and_the_row_stays()
    {
        var list = new List<object?> { "a" };
        var row = new Dictionary<string, object?> { ["options"] = list };
        var template = Template.Parse("{% set own = [] %}{% set _ = own.append(1) %}{{ own }}");
        template.Render(row, out var changed);
        Assert.Null(changed);
        Assert.Equal("['a', 'b']", Template.Parse("{% set _ = options.append('b') %}{{ options }}").Render(row, out changed));
        Assert.Equal("options", changed);
        Assert.Single(list);
    }

    [Fact]
    public void Names_are_those_that_a_template_reads_of_the_row() =>
        Assert.Equal(["choices", "question"], Template.Parse("{{ question }}{% for c in choices %}{{ loop.index }}{{ c }}{% endfor %}{{ range(3) }}").Names
            .Except(["loop"]).Order(StringComparer.Ordinal));
}
