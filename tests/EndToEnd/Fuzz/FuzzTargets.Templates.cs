using System.Text;
using Cognito.Eval.Files;
using Cognito.Eval.Templates;

namespace Cognito.Eval.Tests;

/// <summary>What a task file holds: its YAML, its templates, and what these make of rows.</summary>
internal sealed partial class FuzzTargets
{
    private static readonly string[] TemplateMarks =
    [
        "{{", "}}", "{%", "%}", "{#", "#}", "-", "+", "(", ")", "[", "]", "{", "}", "|", ".", ",", ":", "=", "==", "~", "**", "//", "%", "'", "\"", "\\",
        " if ", " else ", " is ", " not ", " in ", " and ", "{% for x in l %}", "{% endfor %}", "{% if b %}", "{% endif %}", "{% set n = n * n %}",
        "{% macro m() %}", "{% endmacro %}", "m()", "{% raw %}", "{% endraw %}", "range(10 ** 6)", "'a' * 10 ** 6", "l.append(l)", "|list", "|join", "|map('upper')",
        "|sort", "|replace('', 'xx')", "|regex_replace('(a*)+$', '')", ".strip()", ".split(",  "'%9999d' % 1", "1e999", "99999999999999999999", "\n", "é", "🙂", "\0",
    ];

    private static readonly string[] LiteralMarks =
        ["[", "]", "(", ")", "{", "}", ",", ":", "'", "\"", "'''", "\\", "\\x", "\\u12", "\\N{", "-", "+", "1e999", "0x", "1_", "j", "b'", "r'", "f'", "None", "#", "\n", "é", "🙂"];

    private static readonly string[] YamlMarks =
    [
        ":", ": ", "- ", "\n", "\n  ", "'", "\"", "#", "{", "}", "[", "]", ",", "|", ">", "&a ", "*a", "!function ", "!!int ", "!x ", "<<: ", "? ", "---\n", "...\n",
        "%", "@", "\t", "\\", "1:30", "2026-01-02", "0x", "=", "~", "{{", "\u2028", "\0", "🙂", "&a [*a, *a, *a]", "a: &a [&b [x, x], *b]\n",
    ];

    private static readonly IReadOnlyDictionary<string, object?> TemplateRow = Tables.Variables(Tables.Read("templates").GetProperty("row"));

    private static byte[][] Seeds(string table, string property) =>
        [.. Tables.Rows(table).Select(row => row.Text(property)).OfType<string>().Where(text => text.Length > 0).Select(Encoding.UTF8.GetBytes)];

    private static byte[][] Templates() => Seeds("templates", "template");

    private static byte[][] Literals() => Seeds("list_literals", "text");

    private static byte[][] PythonPatterns() =>
    [
        .. ((string[])[@"#### (\-?[0-9\.\,]+)", @"(-?[$0-9.,]{2,})|(-?[0-9]+)", @"(?i)answer is ([a-d])|\(([a-d])\)", @"\b[A-D]\b", @"(?s).*#### ", @"(?P<n>\w+)-(?P=n)",
            @"(?m)^\s*Q: (.*?)$", @"(?<=a)b|(?<!x)y", @"(?x) a \s b # c", "(?>a+)b|a++c", "[éÀ-ÿ🙂]+|\\S", @"(\w)(?(1)x|y)"]).Select(Encoding.UTF8.GetBytes),
    ];

    private static byte[][] TaskFiles() =>
    [
        "task: a\ndataset_path: json\ndataset_kwargs: {data_files: {test: a.jsonl}}\noutput_type: multiple_choice\ndoc_to_text: \"{{q}}\\nA:\"\ndoc_to_choice: [\"no\", 'yes']\n"u8.ToArray(),
        "base: &b\n  metric: acc\n  higher_is_better: true\nmetric_list:\n  - *b\n  - <<: *b\n    metric: acc_norm\ndoc_to_text: |\n  Question: {{q}}\n\n  Answer:\nmetadata:\n  version: 1.0\n"u8.ToArray(),
        "task: b\nprocess_docs: !function utils.process\ndescription: >-\n  one\n  two\ngeneration_kwargs:\n  until: [\"\\n\", \"Q:\"]\n  temperature: 0.0\n"u8.ToArray(),
        [.. Encoding.UTF8.GetBytes(string.Concat(Tables.Rows("yaml_scalars").Where(row => row.Text("error") is null && !row.Text("yaml")!.Contains('\n', StringComparison.Ordinal))
            .Select((row, i) => $"k{i}: {row.Text("yaml")}\n")))],
    ];

    private static void ReadTemplate(byte[] bytes)
    {
        try
        {
            var text = Template.Parse(Encoding.UTF8.GetString(bytes)).Render(TemplateRow);
            Assert.InRange(text.Length, 0, 1 << 22);
        }
        catch (TemplateException e)
        {
            Assert.InRange(e.Line, 1, int.MaxValue);
            throw new InputException($"task.yaml, line {e.Line} of doc_to_text: {e.Message}", e);
        }
    }

    private static void ReadLiteral(byte[] bytes)
    {
        try
        {
            PythonLiteral.Parse(Encoding.UTF8.GetString(bytes));
        }
        catch (PythonLiteralException e)
        {
            throw new InputException($"task.yaml: {e.Message}", e);
        }
    }

    private static void ReadPythonPattern(byte[] bytes)
    {
        try
        {
            var pattern = PythonRegex.Parse(Encoding.UTF8.GetString(bytes));
            foreach (var text in Texts)
                pattern.FindAll(text);
        }
        catch (PythonRegexException e)
        {
            throw new InputException($"task.yaml: {e.Message}", e);
        }
    }

    private void ReadTaskFile(byte[] bytes) => YamlFile.Read(folder.Write("task.yaml", bytes)).ToValue("task.yaml");
}
