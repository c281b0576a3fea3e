using System.Text;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Cli;
using Cognito.Eval.Comparison;
using Cognito.Eval.Data;
using Cognito.Eval.Datasets;
using Cognito.Eval.Reports;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;
using Cognito.Eval.Tokenizers;
using Cognito.Eval.Torch;
using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Weights;

namespace Cognito.Eval.Tests;

/// <summary>Every kind of file that comes from outside, with what the program does with it.</summary>
internal sealed partial class FuzzTargets : IDisposable
{
    private const long Kib = 1 << 10, Mib = 1 << 20;

    private static readonly string[] Texts =
        ["", " ", "Hello  world\n\n\tq: é 😀 </s> <unk>", new('a', 300), "▁▁ \ud800 x", string.Concat(Enumerable.Range(32, 200).Select(c => (char)c))];

    private readonly TemporaryFolder folder = new();

    public static IReadOnlyList<string> Names { get; } =
    [
        "safetensors", "parquet", "tokenizer.model", "config.json", "generation_config.json", "tokenizer_config.json",
        "model.safetensors.index.json", "results.json", "rows.jsonl", "rows.csv",
        "tokenizer.json", "tokenizer_config.json beside tokenizer.json", "harness results", "harness samples", "gate policy", "details",
        "datasets.lock.json", "fetched.json", "hub listing", "hub index", "dataset cards",
"run.json", "journal.sqlite", "patterns",
        "templates", "Python's literals", "Python's patterns", "task files", "task files, asked",
    ];

    public void Dispose() => folder.Dispose();

    public FuzzTarget this[string name] => name switch
    {
        "safetensors" => new(name, Weights(), ChangedHeader, ReadWeights, new(Mib, 64)),
        "parquet" => new(name, Parquets(), ParquetSyntax.Change, ReadParquet, ParquetBound),
        "tokenizer.model" => new(name, Tokenizers(), ProtobufSyntax.Change, ReadTokenizer, new(4 * Mib, 100)),
        "config.json" => OfJson(name, Configs(), _ => ReadConfig()),
        "generation_config.json" => OfJson(name, [
            """{"bos_token_id": 1, "eos_token_id": [2, 7], "pad_token_id": null}"""u8.ToArray(),
            """
            {"eos_token_id": 2, "repetition_penalty": 1.3, "no_repeat_ngram_size": 3, "min_new_tokens": 8, "num_beams": 1, "temperature": 0.7,
            "suppress_tokens": [42], "bad_words_ids": [[5], [6, 7]], "sequence_bias": [[[8, 9], -1.5]], "forced_eos_token_id": 2,
            "exponential_decay_length_penalty": [5, 1.1], "remove_invalid_values": true, "encoder_repetition_penalty": 1.1}
            """u8.ToArray()],
            _ => ReadConfig()),
        "tokenizer_config.json" => OfJson(name, TokenizerConfigs(), _ => CheckpointTokenizer.Open(folder.Path), 8 * Mib),
        "model.safetensors.index.json" => OfJson(name, [Index()], _ => WeightFiles.Open(folder.Path).Dispose()),
        "results.json" => OfJson(name, Runs(), _ => ReadRun(), 4 * Mib),
        "rows.jsonl" => new(name, [Lines], ChangedLine, bytes => ReadRows(folder.Write(name, bytes)), new(Mib, 200)),
        "rows.csv" => new(name, [Csv], (bytes, random) => Strange.Bytes(bytes, random),
            bytes => ReadRows(folder.Write(name, bytes)), new(Mib, 100)),
        "tokenizer.json" => new(name, JsonTokenizers(), JsonSyntax.Change, ReadJsonTokenizer, new(32 * Mib, 400)),
        "tokenizer_config.json beside tokenizer.json" => OfJson(name, [ConfigBeside], _ => CheckpointTokenizer.Open(folder.Path),
            32 * Mib, "tokenizer_config.json"),
        "harness results" => OfJson(name, HarnessResults(), _ => ReadHarness(), 8 * Mib, "results_d1.json"),
        "harness samples" => new(name, HarnessSampleLines(), ChangedLine, ReadSamples, new(4 * Mib, 200)),
        "gate policy" => new(name, Policies(), ChangedPolicy, bytes => GatePolicy.Read(folder.Write("policy.yaml", bytes)), new(4 * Mib, 400)),
        "details" => Details(),
        "datasets.lock.json" => OfJson(name, [Lock()], _ => ReadLock()),
        "fetched.json" => OfJson(name, [Fetched()], _ => ReadFetched()),
        "hub listing" => new(name, [Listing()], JsonSyntax.Change, ReadListing, new(Mib, 100)),
        "hub index" => OfJson(name, [Index()], _ => ReadShards(), Mib, "model.safetensors.index.json"),
        "dataset cards" => new(name, Cards(), (bytes, random) => ChangedText(bytes, random, YamlMarks), ReadCard, new(64 * Mib, 16 * Kib)),
        "run.json" => Manifests(),
        "journal.sqlite" => Journals(),
        "task files, asked" => AskedTaskFiles(),
        "patterns" => new(name, Patterns(), ChangedPattern, ReadPattern, new(16 * Mib, 16 * Kib)),
        "templates" => new(name, Templates(), (bytes, random) => ChangedText(bytes, random, TemplateMarks), ReadTemplate, new(512 * Mib, 16 * Kib)),
        "Python's literals" => new(name, Literals(), (bytes, random) => ChangedText(bytes, random, LiteralMarks), ReadLiteral, new(4 * Mib, 4 * Kib)),
        "Python's patterns" => new(name, PythonPatterns(), ChangedPattern, ReadPythonPattern, new(64 * Mib, 32 * Kib)),
        "task files" => new(name, TaskFiles(), (bytes, random) => ChangedText(bytes, random, YamlMarks), ReadTaskFile, new(64 * Mib, 16 * Kib)),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
    };

    /// <summary>A fixed part, and for each byte what 16 values and 256 unpacked bytes may take: see ParquetAllowance.</summary>
    public static Allocation ParquetBound => new(16 * Mib, 20 * Kib);

    /// <param name="file">What it is called on disk, where that is not its name here.</param>
    private FuzzTarget OfJson(string name, IReadOnlyList<byte[]> seeds, Action<byte[]> read, long most = Mib, string? file = null)
    {
        Surround(name);
        return new(name, seeds, JsonSyntax.Change, bytes =>
        {
            folder.Write(file ?? name, bytes);
            read(bytes);
        }, new(most, 100));
    }

    /// <summary>Right files for it to lie among.</summary>
    private void Surround(string name)
    {
        if (name is "generation_config.json")
            folder.Write("config.json", Configs()[0]);
        if (name is "tokenizer_config.json")
            folder.Write("tokenizer.model", Tokenizers()[1]);
        if (name is "tokenizer_config.json beside tokenizer.json")
            folder.Write("tokenizer.json", JsonTokenizers()[0]);
        if (name is "model.safetensors.index.json")
            for (var shard = 1; shard <= 2; shard++)
                folder.Write($"model-0000{shard}-of-00002.safetensors", TestWeights.One($"t{shard}"));
    }

    private static byte[] Bytes(params string[] fixture) => File.ReadAllBytes(Fixture.Path(fixture));

    private static byte[][] Weights()
    {
        string[] names = ["model.embed_tokens.weight", "model.layers.0.self_attn.q_proj.weight", "model.norm.weight", "lm_head.weight"];
        var tensors = names.Index().Select(t => $$"""
            "{{t.Item}}":{"dtype":"{{(t.Index % 2 == 0 ? "F32" : "BF16")}}","shape":[{{2 + t.Index % 2 * 2}},3],"data_offsets":[{{t.Index * 24}},{{t.Index * 24 + 24}}]}
            """);
        return
        [
            TestWeights.Bytes("{" + string.Join(",", tensors) + ",\"__metadata__\":{\"format\":\"pt\"}}   ", 96),
            TestWeights.One("x"),
            TestWeights.Bytes("""{"a":{"dtype":"I64","shape":[],"data_offsets":[0,8]},"b":{"dtype":"F16","shape":[0,9],"data_offsets":[8,8]}}""", 8),
        ];
    }

    private static byte[] ChangedHeader(byte[] file, Random random)
    {
        var length = BitConverter.ToInt32(file);
        return Strange.WithHeader(JsonSyntax.Change(file[8..(8 + length)], random), file.AsSpan(8 + length), random);
    }

    private void ReadWeights(byte[] bytes)
    {
        using var file = SafetensorsFile.Open(folder.Write("model.safetensors", bytes));
        foreach (var tensor in file.Tensors)
            file.Read(new byte[tensor.Length], tensor.Offset);
    }

    private static byte[][] Parquets()
    {
        var schema = new object[]
        {
            HandMadeParquet.Element("schema", children: 2), HandMadeParquet.Element("n", repetition: 1, type: 1),
            HandMadeParquet.Element("t", repetition: 0, type: 6, converted: 0),
        };
        var made = HandMadeParquet.File(schema, 3,
            (HandMadeParquet.Page(3, 0, [2, 0, 0, 0, 6, 1, .. BitConverter.GetBytes(7), .. BitConverter.GetBytes(8), .. BitConverter.GetBytes(9)]), 1, 3),
            ([.. HandMadeParquet.Dictionary(2, 1, 0, 0, 0, (byte)'a', 1, 0, 0, 0, (byte)'b'), .. HandMadeParquet.Page(3, 8, 1, 3, 5)], 6, 3));
        return [made, .. Directory.EnumerateFiles(Fixture.Path("parquet"), "*.parquet").Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
    }

    private static void ReadParquet(byte[] bytes)
    {
        var rows = ParquetRows.Parse("rows.parquet", bytes);
        DatasetSplit.Digest(rows, [.. rows.FirstOrDefault()?.Cells.Keys ?? []]);
    }

    private static byte[][] Tokenizers() =>
    [
        File.ReadAllBytes(Path.Combine(CommandLine.Nano, "tokenizer.model")),
        SmallTokenizer.Bytes(byteFallback: true), SmallTokenizer.Bytes(byteFallback: false),
    ];

    private void ReadTokenizer(byte[] bytes)
    {
        var tokenizer = CheckpointTokenizer.Open(Path.GetDirectoryName(folder.Write("tokenizer.model", bytes))!).Tokenizer;
        foreach (var text in Texts)
            tokenizer.Decode(tokenizer.EncodeToIds(text));
    }

    private static byte[][] Configs() =>
    [
        .. Directory.EnumerateDirectories(Fixture.Path("checkpoints")).Order(StringComparer.Ordinal)
            .Select(checkpoint => File.ReadAllBytes(Path.Combine(checkpoint, "config.json"))),
    ];

    private void ReadConfig()
    {
        var config = ModelConfig.Read(folder.Path);
        config.Generation.Require();
        Assert.True(config.Parameters > 0 && config.ActiveParameters > 0 && config.FlopPerToken > 0);
        Assert.True(MemoryEstimate.CacheBytesPerToken(config, 4) > 0 && MemoryEstimate.BytesPerToken(config, 4) > 0);
    }

    private static byte[][] TokenizerConfigs() =>
    [
        File.ReadAllBytes(Path.Combine(CommandLine.Nano, "tokenizer_config.json")),
        """{"add_bos_token": true, "eos_token": {"__type": "AddedToken", "content": "</s>", "lstrip": false}, "added_tokens_decoder": {"0": {"content": "<unk>"}}}"""u8.ToArray(),
    ];

    private static byte[] Index() =>
        """{"metadata":{"total_size":8},"weight_map":{"t1":"model-00001-of-00002.safetensors","t2":"model-00002-of-00002.safetensors"}}"""u8.ToArray();

    private static byte[][] Runs() => [Bytes("fuzz", "seeds", "results.json"), Bytes("fuzz", "seeds", "reported.json")];

    private void ReadRun()
    {
        var run = RunFile.Read(folder.Path);
        ModelCard.Table(run, TaskSet.Leaderboard.Columns);
        ModelCard.Render(run, TaskSet.Leaderboard.Columns);
        RunFile.ToJson(run);
    }

    private static byte[] Lines =>
        [.. File.ReadLines(Fixture.Path("parquet", "rows.jsonl")).Take(8).SelectMany(line => Encoding.UTF8.GetBytes(line + "\n"))];

    private static byte[] ChangedLine(byte[] rows, Random random)
    {
        var lines = Encoding.UTF8.GetString(rows).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var at = random.Next(lines.Length);
        lines[at] = Encoding.UTF8.GetString(JsonSyntax.Change(Encoding.UTF8.GetBytes(lines[at]), random));
        return Encoding.UTF8.GetBytes(string.Join('\n', lines));
    }

    private static byte[] Csv => "q,A,\"B \"\"x\"\"\",answer\r\n\"one\r\ntwo\",2,,é\r\n,,,\r\n1,2,3,\"4,5\"\r\n"u8.ToArray();

    private static void ReadRows(string path)
    {
        var rows = path.EndsWith("csv", StringComparison.Ordinal) ? CsvRows.Read(path) : JsonRows.Read(path);
        foreach (var row in rows)
            DatasetSplit.Digest([row], [.. row.Cells.Keys]);
    }
}
