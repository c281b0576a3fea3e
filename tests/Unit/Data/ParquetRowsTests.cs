using System.IO.Compression;
using System.Text.Json;
using Cognito.Eval.Data;
using Cognito.Eval.Files;
using Parquet;
using Parquet.Serialization;
using static Cognito.Eval.Tests.HandMadeParquet;

namespace Cognito.Eval.Tests;

public sealed class ParquetRowsTests
{
    private const int Required = 0, Optional = 1, Repeated = 2, Int32 = 1, Binary = 6, List = 3;

    private static string Refusal(byte[] file, params string[] wanted) =>
        Assert.Throws<InputException>(() => ParquetRows.Parse("x.parquet", file, wanted is [] ? null : wanted)).Message;

    private static string[] Json(byte[] file) =>
        [.. ParquetRows.Parse("x.parquet", file).Select(row => JsonSerializer.Serialize(row.Cells))];

    private sealed record Choices(List<string> text, List<string>? label);
    private sealed record Written(int number, string? text, byte small, double score, List<Choices>? several, Choices choices);

    [Theory]
    [InlineData(CompressionMethod.None)]
    [InlineData(CompressionMethod.Snappy)]
    [InlineData(CompressionMethod.Gzip)]
    [InlineData(CompressionMethod.Zstd)]
    public async Task What_ParquetNet_writes_is_read_back(CompressionMethod method)
    {
        Written[] rows = [.. Enumerable.Range(0, 300).Select(i => new Written(-i, i % 3 == 0 ? null : $"é{i}", (byte)i, i / 4.0,
            i % 5 == 0 ? null : [.. Enumerable.Repeat(new Choices(["a", $"{i}"], ["x"]), i % 5)],
            new Choices(["one", "two"], ["A", "B"])))];
        using var file = new MemoryStream();
        await ParquetSerializer.SerializeAsync(rows, file, new ParquetOptions
        { CompressionMethod = method, CompressionLevel = CompressionLevel.Fastest, RowGroupSize = 70 });
        Assert.Equal(rows.Select(row => JsonSerializer.Serialize(row)), Json(file.ToArray()));
    }

    // Levels of the rows [1, 2], [], null, [3]: definitions 2 2 1 0 2 and repetitions 0 1 0 0 0, bit-packed.
    private static readonly byte[] TwoLevels =
        [2, 0, 0, 0, 3, 0b00010, 3, 0, 0, 0, 3, 0b00_01_10_10, 0b10, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0];

    [Fact]
    public void A_list_of_two_levels_is_a_list()
    {
        object[] schema = [Element("root", children: 1), Element("xs", Optional, children: 1, converted: List),
            Element("element", Repeated, Int32)];
        Assert.Equal(["""{"xs":[1,2]}""", """{"xs":[]}""", """{"xs":null}""", """{"xs":[3]}"""],
            Json(HandMadeParquet.File(schema, 4, (Page(5, 0, TwoLevels), Int32, 5))));
    }

    [Fact]
    public void A_repeated_group_named_as_a_tuple_is_the_item_of_its_list()
    {
        object[] schema = [Element("root", children: 1), Element("xs", Optional, children: 1, converted: List),
            Element("xs_tuple", Repeated, children: 1), Element("x", Required, Int32)];
        Assert.Equal("""{"xs":[{"x":1},{"x":2}]}""", Json(HandMadeParquet.File(schema, 4, (Page(5, 0, TwoLevels), Int32, 5)))[0]);
    }

    [Fact]
    public void A_repeated_value_without_a_list_around_it_is_a_list()
    {
        object[] schema = [Element("root", children: 1), Element("xs", Repeated, Int32)];
        byte[] levels = [2, 0, 0, 0, 3, 0b010, 2, 0, 0, 0, 6, 1]; // repetitions 0 1 0, definitions 1 1 1
        Assert.Equal(["""{"xs":[1,2]}""", """{"xs":[3]}"""],
            Json(HandMadeParquet.File(schema, 2, (Page(3, 0, [.. levels, .. TwoLevels[^12..]]), Int32, 3))));
    }

    private static byte[] Flat(long rows, long values, byte[] page, int type = Int32, long? converted = null) =>
        HandMadeParquet.File([Element("root", children: 1), Element("x", Required, type, converted: converted)], rows,
            (page, type, values));

    [Fact]
    public void Pages_follow_each_other() =>
        Assert.Equal(["""{"x":1}""", """{"x":2}"""], Json(Flat(2, 2, [.. Page(1, 0, 1, 0, 0, 0), .. Page(1, 0, 2, 0, 0, 0)])));

    [Fact]
    public void A_file_that_claims_more_than_it_holds_is_refused_at_once()
    {
        Assert.Contains("not a whole Parquet file", Refusal(Flat(2, 1, Page(1, 0, 1, 0, 0, 0))));
        Assert.Contains("not a whole Parquet file", Refusal(Flat(0, 1, Page(1, 0, 1, 0, 0, 0))));
        Assert.Contains("not a whole Parquet file", Refusal(Flat(9, 9, Page(9, 0, 1, 0, 0, 0))));
        Assert.Contains("far more", Refusal(Flat(int.MaxValue, int.MaxValue, Page(int.MaxValue, 0))));
        Assert.Contains("not a whole", Refusal(Flat(long.MaxValue, 1, Page(1, 0, 1, 0, 0, 0))));
        Assert.Contains("not a whole", Refusal(Flat(-1, -1, Page(-1, 0))));
    }

    [Fact]
    public void Pages_that_lead_nowhere_end() =>
        Assert.Contains("not a whole", Refusal(Flat(1, 1, [.. Enumerable.Repeat(Page(0, 0), 1000).SelectMany(page => page)])));

    [Fact]
    public void A_place_in_a_dictionary_must_be_there()
    {
        var dictionary = HandMadeParquet.Dictionary(2, 5, 0, 0, 0, 6, 0, 0, 0);
        Assert.Equal(["""{"x":6}"""], Json(Flat(1, 1, [.. dictionary, .. Page(1, 8, 2, 2, 1)])));
        Assert.Contains("column \"x\": not a whole", Refusal(Flat(1, 1, [.. dictionary, .. Page(1, 8, 2, 2, 2)])));
        Assert.Contains("it lacks its dictionary", Refusal(Flat(1, 1, Page(1, 8, 2, 2, 1))));
        var huge = HandMadeParquet.Thrift(Struct((1, 2L), (2, (long)int.MaxValue), (3, 0L), (7, Struct((1, 1L)))));
        Assert.Contains("far more", Refusal(Flat(1, 1, [.. huge, .. dictionary])));
    }

    [Fact]
    public void A_footer_that_does_not_end_or_nests_without_end_is_refused()
    {
        Assert.Contains("ends too early", Refusal(WithFooter([.. "PAR1"u8], [(1, new byte[] { 255, 255 })])));
        byte[] deep = [.. "PAR1"u8, .. Enumerable.Repeat((byte)0x1C, 5000), .. BitConverter.GetBytes(5000), .. "PAR1"u8];
        Assert.Contains("nests too deep", Refusal(deep));
        object[] schema = [Element("root", children: 1),
            .. Enumerable.Range(0, 1000).Select(_ => Element("x", Optional, children: 1))];
        Assert.Contains("nest too deep", Refusal(HandMadeParquet.File(schema, 0)));
        Assert.Contains("nest too deep", Refusal(HandMadeParquet.File([Element("root", children: 2), .. schema[1..]], 0), "y"));
    }

    [Fact]
    public void A_type_that_no_cell_has_is_refused_by_name_unless_it_is_not_wanted()
    {
        object[] schema = [Element("root", children: 2), Element("when", Required, Int32, converted: 6),
            Element("x", Required, Int32)];
        var page = Page(1, 0, 7, 0, 0, 0);
        var file = HandMadeParquet.File(schema, 1, (page, Int32, 1), (page, Int32, 1));
        Assert.Equal("x.parquet: column \"when\" is of the type date (int32), which is not supported; " +
            "convert the file to JSON lines", Refusal(file));
        Assert.Equal(7, ParquetRows.Parse("x.parquet", file, ["x"])[0].Integer("x"));
    }

    [Fact]
    public void A_map_is_refused_by_name() =>
        Assert.Contains("column \"m\" is a map", Refusal(HandMadeParquet.File([Element("root", children: 1),
            Element("m", Optional, children: 1, converted: 1), Element("x", Repeated, Int32)], 0)));

    [Fact]
    public void Text_that_is_not_UTF8_is_refused_by_column() =>
        Assert.Equal("x.parquet column \"x\": holds binary values that are not UTF-8 text; is this the right file?",
            Refusal(Flat(1, 1, Page(1, 0, 1, 0, 0, 0, 0xFF), Binary)));

    [Fact]
    public void An_encoding_that_is_not_read_is_named() =>
        Assert.Equal("x.parquet column \"x\": has values in encoding 5, not plain or by dictionary, which is not supported; " +
            "convert the file to JSON lines", Refusal(Flat(1, 1, Page(1, 5, 1, 0, 0, 0))));

    [Fact]
    public void A_column_that_is_missing_is_named_with_those_there() =>
        Assert.Equal("x.parquet: no column \"answer\" among x; is this the right dataset?",
            Refusal(Flat(1, 1, Page(1, 0, 1, 0, 0, 0)), "x", "answer"));
}
