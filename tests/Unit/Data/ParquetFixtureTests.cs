using Cognito.Eval.Data;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;

namespace Cognito.Eval.Tests;

/// <summary>The same made-up rows by several writers; fixtures/parquet/make.mjs makes them.</summary>
public sealed partial class ParquetFixtureTests
{
    private static readonly string[] Columns =
        ["id", "name", "kind", "score", "sure", "words", "pairs", "choices", "deep"];

    [Theory]
    [InlineData("duckdb-uncompressed.parquet")]
    [InlineData("duckdb-gzip.parquet")]
    [InlineData("duckdb-zstd.parquet")]
    [InlineData("rust-list-item.parquet")]
    [InlineData("hyparquet-pages-2.parquet")]
    public void Every_writers_file_holds_the_rows_of_the_JSON_lines(string file)
    {
        var expected = JsonRows.Read(Fixture.Path("parquet", "rows.jsonl"));
        var actual = ParquetRows.Read(Fixture.Path("parquet", file));
        Assert.Equal(expected.Count, actual.Count);
        foreach (var (one, other) in expected.Zip(actual))
            foreach (var column in Columns)
                Assert.Equal(Json(one, column), Json(other, column));
        Assert.Equal(DatasetSplit.Digest(expected, Columns), DatasetSplit.Digest(actual, Columns));

        static string Json(Row row, string column) =>
            $"{column}: {System.Text.Json.JsonSerializer.Serialize(row.Cells[column])}";
    }

    [Fact]
    public void The_digest_is_the_one_that_Python_computes() =>
        Assert.Equal("f675518abe065e910c34de1d19cb03809c52ae6e0065ba5e21210136037a2824",
            DatasetSplit.Digest(JsonRows.Read(Fixture.Path("parquet", "rows.jsonl")), Columns));

    [Fact]
    public void A_null_list_an_empty_list_and_a_list_of_null_differ()
    {
        var rows = ParquetRows.Read(Fixture.Path("parquet", "rust-list-item.parquet"), ["words"]);
        Assert.Null(rows[0].Cells["words"]);
        Assert.Equal([], Assert.IsType<object?[]>(rows[1].Cells["words"]));
        Assert.Equal([null], Assert.IsType<object?[]>(rows[2].Cells["words"]));
        Assert.Equal(["words"], rows[0].Cells.Keys);
    }
}
