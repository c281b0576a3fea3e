namespace Cognito.Eval.Tests;

/// <summary>A struct of Thrift's compact protocol as a tree; kinds are the protocol's numbers of types.</summary>
internal static class ThriftSyntax
{
    private const int False = 2, Byte = 3, Double = 7, Binary = 8, List = 9, Struct = 12;

    public static SyntaxFormat Format { get; } = new(Strangely, (random, name) => name is null ? null : random.Next(-1, 16),
        part => new(Struct) { Name = part.Name, Parts = [part.Named(1)] });

    public static Syntax Read(ReadOnlySpan<byte> bytes, ref int at)
    {
        var parts = new List<Syntax>();
        var field = 0;
        for (int header = bytes[at++]; header != 0; header = bytes[at++])
        {
            field = header >> 4 > 0 ? field + (header >> 4) : (int)ZigZag(bytes, ref at);
            parts.Add((header & 15) is var kind && kind <= False
                ? new(kind) { Name = field }
                : Value(kind, bytes, ref at).Named(field));
        }
        return new(Struct) { Parts = parts };
    }

    private static Syntax Value(int kind, ReadOnlySpan<byte> bytes, ref int at)
    {
        switch (kind)
        {
            case Binary:
                var length = (int)Varints.Read(bytes, ref at);
                at += length;
                return new(Binary) { Value = bytes.Slice(at - length, length).ToArray() };
            case List:
                var header = bytes[at++];
                var count = header >> 4 == 15 ? (int)Varints.Read(bytes, ref at) : header >> 4;
                var parts = new List<Syntax>();
                while (count-- > 0)
                    parts.Add(Value(header & 15, bytes, ref at));
                return new(List) { Parts = parts };
            case Struct:
                return Read(bytes, ref at);
            case Byte or Double or <= False:
                var size = kind == Double ? 8 : 1;
                at += size;
                return new(kind) { Value = bytes.Slice(at - size, size).ToArray() };
            default:
                return new(kind) { Value = ZigZag(bytes, ref at) };
        }
    }

    public static byte[] Write(Syntax tree)
    {
        var bytes = new List<byte>();
        Write(tree, bytes);
        return [.. bytes];
    }

    private static void Write(Syntax tree, List<byte> to)
    {
        switch (tree.Kind)
        {
            case Struct:
                foreach (var part in tree.Parts!)
                {
                    to.Add((byte)(part.Kind == Syntax.Raw ? Struct : part.Kind));
                    Varints.Add(to, ZigZag((int)(part.Name ?? 1)));
                    if (part.Kind > False)
                        Write(part, to);
                    else if (part.Kind == Syntax.Raw)
                        to.AddRange((byte[])part.Value!);
                }
                to.Add(0);
                break;
            case List:
                to.Add((byte)(0xF0 | (tree.Parts!.Count == 0 ? Struct : Math.Max(tree.Parts[0].Kind, 1))));
                Varints.Add(to, (ulong)tree.Parts.Count);
                tree.Parts.ForEach(part => Write(part, to));
                break;
            case Binary:
                Varints.Add(to, (ulong)((byte[])tree.Value!).Length);
                to.AddRange((byte[])tree.Value!);
                break;
            default:
                if (tree.Value is long number)
                    Varints.Add(to, ZigZag(number));
                else
                    to.AddRange((byte[]?)tree.Value ?? [1]);
                break;
        }
    }

    private static Syntax Strangely(Random random, Syntax was) => (was.Value, random.Next(6)) switch
    {
        (long number, < 5) => new(was.Kind) { Value = Strange.Number(random, number) },
        (byte[] bytes, < 3) when bytes.Length > 0 => new(was.Kind) { Value = Strange.Bytes(bytes, random) },
        (_, 0) => new(random.Next(1, 3)),
        (_, 1) => new(Binary) { Value = new byte[random.Next(2) == 0 ? random.Next(5000) : 0] },
        (_, 2) => new(List) { Parts = [.. Enumerable.Range(0, random.Next(3)).Select(_ => new Syntax(Struct) { Parts = [] })] },
        // Nested without end: structs that begin and do not close, or lists of lists.
        (_, 3) => new(Syntax.Raw) { Value = (byte[])[.. Enumerable.Repeat((byte)(random.Next(2) == 0 ? 0x1C : 0x19), random.Next(5000))] },
        _ => new(6) { Value = Strange.Number(random) },
    };

    /// <summary>The number in a field; 0 where there is none.</summary>
    public static long Number(Syntax tree, int field) => tree.Parts!.Find(part => field.Equals(part.Name))?.Value as long? ?? 0;

    public static Syntax? Part(Syntax tree, int field) => tree.Parts!.Find(part => field.Equals(part.Name));

    /// <summary>Puts a number where the field is there already.</summary>
    public static void Set(Syntax tree, int field, long number)
    {
        if (tree.Parts!.FindIndex(part => field.Equals(part.Name)) is >= 0 and var at)
            tree.Parts[at] = new(6) { Name = field, Value = number };
    }

    private static long ZigZag(ReadOnlySpan<byte> bytes, ref int at)
    {
        var number = Varints.Read(bytes, ref at);
        return (long)(number >> 1) ^ -(long)(number & 1);
    }

    private static ulong ZigZag(long number) => (ulong)((number << 1) ^ (number >> 63));
}
