using System.Buffers.Binary;
using System.Text;
using Cognito.Eval.Data.Parquet;
using Cognito.Eval.Files;

namespace Cognito.Eval.Data;

/// <summary>Rows from a Parquet file, nested columns as lists and structs.</summary>
/// <remarks>
/// A reader of our own: docs/decisions/0001-own-parquet-reader.md. The lists of these datasets are named in three ways, nulls
/// and empty lists differ, a replaced byte would make another question, and no count in a file may be believed.
/// </remarks>
internal static class ParquetRows
{
    /// <param name="path">The file.</param>
    /// <param name="wanted">The columns to read, which must be there; null for all. Others may be of any type.</param>
    /// <param name="bounds">How many rows there may be; as many as there are if null.</param>
    /// <exception cref="InputException">It is damaged, lacks a column or has one that cannot be a cell.</exception>
    public static List<Row> Read(string path, IReadOnlyCollection<string>? wanted = null, RowBounds? bounds = null) =>
        Parse(path, DataFile.Read(path), wanted, bounds);

    internal static List<Row> Parse(
        string path, ReadOnlyMemory<byte> file, IReadOnlyCollection<string>? wanted = null, RowBounds? bounds = null)
    {
        var about = path;
        try
        {
            var footer = Footer(file.Span, out var pages);
            var (columns, names, leaves) = ParquetSchema.Read(footer.Structs(2), wanted?.ToHashSet());
            if (wanted?.FirstOrDefault(column => !names.Contains(column)) is { } missing)
                throw new InputException($"{path}: no column \"{missing}\" among " +
                    $"{string.Join(", ", names.Take(20))}; is this the right dataset?");
            if (columns.Count == 0)
                throw new InvalidDataException("it has no columns");
            var rows = new List<Row>();
            var allowance = new ParquetAllowance(file.Length);
            foreach (var group in footer.Structs(4))
            {
                var read = Columns(path, file.Span[..pages], group, columns, leaves, allowance, ref about);
                about = path;
                bounds?.RequireRows(path, rows.Count + group.Size(3));
                ParquetColumn[] all = [.. read.OfType<ParquetColumn>()];
                for (var left = group.Size(3); left > 0; left--)
                    rows.Add(Row(path, rows.Count + 1, columns, read, all));
                if (all.Any(column => !column.AtEnd))
                    throw new InvalidDataException("a row group holds more values than rows");
            }
            return rows;
        }
        catch (NotSupportedException e)
        {
            throw new InputException(
                $"{about}: {Fact.Of(e)}, which is not supported; convert the file to JSON lines", e);
        }
        catch (DecoderFallbackException e)
        {
            throw new InputException(
                $"{about}: holds binary values that are not UTF-8 text; is this the right file?", e);
        }
        catch (Exception e) when (e is not (InputException or OutOfMemoryException))
        {
            var fact = e is InvalidDataException ? Fact.Of(e) : "its bytes do not add up";
            throw new InputException($"{about}: not a whole Parquet file ({fact}); fetch it again", e);
        }
    }

    private static Thrift Footer(ReadOnlySpan<byte> file, out int start)
    {
        if (file.Length < 12 || !file.StartsWith("PAR1"u8))
            throw new InvalidDataException("it does not start as one");
        if (!file.EndsWith("PAR1"u8))
            throw new InvalidDataException("its end is missing");
        var length = BinaryPrimitives.ReadUInt32LittleEndian(file[^8..]);
        if (length > file.Length - 12)
            throw new InvalidDataException("its footer is larger than the file");
        start = file.Length - 8 - (int)length;
        return Thrift.Read(file[start..^8], out _);
    }

    /// <summary>The values of the wanted columns in one row group, by leaf; the others' are null.</summary>
    private static ParquetColumn?[] Columns(
        string path, ReadOnlySpan<byte> pages, Thrift group, IReadOnlyList<ParquetNode> columns, int leaves,
        ParquetAllowance allowance, ref string about)
    {
        var chunks = group.Structs(1).ToArray();
        if (chunks.Length != leaves)
            throw new InvalidDataException("a row group lacks columns");
        var read = new ParquetColumn?[leaves];
        foreach (var column in columns)
        {
            about = $"{path} column \"{column.Name}\"";
            foreach (var leaf in column.Leaves)
            {
                var chunk = chunks[leaf.Index].Struct(3) ?? throw new InvalidDataException("it is not in this file");
                read[leaf.Index] = new ParquetColumn(pages, leaf, chunk, allowance);
            }
        }
        return read;
    }

    private static Row Row(
        string path, int number, IReadOnlyList<ParquetNode> columns, ParquetColumn?[] read, ParquetColumn[] all)
    {
        var cells = new Dictionary<string, object?>(columns.Count);
        foreach (var column in columns)
            cells.Add(column.Name, Cell(column, read));
        foreach (var column in all)
            if (column.Repetition != 0)
                throw new InvalidDataException($"row {number} does not end where its lists do");
        return new Row($"{path} row {number}", cells);
    }

    /// <summary>Takes the next cell off its leaves.</summary>
    private static object? Cell(ParquetNode node, ParquetColumn?[] read)
    {
        if (node is ParquetLeaf leaf)
            return read[leaf.Index]!.Next();
        // All leaves below agree on whether this is null or empty, so the first answers for all.
        var first = read[node.Leaves.First().Index]!;
        if (first.Definition < node.Definition)
            return Nothing(node, read, null);
        return node switch
        {
            ParquetStruct part => part.Parts.ToDictionary(inner => inner.Name, inner => Cell(inner, read)),
            ParquetList list when first.Definition == list.Definition => Nothing(list, read, Array.Empty<object?>()),
            ParquetList list => Items(list, first, read),
            _ => throw new InvalidDataException("it is of an unknown form"),
        };
    }

    private static object? Nothing(ParquetNode node, ParquetColumn?[] read, object? value)
    {
        foreach (var leaf in node.Leaves)
            read[leaf.Index]!.Next();
        return value;
    }

    private static object?[] Items(ParquetList list, ParquetColumn first, ParquetColumn?[] read)
    {
        var items = new List<object?>();
        do
            items.Add(Cell(list.Item, read));
        while (first.Repetition == list.Repetition);
        return [.. items];
    }
}
