namespace Cognito.Eval.Data.Parquet;

/// <summary>A column of a Parquet file, or a part of a nested one.</summary>
/// <param name="Definition">The definition level from which on it is there, not null.</param>
internal abstract record ParquetNode(string Name, int Definition)
{
    public abstract IEnumerable<ParquetLeaf> Leaves { get; }
}

/// <summary>A part that holds values: the only thing that a Parquet file stores.</summary>
/// <param name="Index">Which of a row group's column chunks.</param>
internal sealed record ParquetLeaf(string Name, int Definition, int Repetition, int Index, ParquetType Type)
    : ParquetNode(Name, Definition)
{
    public override IEnumerable<ParquetLeaf> Leaves => [this];
}

/// <summary>Named parts side by side.</summary>
internal sealed record ParquetStruct(string Name, int Definition, IReadOnlyList<ParquetNode> Parts)
    : ParquetNode(Name, Definition)
{
    public override IEnumerable<ParquetLeaf> Leaves { get; } = [.. Parts.SelectMany(part => part.Leaves)];
}

/// <summary>A list; whatever the writer called its inner groups.</summary>
/// <param name="Repetition">The repetition level of its second and later items.</param>
internal sealed record ParquetList(string Name, int Definition, int Repetition, ParquetNode Item)
    : ParquetNode(Name, Definition)
{
    public override IEnumerable<ParquetLeaf> Leaves { get; } = [.. Item.Leaves];
}

/// <summary>How the bytes of a value are to be read. The numbers are Parquet's physical types.</summary>
internal enum ParquetType
{
    Boolean = 0,
    Int32 = 1,
    Int64 = 2,
    Float = 4,
    Double = 5,
    Text = 6,
    UInt32 = 101,
    UInt64 = 102,
}
