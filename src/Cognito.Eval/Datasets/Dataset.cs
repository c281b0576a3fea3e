using Cognito.Eval.Data;

namespace Cognito.Eval.Datasets;

/// <summary>A dataset as tasks name it: where its files may lie under the data root, and what its rows hold.</summary>
public sealed record Dataset(string Name)
{
    /// <summary>Folders under the data root. Two that both hold a split are an error, but where all columns are read: there the first has it.</summary>
    public required IReadOnlyList<string> Folders { get; init; }

    /// <summary>The columns that tasks read: what the digest of the rows covers; none where all are read.</summary>
    public required IReadOnlyList<string> Columns { get; init; }

    /// <summary>All columns of the hub's rows, in their order; none where only some are read.</summary>
    public IReadOnlyList<string> AllColumns { get; init; } = [];

    /// <summary>Files of the original, pre-hub release; paths under the data root.</summary>
    public IReadOnlyList<OriginalFile> Originals { get; init; } = [];

    /// <summary>Files by split, relative to the working folder, which are read wherever the data root is; null where they lie in folders.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Files { get; init; }

    /// <summary>A folder of it that is seen from the working folder, where the data root has none.</summary>
    public string? WorkingFolder { get; init; }

    /// <summary>Column names of header-less CSV files; null where CSV files start with a header.</summary>
    public IReadOnlyList<string>? CsvColumns { get; init; }

    /// <summary>A row read from CSV, where every cell is text, in the shape of the hub's rows.</summary>
    public Func<Row, Row> FromCsv { get; init; } = row => row;

    /// <summary>Published rows by split; none where that is not known.</summary>
    public IReadOnlyDictionary<string, int> PublishedRows { get; init; } = new Dictionary<string, int>();
}

/// <summary>A file of a dataset's original release: the split it holds, its path, and each record's row as the hub has it.</summary>
/// <param name="Path">Under the data root. Ends in .csv (header-less, <see cref="Dataset.CsvColumns"/>), .json (one array) or .jsonl.</param>
public sealed record OriginalFile(string Split, string Path, Func<Row, Row> ToRow);
