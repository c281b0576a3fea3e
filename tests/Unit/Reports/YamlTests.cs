using Cognito.Eval.Reports;
using YamlDotNet.Serialization;

namespace Cognito.Eval.Tests;

/// <summary>Every text comes back as that text from readers that guess types, by YAML 1.1 and by 1.2.</summary>
public sealed class YamlTests
{
    public static IEnumerable<TheoryDataRow<string>> Texts => ((string[])
    [
        "no", "No", "NO", "on", "off", "yes", "y", "Y", "n", "N", "true", "False", "~", "null", "Null", "NULL", "", "1", "+1", "-1", "0", "007", "0o7", "0x1f",
        "0b101", "1_000", "1e3", "1E3", "1.0", "1.", ".5", "+.5", ".inf", "-.INF", ".nan", ".NaN", "inf", "nan", "12:30:45", "190:20:30", "1:30", "12:30:45.5",
        "2024-01-01", "2024-01-01T00:00:00Z", "2024-01-01 00:00:00", "=", "<<", "=x", "a: b", "a:", ":a", "a #b", "#a", "a#b", "- a", "-", "--", "---", "...",
        "? a", "?", "[a", "]a", "{a", "}a", "a, b", ",a", "&a", "*a", "!a", "!!str a", "|a", ">a", "'a", "\"a", "%a", "@a", "`a", "a'b", "a\"b", "a\\b", "it's",
        "a,b", "a[b", "a]b", "a{b", "a}b", "a [b]", "éa", "aé", "日本", "😀", "a😀", "org/name", "name-7b_v0.1", "en", "apache-2.0", "cc-by-sa-4.0", "zh-hans",
        "ß", "a: ", "key: value: more", "https://example.org/a?b=c#d", "a &b", "a *b", "a !b", "a |b", "e1", "E3", "x1f", "0x", "1__0", "1,000", "١",
    ]).Select(text => new TheoryDataRow<string>(text));

    [Theory, MemberData(nameof(Texts))]
    public void A_text_is_read_as_that_text(string text)
    {
        var yaml = Yaml.Serialize(new Dictionary<string, object> { ["a"] = text, ["b"] = new[] { text } });
        var read = (Dictionary<object, object>)new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build().Deserialize(yaml)!;
        Assert.Equal(text.Trim(), read["a"]);
        Assert.Equal(text.Trim(), ((List<object>)read["b"])[0]);
    }

    [Theory]
    [InlineData("en", "a: en\n")]
    [InlineData("apache-2.0", "a: apache-2.0\n")]
    [InlineData("AI2 Reasoning Challenge (25-Shot)", "a: AI2 Reasoning Challenge (25-Shot)\n")]
    [InlineData("https://huggingface.co/x?query=a/b", "a: https://huggingface.co/x?query=a/b\n")]
    [InlineData("no", "a: \"no\"\n")]
    [InlineData("12:30:45", "a: \"12:30:45\"\n")]
    [InlineData("a\u0085b\u2028c\ufeffd\u001be\0", "a: \"a b c\\\\ufeffd\\\\u001be\\\\u0000\"\n")]
    [InlineData("a\n---\nb", "a: \"a --- b\"\n")]
    public void What_is_plainly_a_text_stands_without_quotes_and_control_characters_are_spelled_out(string text, string yaml) =>
        Assert.Equal(yaml, Yaml.Serialize(new Dictionary<string, object> { ["a"] = text }));
}
