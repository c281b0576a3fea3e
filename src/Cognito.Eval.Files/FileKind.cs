namespace Cognito.Eval.Files;

/// <summary>A kind of file from outside: how many bytes one may have, and what to do where one is none.</summary>
/// <param name="Name">In messages, after "more than".</param>
/// <param name="Most">In bytes; docs/reliability.md lists them.</param>
/// <param name="Fix">The last part of a message.</param>
public sealed record FileKind(string Name, long Most, string Fix)
{
    /// <summary>Whether a user names it by its path: one like it may be what was meant.</summary>
    internal bool IsChosen { get; init; }

    private const string Checkpoint = "put the checkpoint's own file there";

    /// <summary>config.json, generation_config.json.</summary>
    public static FileKind Config { get; } = new("a config", 4 << 20, Checkpoint);

    /// <summary>model.safetensors.index.json.</summary>
    public static FileKind WeightIndex { get; } = new("an index of shards", 100_000_000, Checkpoint);

    /// <summary>*.safetensors: its header says how long it is.</summary>
    public static FileKind Weights { get; } = new("weights", 1L << 42, Checkpoint);

    /// <summary>--golden, a safetensors file of ids and logits.</summary>
    public static FileKind Golden { get; } = new("a golden", 1L << 42, "--golden names a safetensors file of input_ids.L and logits.L") { IsChosen = true };

    /// <summary>tokenizer.model.</summary>
    public static FileKind SentencePiece { get; } = new("a tokenizer.model", 8 << 20, Checkpoint);

    /// <summary>tokenizer.json.</summary>
    public static FileKind Tokenizer { get; } = new("a tokenizer.json", 128 << 20, Checkpoint);

    /// <summary>tokenizer_config.json, added_tokens.json, special_tokens_map.json.</summary>
    public static FileKind TokenizerConfig { get; } = new("a tokenizer's config", 32 << 20, Checkpoint);

    /// <summary>A split's rows, a run's details, documents that another harness logged.</summary>
    public static FileKind Rows { get; } = new("a file of rows", 1 << 30, "fetch it again, or name the right one");

    /// <summary>results.json, and results of lm-evaluation-harness.</summary>
    public static FileKind Results { get; } = new("a results.json", 256 << 20, "give a results.json");

    /// <summary>run.json.</summary>
    public static FileKind Manifest { get; } = new("a run.json", 8 << 20, "remove it, and the run begins anew");

    /// <summary>journal.sqlite and its log.</summary>
    public static FileKind Journal { get; } = new("a journal", 1L << 32, "remove it, and all is asked again");

    /// <summary>--policy.</summary>
    public static FileKind Policy { get; } = new("a policy", 1 << 20, "--policy names a YAML file") { IsChosen = true };

    /// <summary>A task file, and what it includes.</summary>
    public static FileKind Task { get; } = new("a task file", 1 << 20, "--task-path names YAML files or folders of them");

    /// <summary>README.md of a dataset on the hub.</summary>
    public static FileKind DatasetCard { get; } = new("a dataset's README.md", 8 << 20, "give the rows with --data DIR");

    /// <summary>datasets.lock.json, fetched.json, imported.json.</summary>
    public static FileKind Record { get; } = new("a record of files", 64 << 20, "remove it and fetch or import again");

    /// <summary>A revision's commit in the hub's cache.</summary>
    public static FileKind Ref { get; } = new("a commit", 1 << 10, "remove it, and the next fetch writes it anew");

    /// <summary>HF_HOME/token.</summary>
    public static FileKind Token { get; } = new("a token", 64 << 10, "check it, or set HF_TOKEN");

    /// <summary>A blob of the hub's cache.</summary>
    public static FileKind Blob { get; } = new("a file of the hub", 1L << 42, "remove it and fetch it again");
}
