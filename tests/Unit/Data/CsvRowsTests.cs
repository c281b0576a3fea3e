using Cognito.Eval.Data;
using Cognito.Eval.Files;

namespace Cognito.Eval.Tests;

public sealed class CsvRowsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private List<Row> Rows(string text, params string[] columns) =>
        CsvRows.Read(_folder.Write("x.csv", text), columns is [] ? null : columns);

    private string Refusal(string text, params string[] columns) =>
        Assert.Throws<InputException>(() => Rows(text, columns)).Message.Replace(_folder.Path + "/", "");

    [Fact]
    public void Quoted_fields_hold_commas_quotes_and_line_ends()
    {
        var rows = Rows("question,answer\r\n\"one, \"\"two\"\"\nthree\", 1 \r\n\"\",é\r\n");
        Assert.Equal(["one, \"two\"\nthree", ""], rows.Select(row => row.Text("question")));
        Assert.Equal([" 1 ", "é"], rows.Select(row => row.Text("answer")));
        Assert.EndsWith("x.csv line 4", rows[1].Origin);
    }

    [Fact]
    public void A_file_without_a_header_is_read_by_the_names_given() =>
        Assert.Equal("b;c", Rows("\uFEFFa,b;c\n", "one", "two")[0].Text("two"));

    [Fact]
    public void Another_number_of_fields_is_refused_by_line()
    {
        Assert.Equal("x.csv line 3 has 3 fields, expected 2 (a, b); enclose fields that hold commas or line ends in quotes",
            Refusal("1,\"2\n\"\n3,4,5\n", "a", "b"));
        Assert.StartsWith("x.csv line 2 has 1 fields, expected 2", Refusal("a,b\n1\n"));
    }

    [Fact]
    public void Quotes_that_do_not_match_are_refused_by_line()
    {
        const string fact = "quotes that do not enclose a field; enclose the whole field and write a quote in it as \"\"";
        Assert.Equal($"x.csv line 2: {fact}", Refusal("1,2\n\"3,4\n", "a", "b"));
        Assert.Equal($"x.csv line 1: {fact}", Refusal("\"1\"x,2\n", "a", "b"));
        Assert.Equal($"x.csv line 1: {fact}", Refusal("x\"1\",2\n", "a", "b"));
    }

    [Fact]
    public void A_header_that_repeats_a_name_is_refused() =>
        Assert.Equal("x.csv: the header names \"a\" twice; rename one", Refusal("a,b,a\n1,2,3\n"));

    [Fact]
    public void What_is_not_UTF8_is_refused_by_line()
    {
        var path = _folder.Write("x.csv", [.. "a\n"u8, 0xE9, (byte)'\n']);
        Assert.EndsWith("x.csv line 2: not UTF-8; save the file as UTF-8",
            Assert.Throws<InputException>(() => CsvRows.Read(path)).Message);
    }
}
