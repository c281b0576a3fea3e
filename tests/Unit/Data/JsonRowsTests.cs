using Cognito.Eval.Data;
using Cognito.Eval.Files;

namespace Cognito.Eval.Tests;

public sealed class JsonRowsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private List<Row> Rows(string text, string name = "x.jsonl") => JsonRows.Read(_folder.Write(name, text));

    private string Refusal(string text, string name = "x.jsonl") =>
        Assert.Throws<InputException>(() => Rows(text, name)).Message.Replace(_folder.Path + "/", "");

    [Fact]
    public void Numbers_are_whole_only_where_they_are_written_so()
    {
        var row = Rows("""{"a": 1, "b": 1.0, "c": 1e2, "d": -9223372036854775808, "e": true, "f": null, "g": [], "h": {}}""")[0];
        Assert.Equal(1L, row.Cells["a"]);
        Assert.Equal(1.0, row.Cells["b"]);
        Assert.Equal(100.0, row.Cells["c"]);
        Assert.Equal(long.MinValue, row.Cells["d"]);
        Assert.Equal(true, row.Cells["e"]);
        Assert.Null(row.Cells["f"]);
        Assert.Empty(Assert.IsAssignableFrom<IReadOnlyList<object?>>(row.Cells["g"]));
        Assert.Empty(Assert.IsAssignableFrom<IReadOnlyDictionary<string, object?>>(row.Cells["h"]));
    }

    [Theory]
    [InlineData("x.jsonl")]
    [InlineData("x.jsonl.gz")]
    public void Blank_lines_are_skipped_but_counted(string name)
    {
        var rows = Rows("\uFEFF{\"a\": \"é\\n\"}\r\n\r\n  \n{\"a\": \"\u2028\"}", name);
        Assert.Equal(["é\n", "\u2028"], rows.Select(row => row.Text("a")));
        Assert.EndsWith($"{name} line 4", rows[1].Origin);
    }

    [Fact]
    public void Of_a_name_given_twice_the_last_value_counts() =>
        Assert.Equal("last", Rows("""{"a": "first", "b": 1, "a": "last"}""")[0].Text("a"));

    [Fact]
    public void The_order_of_an_objects_names_is_kept() =>
        Assert.Equal(["z", "a", "m"], Rows("""{"z": 1, "a": 0, "m": 0}""")[0].Cells.Keys);

    [Fact]
    public void An_array_is_rows()
    {
        var rows = Rows("""[{"a": 1}, {"a": 2}]""", "x.json");
        Assert.Equal([1, 2], rows.Select(row => row.Integer("a")));
        Assert.EndsWith("x.json row 2", rows[1].Origin);
    }

    [Fact]
    public void A_bad_line_is_named()
    {
        Assert.Equal("x.jsonl line 2: not JSON at byte 7; correct it or fetch the file again", Refusal("{\"a\": 1}\n{\"a\": }\n"));
        Assert.StartsWith("x.jsonl line 1: not JSON at byte 8", Refusal("{\"a\": 1"));
        Assert.StartsWith("x.jsonl line 1: not JSON at byte 10", Refusal("{\"a\": 1} {\"b\": 2}"));
        Assert.StartsWith("x.json: not JSON at line 2 byte 6", Refusal("[{\"a\": 1},\n{\"a\":]", "x.json"));
        Assert.Equal("x.jsonl line 1: is not an object of columns; is this the right file?", Refusal("[1]"));
        Assert.Equal("x.json: is not a list of objects; is this the right file?", Refusal("{}", "x.json"));
        Assert.StartsWith("x.jsonl line 1: not JSON", Refusal(new string('[', 5000)[1..].Insert(0, "{\"a\":")));
        Assert.Contains("a number too large", Refusal("""{"a": 1e999}"""));
    }

    [Fact]
    public void Text_that_is_not_Unicode_is_refused()
    {
        const string fact = "x.jsonl line 2: holds text that is not valid Unicode; save the file as UTF-8";
        Assert.Equal(fact, Refusal("{}\n{\"a\": \"\\ud800\"}"));
        var path = _folder.Write("x.jsonl", [.. "{}\n{\"a\": \""u8, 0xC3, (byte)'"', (byte)'}']);
        Assert.EndsWith(fact, Assert.Throws<InputException>(() => JsonRows.Read(path)).Message);
    }

    [Fact]
    public void A_gzip_file_cut_anywhere_is_refused()
    {
        var path = _folder.Write("x.jsonl.gz", string.Concat(Enumerable.Range(0, 50).Select(i => $"{{\"a\": {i * i}}}\n")));
        var whole = File.ReadAllBytes(path);
        for (var length = 1; length < whole.Length; length++)
        {
            File.WriteAllBytes(path, whole[..length]);
            var refusal = Assert.Throws<InputException>(() => JsonRows.Read(path));
            Assert.Contains("x.jsonl.gz: not a whole gzip file", refusal.Message);
        }
    }

    [Fact]
    public void A_file_that_is_not_there_is_refused() =>
        Assert.Contains("no such file", Assert.Throws<InputException>(() => JsonRows.Read("/nowhere/x.jsonl")).Message);
}
