using Cognito.Eval.Data;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;

namespace Cognito.Eval.Tests;

/// <summary>Thousands of damaged files.</summary>
public sealed partial class ParquetFixtureTests
{
    [Theory]
    [InlineData("duckdb-zstd.parquet")]
    [InlineData("rust-list-item.parquet")]
    [InlineData("hyparquet-pages-2.parquet")]
    public void A_file_cut_anywhere_is_refused_in_one_line(string file)
    {
        var whole = File.ReadAllBytes(Fixture.Path("parquet", file));
        for (var length = 0; length < whole.Length; length++)
        {
            var cut = whole.AsMemory(0, length);
            var message = Assert.Throws<InputException>(() => ParquetRows.Parse("cut.parquet", cut)).Message;
            Assert.StartsWith("cut.parquet: not a whole Parquet file (", message);
            Assert.DoesNotContain('\n', message);
        }
    }

    [Theory]
    [InlineData("duckdb-gzip.parquet")]
    [InlineData("duckdb-zstd.parquet")]
    [InlineData("rust-list-item.parquet")]
    [InlineData("hyparquet-pages-2.parquet")]
    public void A_changed_byte_gives_rows_or_one_line(string file)
    {
        var whole = File.ReadAllBytes(Fixture.Path("parquet", file));
        var refused = 0;
        for (var at = 4; at < whole.Length; at += 5)
        {
            var damaged = whole.ToArray();
            damaged[at] ^= (byte)(1 << at % 8);
            try
            {
                ParquetRows.Parse("damaged.parquet", damaged);
            }
            catch (InputException e)
            {
                refused++;
                Assert.DoesNotContain('\n', e.Message);
            }
        }
        Assert.InRange(refused, whole.Length / 20, whole.Length / 5);
    }
}
