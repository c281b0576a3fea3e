using System.Text.Json;
using Cognito.Eval.Templates;

namespace Cognito.Eval.Tests;

/// <summary>Python's printing of values and reading of literals, against Python's own.</summary>
public sealed class PythonValueTests
{
    [Fact]
    public void A_list_is_written_as_Python_writes_it_and_read_again()
    {
        foreach (var row in Tables.Rows("list_text"))
        {
            var text = row.Text("as_list_text")!;
            Assert.Equal(text, PythonValue.Repr(new List<object?> { row.Text("value") }));
            Assert.Equal([row.Text("value")], Assert.IsAssignableFrom<IReadOnlyList<object?>>(PythonLiteral.Parse(text)));
        }
    }

    [Fact]
    public void A_literal_is_read_as_Python_reads_it()
    {
        foreach (var row in Tables.Rows("list_literals"))
            if (row.Text("error") is { } error)
                Assert.Equal((row.Text("text"), error), (row.Text("text"), Assert.Throws<PythonLiteralException>(() => PythonLiteral.Parse(row.Text("text")!)).Kind));
            else
                AssertSame(row.GetProperty("value"), PythonLiteral.Parse(row.Text("text")!), row.Text("type")!);
    }

    private static void AssertSame(JsonElement expected, object? value, string type)
    {
        if (type == "set")
            Assert.Equal(Tables.Value(expected), Assert.IsType<PythonSet>(value).Items);
        else if (type == "tuple")
            AssertSame(Tables.Value(expected), Assert.IsType<PythonTuple>(value));
        else
            AssertSame(Tables.Value(expected), value);
    }

    /// <summary>The table has bytes, complex numbers and Ellipsis as their text.</summary>
    private static void AssertSame(object? expected, object? value)
    {
        switch (value)
        {
            case PythonOpaque opaque:
                Assert.Equal(expected, opaque.Text);
                break;
            case IReadOnlyList<object?> list:
                var items = Assert.IsAssignableFrom<IReadOnlyList<object?>>(expected);
                Assert.Equal(items.Count, list.Count);
                foreach (var (i, item) in list.Index())
                    AssertSame(items[i], item);
                break;
            case IReadOnlyDictionary<string, object?> named:
                Assert.Equal(Assert.IsAssignableFrom<IReadOnlyDictionary<string, object?>>(expected), named);
                break;
            default:
                Assert.Equal(expected, value);
                break;
        }
    }

    [Theory]
    [InlineData(1e16, "1e+16")]
    [InlineData(123456789012345.0, "123456789012345.0")]
    [InlineData(0.0001, "0.0001")]
    [InlineData(0.00001, "1e-05")]
    [InlineData(-0.0, "-0.0")]
    [InlineData(5e-324, "5e-324")]
    [InlineData(1.7976931348623157e308, "1.7976931348623157e+308")]
    [InlineData(double.NaN, "nan")]
    [InlineData(double.NegativeInfinity, "-inf")]
    public void A_float_has_Python_s_shortest_digits(double value, string text) => Assert.Equal(text, PythonValue.Str(value));

    [Theory]
    [InlineData("[")]
    [InlineData("(")]
    [InlineData("{1:")]
    [InlineData("-")]
    public void A_literal_without_end_is_refused(string open) =>
        Assert.Equal("limit", Assert.Throws<PythonLiteralException>(() => PythonLiteral.Parse(string.Concat(Enumerable.Repeat(open, 100_000)))).Kind);
}
