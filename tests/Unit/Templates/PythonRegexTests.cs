using Cognito.Eval.Templates;

namespace Cognito.Eval.Tests;

/// <summary>Python's patterns where .NET's mean something else; each answer is Python 3.11's.</summary>
public sealed class PythonRegexTests
{
    private static string FindAll(string pattern, string text) => PythonValue.Repr(PythonRegex.Parse(pattern).FindAll(text));

    [Theory]
    [InlineData("|a", "a", "['', 'a', '']")]
    [InlineData("x*", "🙂", "['', '']")]
    [InlineData("[^🙂]x", "🙂x", "[]")]
    [InlineData(".", "a🙂\n𝒳", "['a', '🙂', '𝒳']")]
    [InlineData(@"\w+", "é_1 ½² 한 ٣ 𝒳 a\u0301", "['é_1', '½²', '한', '٣', '𝒳', 'a']")]
    [InlineData(@"\d", "1²٣", "['1', '٣']")]
    [InlineData(@"a\s", "a\u001ca\u0085a\u200b", @"['a\x1c', 'a\x85']")]
    [InlineData(@"(?a)\w", "aé", "['a']")]
    [InlineData("(?i)straße|k", "STRASSE straße K \u212a", "['straße', 'K', '\u212a']")]
    [InlineData("(?i)i", "iIİı", "['i', 'I', 'İ', 'ı']")]
    [InlineData("a$", "a\n", "['a']")]
    [InlineData(@"a\Z", "a\n", "[]")]
    [InlineData("(?m)^.$", "a\nb\rc\n", "['a']")]
    [InlineData(@"\B", "", "[]")]
    [InlineData("(?P<n>a)(b)?(?P=n)", "aa aba", "[('a', ''), ('a', 'b')]")]
    [InlineData("a{,2}b", "aaab b", "['aab', 'b']")]
    [InlineData("a{,b", "a{,b", "['a{,b']")]
    [InlineData("a++a|b", "aaab", "['b']")]
    [InlineData(@"(\w)(?(1)x|y)", "axy", "['a']")]
    [InlineData(@"[\W\d]", "a1 ", "['1', ' ']")]
    [InlineData(@"[^\W\d_]+", "a1_b", "['a', 'b']")]
    public void Matches_are_Python_s(string pattern, string text, string all) => Assert.Equal(all, FindAll(pattern, text));

    [Theory]
    [InlineData("(a)(b)?", @"\2-\g<1>\n", "ab a", "b-a\n -a\n")]
    [InlineData("x*", "-", "abx", "-a-b--")]
    public void Replacements_are_Python_s(string pattern, string with, string text, string result) =>
        Assert.Equal(result, PythonRegex.Parse(pattern).Replace(text, with));

    [Theory]
    [InlineData("(", "error")]
    [InlineData(")", "error")]
    [InlineData("a**", "error")]
    [InlineData("*a", "error")]
    [InlineData("[b-a]", "error")]
    [InlineData(@"\q", "error")]
    [InlineData("(?<=a+)b", "error")]
    [InlineData("a(?i)b", "error")]
    [InlineData(@"(a)\2", "error")]
    [InlineData("(a*)*", "unsupported")]
    [InlineData(@"(?i)(a)\1", "unsupported")]
    [InlineData("a{9999999}", "limit")]
    public void What_is_wrong_or_not_done_is_refused(string pattern, string kind) =>
        Assert.Equal(kind, Assert.Throws<PythonRegexException>(() => PythonRegex.Parse(pattern)).Kind);

    [Fact]
    public void Deep_groups_take_no_longer_than_flat_ones()
    {
        var deep = new string('(', 80) + "a" + new string(')', 80);
        Assert.Equal(80, ((PythonTuple)PythonRegex.Parse(deep).FindAll("a")[0]!).Count);
        Assert.Equal("limit", Assert.Throws<PythonRegexException>(() => PythonRegex.Parse(new string('(', 5000))).Kind);
    }
}
