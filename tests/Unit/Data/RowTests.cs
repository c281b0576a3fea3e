using Cognito.Eval.Data;
using Cognito.Eval.Files;

namespace Cognito.Eval.Tests;

public sealed class RowTests
{
    private static readonly Row Row = new("data/x.parquet row 12", new Dictionary<string, object?>
    {
        ["question"] = "Why?",
        ["answer"] = "A",
        ["label"] = 3L,
        ["score"] = 1.0,
        ["nothing"] = null,
        ["choices"] = new Dictionary<string, object?> { ["text"] = new object?[] { "a", "b" } },
        ["labels"] = new object?[] { 1L, 0L },
        ["holes"] = new object?[] { "a", null },
    });

    private static string Refusal(Func<object> read) => Assert.Throws<InputException>(read).Message;

    [Fact]
    public void Cells_are_read_by_type()
    {
        Assert.Equal("Why?", Row.Text("question"));
        Assert.Equal(3, Row.Integer("label"));
        Assert.Equal([1, 0], Row.Integers("labels"));
        Assert.Equal(["a", "b"], Row.Inside("choices").Texts("text"));
    }

    [Fact]
    public void A_cell_of_another_type_is_refused()
    {
        Assert.Equal("data/x.parquet row 12: column \"answer\" is text, expected a whole number; is this the right dataset?",
            Refusal(() => Row.Integer("answer")));
        Assert.Contains("\"score\" is a fractional number, expected a whole number", Refusal(() => Row.Integer("score")));
        Assert.Contains("\"label\" is a whole number, expected text", Refusal(() => Row.Text("label")));
        Assert.Contains("\"nothing\" is null, expected text", Refusal(() => Row.Text("nothing")));
        Assert.Contains("\"question\" is text, expected a list of texts", Refusal(() => Row.Texts("question")));
        Assert.Contains("\"labels\" is a list, expected a struct", Refusal(() => Row.Inside("labels")));
        Assert.Contains("\"choices\" is a struct, expected a list", Refusal(() => Row.Integers("choices")));
    }

    [Fact]
    public void A_list_with_a_hole_is_refused() =>
        Assert.Contains("\"holes[1]\" is null", Refusal(() => Row.Texts("holes")));

    [Fact]
    public void A_missing_column_is_named_with_those_there()
    {
        Assert.Equal("data/x.parquet row 12: no column \"answerKey\" among question, answer, label, score, nothing, " +
            "choices, labels, holes; is this the right dataset?", Refusal(() => Row.Text("answerKey")));
        Assert.Equal("data/x.parquet row 12, \"choices\": no column \"label\" among text; is this the right dataset?",
            Refusal(() => Row.Inside("choices").Texts("label")));
    }
}
