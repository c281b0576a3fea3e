using System.IO.Compression;
using System.Text;
using Cognito.Eval.Data;
using Cognito.Eval.Files;
using Cognito.Eval.Results;
using Cognito.Eval.Tokenizers;
using Cognito.Eval.Tokenizers.SentencePiece;
using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Weights;
using static Cognito.Eval.Tests.HandMadeParquet;

namespace Cognito.Eval.Tests;

/// <summary>Small files made to fill memory or to keep a processor busy: each is refused, fast, and cheaply.</summary>
public sealed class BombTests : IDisposable
{
    private const long Mib = 1 << 20;

    /// <summary>Each took a minute or more, or did not end, before it was refused or read in another way.</summary>
    private static readonly TimeSpan Soon = HangGuard.Long;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>What is said of the file; it may take no more than this many bytes on the way.</summary>
    private static string Refused(long most, Action read)
    {
        var (before, clock) = (GC.GetAllocatedBytesForCurrentThread(), System.Diagnostics.Stopwatch.StartNew());
        var message = Assert.Throws<InputException>(read).Message;
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, most);
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, Soon);
        Assert.DoesNotContain('\n', message);
        return message;
    }

    private static readonly object[] Texts = [Element("schema", children: 1), Element("t", repetition: 0, type: 6, converted: 0)];

    /// <summary>A page of one text column, compressed, with the length that it says it has.</summary>
    private static byte[] Page(long codec, byte[] compressed, long length) =>
        WithCodec(codec, [.. Thrift(Struct((1, 0L), (2, length), (3, (long)compressed.Length),
            (5, Struct((1, 1L), (2, 0L), (3, 3L), (4, 3L))))), .. compressed]);

    private static byte[] WithCodec(long codec, byte[] page)
    {
        var chunk = Struct((1, 6L), (4, codec), (5, 1L), (7, (long)page.Length), (9, 4L));
        return WithFooter([.. "PAR1"u8, .. page], Struct((2, Texts), (3, 1L), (4, new object[] { Struct((1, new object[] { Struct((3, chunk)) }), (3, 1L)) })));
    }

    private static byte[] Zip(byte[] bytes)
    {
        using var zipped = new MemoryStream();
        using (var zip = new GZipStream(zipped, CompressionLevel.SmallestSize))
            zip.Write(bytes);
        return zipped.ToArray();
    }

    private static byte[] Zstd(byte[] bytes)
    {
        using var zstd = new ZstdSharp.Compressor(19);
        return zstd.Wrap(bytes).ToArray();
    }

    [Theory]
    [InlineData(2, 100 << 20)]
    [InlineData(6, 100 << 20)]
    [InlineData(6, 1000)]
    public void A_page_that_unpacks_into_far_more_than_its_file_is_refused(long codec, long claimed)
    {
        var zeros = new byte[100 << 20];
        var compressed = codec == 2 ? Zip(zeros) : Zstd(zeros);
        var file = Page(codec, compressed, claimed);
        Refused(4 * Mib, () => ParquetRows.Parse("bomb.parquet", file));
    }

    [Fact]
    public void A_snappy_page_that_says_it_is_larger_than_it_is_costs_nothing()
    {
        byte[] lies = [0xFF, 0xFF, 0xFF, 0xFF, 0x07, 0, (byte)'a'];
        Refused(Mib, () => ParquetRows.Parse("bomb.parquet", Page(1, lies, 5)));
    }

    [Fact]
    public void Many_row_groups_that_share_one_page_are_refused()
    {
        // The page's header is 400,000 bytes of numbers that nobody asks for; each row group has it read again.
        var header = Struct((1, 0L), (2, 5L), (3, 5L), (5, Struct((1, 1L), (2, 0L), (3, 3L), (4, 3L))), (9, Enumerable.Repeat((object)0L, 400_000).ToArray()));
        byte[] page = [.. Thrift(header), 1, 0, 0, 0, (byte)'a'];
        var group = Struct((1, new object[] { Struct((3, Struct((1, 6L), (4, 0L), (5, 1L), (7, (long)page.Length), (9, 4L)))) }), (3, 1L));
        var file = WithFooter([.. "PAR1"u8, .. page], Struct((2, Texts), (3, 20_000L), (4, Enumerable.Repeat((object)group, 20_000).ToArray())));
        Assert.Contains("claims to hold far more", Refused(FuzzTargets.ParquetBound.Of(file.Length), () => ParquetRows.Parse("bomb.parquet", file)));
    }

    [Fact]
    public void A_run_of_more_values_than_the_file_could_mean_is_refused()
    {
        // One number in the dictionary, and a run of four million places that name it.
        byte[] pages = [.. Dictionary(1, 1, 0, 0, 0, (byte)'a'), .. HandMadeParquet.Page(4_000_000, 8, 1, 0x80, 0xA4, 0xE8, 0x03, 0)];
        var file = HandMadeParquet.File(Texts, 4_000_000, (pages, 6, 4_000_000));
        Assert.Contains("claims to hold far more", Refused(Mib, () => ParquetRows.Parse("bomb.parquet", file)));
    }

    [Fact]
    public void A_long_name_over_many_columns_is_refused()
    {
        var columns = Enumerable.Range(0, 50_000).Select(i => (object)Element($"c{i}", repetition: 0, type: 1));
        object[] schema = [Element("schema", children: 1), Element(new string('x', 500_000), repetition: 0, children: 50_000), .. columns];
        var file = WithFooter([.. "PAR1"u8], Struct((2, schema), (3, 0L), (4, Array.Empty<object>())));
        Assert.Contains("name has 500000 characters", Refused(200 * Mib, () => ParquetRows.Parse("bomb.parquet", file)));
    }

    [Fact]
    public void A_zipped_file_of_zeros_is_refused()
    {
        var path = Path.Combine(folder.Path, "rows.jsonl.gz");
        System.IO.File.WriteAllBytes(path, Zip(new byte[64 << 20]));
        var most = 16 * Mib + 128 * new FileInfo(path).Length;
        Assert.Contains($"holds more than {most >> 20} MiB", Refused(5 * most, () => JsonRows.Read(path)));
    }

    [Theory]
    [InlineData("[", "")]
    [InlineData("[", "]")]
    [InlineData("{\"a\":", "}")]
    public void Nesting_without_end_is_refused_wherever_JSON_is_read(string open, string close)
    {
        var deep = string.Concat(Enumerable.Repeat(open, 200_000)) + "0" + string.Concat(Enumerable.Repeat(close, close == "" ? 0 : 200_000));
        var rows = folder.Write("rows.jsonl", $"{{\"a\":{deep}}}\n");
        Refused(64 * Mib, () => JsonRows.Read(rows));
        folder.Write("config.json", $"{{\"architectures\":{deep}}}");
        Refused(64 * Mib, () => ModelConfig.Read(folder.Path));
        folder.Write("results.json", $"{{\"leaderboard\":{deep}}}");
        Refused(64 * Mib, () => RunFile.Read(folder.Path));
        folder.Write("model.safetensors.index.json", $"{{\"weight_map\":{deep}}}");
        Refused(64 * Mib, () => WeightFiles.Open(folder.Path));
        var weights = folder.Write("x.safetensors", TestWeights.Bytes(Encoding.UTF8.GetBytes($"{{\"x\":{deep}}}"), []));
        Refused(64 * Mib, () => SafetensorsFile.Open(weights));
        folder.Write("tokenizer.model", SmallTokenizer.Bytes(byteFallback: true));
        folder.Write("tokenizer_config.json", $"{{\"eos_token\":{deep}}}");
        Refused(64 * Mib, () => CheckpointTokenizer.Open(folder.Path));
    }

    [Fact]
    public void A_million_user_defined_pieces_do_not_slow_a_text_down()
    {
        var pieces = Enumerable.Range(0, 300_000).SelectMany(i =>
            Message(1, [.. Message(1, Encoding.UTF8.GetBytes($"▁_{i:x}")), 3 << 3, 4])).ToArray();
        var tokenizer = new SentencePieceTokenizer(SentencePieceModel.Parse([.. SmallTokenizer.Bytes(byteFallback: true), .. pieces], "tokenizer.model"));
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var ids = tokenizer.EncodeWhole(string.Concat(Enumerable.Repeat(" _zz", 50_000)));
        Assert.Equal(" _zz _zz", tokenizer.Decode(ids)[..8]);
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, Soon);
    }

    private static byte[] Message(int field, byte[] bytes) => [.. Varint(field << 3 | 2), .. Varint(bytes.Length), .. bytes];

    private static byte[] Varint(int number) => number < 128 ? [(byte)number] : [(byte)(number | 128), .. Varint(number >> 7)];

    [Theory]
    [InlineData("normalizer", "normalizers")]
    [InlineData("decoder", "decoders")]
    public void Replacements_that_double_a_text_again_and_again_are_refused(string part, string steps)
    {
        var json = ByteLevelJson.Of();
        var doubles = """{"type":"Replace","pattern":{"String":"a"},"content":"aa"}""";
        json[part] = System.Text.Json.Nodes.JsonNode.Parse($$"""{"type":"Sequence","{{steps}}":[{{string.Join(",", Enumerable.Repeat(doubles, 40))}}]}""");
        Assert.Contains("times as long", Refused(40 * Mib, () => ByteLevelJson.Tokenizer(json)));
    }

    [Fact]
    public void Many_added_tokens_of_one_first_letter_do_not_slow_a_text_down()
    {
        var json = ByteLevelJson.Of(null, [.. Enumerable.Range(0, 100_000).Select(i => ByteLevelJson.Added(ByteLevelJson.FirstAdded + i, $"a{i:D6}"))]);
        var tokenizer = ByteLevelJson.Tokenizer(json);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        Assert.Equal(20_000, tokenizer.EncodeToIds(string.Concat(Enumerable.Range(0, 20_000).Select(i => $"a{i * 5:D6}"))).Count);
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, Soon);
    }
}
