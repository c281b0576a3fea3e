using Cognito.Eval.Tokenizers;

namespace Cognito.Eval.Models;

/// <summary>What a model is, as far as that is known before it works. Two with equal ones give equal answers, but for the weights.</summary>
public sealed record ModelIdentity
{
    /// <summary>The name that its results go by.</summary>
    public required string Name { get; init; }

    /// <summary>Where it lies, for people.</summary>
    public string Place { get; init; } = "";

    /// <summary>As it may be named again, from anywhere; null for what needs no name.</summary>
    public string? Given { get; init; }

    public string? Architecture { get; init; }
    public string? TokenizerSha256 { get; init; }

    /// <summary>What is to be said of the tokenizer's files.</summary>
    public string? TokenizerNote { get; init; }

    /// <summary>What its tokenizer puts around texts, where a protocol asks for that.</summary>
    public StartOfText Start { get; init; } = StartOfText.None;

    /// <summary>How its tokenizer's files were read; null where it has none.</summary>
    public TokenizerRules? Tokenization { get; init; }

    /// <summary>What is to be said of its other files; one sentence each.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];

    /// <summary>Tensors of its files that it does not use, the first by name; null where there are none.</summary>
    public IReadOnlyList<string>? UnusedTensors { get; init; }

    /// <summary>How many there are, where not all are named; else null.</summary>
    public int? UnusedTensorsCount { get; init; }

    /// <summary>What its files say of generation; null where that is greedy decoding and no more.</summary>
    public GenerationRecord? Generation { get; init; }

    /// <summary>The server that has it, and how it is asked; null for a model of its own.</summary>
    public ServedRecord? Served { get; init; }

    /// <summary>The type that it computes in, and that log-probabilities are taken in.</summary>
    public string? Dtype { get; init; }
    public string? LogProbDtype { get; init; }

    /// <summary>The kind of its devices, and each of them.</summary>
    public string? Device { get; init; }
    public IReadOnlyList<string> Devices { get; init; } = [];

    /// <summary>What each device holds of a copy, where copies are split over devices; else null.</summary>
    public IReadOnlyList<string>? Split { get; init; }

    /// <summary>CPU threads that it takes.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>The token budget that was asked for; null leaves it to the free memory.</summary>
    public int? BatchTokens { get; init; }

    /// <summary>Whether it records what routers do.</summary>
    public bool RecordsRouting { get; init; }

    /// <summary>Versions of what computes, by name.</summary>
    public IReadOnlyDictionary<string, string> Versions { get; init; } = new Dictionary<string, string>();

    /// <summary>A quick look at its weights.</summary>
    public string Weights { get; init; } = "";

    /// <summary>Of config.json.</summary>
    public string ConfigSha256 { get; init; } = "";

    /// <summary>Ids that end a generated answer.</summary>
    public IReadOnlyList<int> EndIds { get; init; } = [];

    /// <summary>The build of what computes it.</summary>
    public string Build { get; init; } = "";
}
