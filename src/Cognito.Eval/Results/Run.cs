using System.Reflection;
using System.Text.Json.Serialization;
using Cognito.Eval.Datasets;
using Cognito.Eval.Models;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Results;

/// <summary>One evaluation of one checkpoint: what results.json holds.</summary>
public sealed record Run
{
    public const int CurrentSchema = 1;

    [JsonPropertyOrder(-10)]
    public int SchemaVersion { get; init; } = CurrentSchema;

    /// <summary>task → metric → value, as lm-evaluation-harness writes it; a standard error of one document is null.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, double?>> Results { get; init; } =
        new Dictionary<string, IReadOnlyDictionary<string, double?>>();

    /// <summary>group → metric → value; null where the protocol has no groups, or none was asked whole.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, double?>>? Groups { get; init; }

    /// <summary>task → the reference's VERSION.</summary>
    public IReadOnlyDictionary<string, TaskVersion> Versions { get; init; } = new Dictionary<string, TaskVersion>();

    /// <summary>The reference's settings, for scripts that read its results.</summary>
    public HarnessConfig? Config { get; init; }

    public required Leaderboard Leaderboard { get; init; }

    public IReadOnlyDictionary<string, TaskRecord> Tasks { get; init; } = new Dictionary<string, TaskRecord>();

    /// <summary>Those of all tasks.</summary>
    [JsonIgnore]
    public int NotFiniteRequests => Tasks.Values.Sum(task => task.NotFiniteRequests);

    /// <summary>How far this run's numbers are from those of <c>--exact</c>; null where it is one, or asked for no likelihoods.</summary>
    public Rounding? Rounding { get; init; }

    /// <summary>task → what its scored tokens were routed to; null where that was not recorded.</summary>
    public IReadOnlyDictionary<string, RoutingRecord>? Routing { get; init; }

    public required Provenance Provenance { get; init; }

    /// <summary>What the model's card says beside its numbers, where that is known.</summary>
    public CardFacts? Card { get; init; }

    /// <summary>All that may differ between two runs of the same thing: times, host, throughput.</summary>
    [JsonPropertyName("run")]
    public Circumstances? Circumstances { get; init; }
}

/// <summary>The parts of a model card's front matter that are not results.</summary>
public sealed record CardFacts(
    IReadOnlyList<string>? Language, string? License, IReadOnlyList<string>? Tags, CardSource? Source);

/// <summary>Who measured the results on a card.</summary>
public sealed record CardSource(string Name, string Url)
{
    /// <summary>Whether the address is one of the web: no other is passed on, since a reader may follow it.</summary>
    [JsonIgnore]
    public bool IsOfTheWeb => Uri.TryCreate(Url, UriKind.Absolute, out var address)
        && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps) && address.UserInfo.Length == 0;
}

/// <summary>lm-evaluation-harness' <c>config</c> block at b281b09 (protocol 7).</summary>
public sealed record HarnessConfig(
    string Model, string ModelArgs, int? NumFewshot, string? BatchSize, IReadOnlyList<int> BatchSizes, string? Device,
    bool NoCache, double? Limit, int BootstrapIters, IReadOnlyDictionary<string, string> DescriptionDict);

/// <summary>The six columns in percent, unrounded, and their mean; null where a task is missing.</summary>
/// <param name="IsComplete">Whether every published document was asked at the leaderboard's shots.</param>
/// <param name="Notes">Why this is not, or not all, a leaderboard score; one sentence each.</param>
public sealed record Leaderboard(
    IReadOnlyDictionary<string, double?> Columns, double? Average, [property: JsonPropertyName("complete")] bool IsComplete,
    IReadOnlyList<string> Notes);

/// <summary>What a task asked, and each document's scores.</summary>
public sealed record TaskRecord
{
    public required string Column { get; init; }
    public required string Headline { get; init; }

    /// <summary>Whether less of the headline metric is better; left out where more is.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool LowerIsBetter { get; init; }
    public required string Split { get; init; }
    public required int NumFewshot { get; init; }
    public required int Documents { get; init; }
    public required int SplitRows { get; init; }
    public int? PublishedRows { get; init; }

    [JsonPropertyName("complete")]
    public required bool IsComplete { get; init; }

    public required int Requests { get; init; }
    public required int TruncatedRequests { get; init; }
    public required int TruncatedDocuments { get; init; }

    /// <summary>Log-likelihoods that are a NaN or infinite, and answers generated from logits that are.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int NotFiniteRequests { get; init; }

    public required NearTies NearTies { get; init; }
    public required RequestDigest RequestsSha256 { get; init; }

    /// <summary>Digest of the rows read, by split.</summary>
    public required IReadOnlyDictionary<string, string> DataSha256 { get; init; }

    /// <summary>What each document is known by in any results of its protocol; null where that keeps to rows.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? DocKeys { get; init; }

    /// <summary>lm-evaluation-harness' digest of all documents, prompts and answers; null where the protocol has none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TaskHash { get; init; }

    /// <summary>Rows in the split, in evaluation order.</summary>
    public required IReadOnlyList<int> DocIds { get; init; }

    /// <summary>metric → a value for each of <see cref="DocIds"/>.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<double>> Scores { get; init; }

    /// <summary>metric → what goes with each score: the words or bytes that a log-likelihood is of, or the right label of a predicted one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, IReadOnlyList<double>>? Weights { get; init; }
}

/// <summary>Documents whose verdict would turn over under a small change of the log-likelihoods.</summary>
/// <param name="Margin">Nats; differences below it count.</param>
public sealed record NearTies(double Margin, int Count, IReadOnlyList<int> DocIds);

/// <summary>What was evaluated, and with what: two results with equal provenance and questions are of the same thing.</summary>
public sealed record Provenance
{
    /// <summary>The kind of a run of this program.</summary>
    internal const string Measured = "measured";

    /// <summary>"measured", or "reported" for numbers taken from a published card.</summary>
    public string Kind { get; init; } = Measured;

    public required string Model { get; init; }
    public string? Source { get; init; }
    public string? Architecture { get; init; }
    public string? WeightsSha256 { get; init; }

    /// <summary>Tensors of the checkpoint's files that its model does not use, the first by name; null where there are none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? UnusedTensors { get; init; }

    /// <summary>How many there are, where not all are named; else null.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? UnusedTensorsCount { get; init; }
    public string? TokenizerSha256 { get; init; }

    /// <summary>Why another file than tokenizer.model carries the tokenizer, where there is one, and which tokens are none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TokenizerNote { get; init; }

    public string? Protocol { get; init; }
    public string? Reference { get; init; }
    public string? Data { get; init; }
    public bool? AddBos { get; init; }
    public string? Dtype { get; init; }
    public string? LogprobDtype { get; init; }
    public string? Device { get; init; }
    public int? MaxLength { get; init; }
    public int? BatchTokens { get; init; }
    public long? CacheTokens { get; init; }

    /// <summary>Whether each sequence went through the model alone and unshared.</summary>
    public bool? Exact { get; init; }

    /// <summary>What the checkpoint's files say of generation; null where that is greedy decoding and no more.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public GenerationRecord? Generation { get; init; }

    /// <summary>The server that had the model, and how it was asked; null for a checkpoint.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ServedRecord? Served { get; init; }
    public IReadOnlyDictionary<string, string>? Versions { get; init; }

    /// <summary>Of results of lm-evaluation-harness; null for all others, and in no file of ours.</summary>
    internal HarnessPrompting? Prompting { get; init; }

    /// <summary>What is known of a run before its model works.</summary>
    /// <param name="generates">Whether text is generated.</param>
    internal static Provenance Create(ILanguageModel model, Protocol protocol, DataRoot data, bool generates)
    {
        var identity = model.Identity;
        return new()
        {
            Model = identity.Name,
            Architecture = identity.Architecture,
            UnusedTensors = identity.UnusedTensors,
            UnusedTensorsCount = identity.UnusedTensorsCount,
            TokenizerSha256 = identity.TokenizerSha256,
            TokenizerNote = identity.TokenizerNote,
            Protocol = protocol.Name,
            Reference = protocol.Reference,
            Data = data.IsSamples ? "samples" : "datasets",
            AddBos = protocol.AddsBos(identity.Start),
            Dtype = identity.Dtype,
            LogprobDtype = identity.LogProbDtype,
            Device = identity.Device,
            MaxLength = model.Limits.MaxLength,
            Exact = !model.Budget.Shares,
            Generation = generates ? identity.Generation : null,
            Served = identity.Served,
            Versions = new SortedDictionary<string, string>(identity.Versions.ToDictionary(), StringComparer.Ordinal)
            {
                ["cognito-eval"] = typeof(Provenance).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!
                    .InformationalVersion.Split('+')[0],
            },
        };
    }
}

/// <summary>When, where and how fast.</summary>
public sealed record Circumstances
{
    public required DateTimeOffset Started { get; init; }
    public required double Seconds { get; init; }
    public required string Host { get; init; }
    public required string Os { get; init; }
    public required int Threads { get; init; }
    public required string ModelPath { get; init; }
    public required string DataPath { get; init; }

    /// <summary>Share of the wall time by task, by the tokens that the task took.</summary>
    public required IReadOnlyDictionary<string, double> TaskSeconds { get; init; }

    public required IReadOnlyDictionary<string, StageRecord> Stages { get; init; }
    public required double PeakMemoryMib { get; init; }

    /// <summary>How often memory ran out and batches were halved.</summary>
    public int Halvings { get; init; }

    /// <summary>What computed: devices side by side, and how many shards were merged.</summary>
    public IReadOnlyList<string> Devices { get; init; } = [];

    /// <summary>What each of them held of a copy of the model, where copies were split over devices.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Split { get; init; }

    public int Shards { get; init; } = 1;

    /// <summary>Requests whose answers were on disk when the run went on.</summary>
    public long KeptRequests { get; init; }

    /// <summary>What was kept of each document: none, scores or full; null in results of before it was noted.</summary>
    public string? Details { get; init; }
}
