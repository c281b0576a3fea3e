using Cognito.Eval.Comparison;
using Cognito.Eval.Files;
using Parquet;
using Parquet.Schema;

namespace Cognito.Eval.Tests;

/// <summary>What moved beside the scores, by hand.</summary>
public sealed class ChoiceShiftTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("cognito-eval-test");

    public void Dispose() => folder.Delete(recursive: true);

    private static ChoiceDetail Doc(int id, int prediction, params double[] lls) => new(id, 0, lls, prediction);

    [Fact]
    public void A_right_choice_can_become_likelier_without_becoming_the_first()
    {
        var shift = ChoiceShift.Create("ARC", [(
            [Doc(1, 1, -3, -1), Doc(2, 0, -1, -2)],
            [Doc(2, 0, -1, -2), Doc(1, 1, -2, -1)])])!;
        Assert.Equal((2, 100.0), (shift.Documents, shift.SameChoice));
        Assert.Equal(0.5, shift.Margin, 12); // -2 → -1, and 1 → 1
        Assert.Equal(0.5, shift.MarginError!.Value, 12); // sd of (1, 0) is √½, over √2
        Assert.Equal(50 * (1 / (1 + Math.E) - 1 / (1 + Math.Exp(2))), shift.Probability, 10);
    }

    [Fact]
    public void Tasks_of_a_column_count_alike_and_what_is_no_number_is_left_out()
    {
        var shift = ChoiceShift.Create("MMLU", [
            ([Doc(1, 0, 0, -1), Doc(2, 0, double.NaN, -1)], [Doc(1, 1, -1, 0), Doc(2, 0, 0, -1)]),
            ([Doc(1, 0, 0, -1), Doc(2, 0, 0, -1)], [Doc(1, 0, 0, -1), Doc(2, 0, 0, -1)])])!;
        Assert.Equal((3, 50.0), (shift.Documents, shift.SameChoice));
        Assert.Equal(-1, shift.Margin, 12);
        Assert.Equal(0, shift.MarginError); // the first task's one document takes the second's variance
        Assert.Null(ChoiceShift.Create("ARC", []));
    }

    [Fact]
    public async Task Details_are_read_from_their_columns()
    {
        await Write("arc_challenge", gold: 1, [-1.5, -0.5]);
        var doc = Assert.Single(ChoiceDetail.Read(folder.FullName, "arc_challenge")!);
        Assert.Equal((7, 1, 0), (doc.DocId, doc.Gold, doc.Prediction));
        Assert.Equal([-1.5, -0.5], doc.LogLikelihoods);
        Assert.Equal(1, doc.Margin, 12);
        Assert.Null(ChoiceDetail.Read(folder.FullName, "winogrande"));
        await Write("hellaswag", gold: 2, [-1.5, -0.5]);
        Assert.Contains("gold 2 of 2 choices", Assert.Throws<InputException>(() => ChoiceDetail.Read(folder.FullName, "hellaswag")).Message);
    }

    private async Task Write(string task, int gold, double[] lls)
    {
        var id = new DataField<int>("doc_id");
        var (right, taken) = (new DataField<int>("gold"), new DataField<int>("prediction"));
        var element = new DataField<double>("element");
        var schema = new Parquet.Schema.ParquetSchema(id, right, taken, new ListField("choice_logprobs", element));
        Directory.CreateDirectory(Path.Combine(folder.FullName, "details"));
        await using var file = File.Create(Path.Combine(folder.FullName, "details", task + ".parquet"));
        await using var writer = await ParquetWriter.CreateAsync(schema, file);
        using var group = writer.CreateRowGroup();
        await group.WriteAsync<int>(id, new[] { 7 });
        await group.WriteAsync<int>(right, new[] { gold });
        await group.WriteAsync<int>(taken, new[] { 0 });
        var definitions = Enumerable.Repeat(element.MaxDefinitionLevel, lls.Length).ToArray();
        await group.WriteAllPartsAsync<double>(
            element, lls, definitions, lls.Select((_, i) => i == 0 ? 0 : 1).ToArray(), CancellationToken.None);
    }
}
