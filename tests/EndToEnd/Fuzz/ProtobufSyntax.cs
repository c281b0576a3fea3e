using System.Buffers.Binary;

namespace Cognito.Eval.Tests;

/// <summary>A tokenizer.model as a tree: the messages of its pieces, trainer, normalizer and denormalizer are its branches.</summary>
internal static class ProtobufSyntax
{
    private const int Message = 100;

    private static readonly SyntaxFormat Format = new(Strangely, (random, _) => (ulong)random.Next(60),
        part => new(Message) { Name = part.Name, Parts = [part.Named(1ul)] });

    public static byte[] Change(byte[] model, Random random)
    {
        var bytes = new List<byte>();
        foreach (var part in Format.Change(new(Message) { Parts = Fields(model, nested: true) }, random).Parts!)
            Write(part, bytes);
        return [.. bytes];
    }

    private static List<Syntax> Fields(ReadOnlySpan<byte> message, bool nested)
    {
        var fields = new List<Syntax>();
        for (var at = 0; at < message.Length;)
        {
            var key = Varints.Read(message, ref at);
            var name = (object)(key >> 3);
            switch ((int)(key & 7))
            {
                case 0:
                    fields.Add(new(0) { Name = name, Value = Varints.Read(message, ref at) });
                    break;
                case 2:
                    var length = (int)Varints.Read(message, ref at);
                    var bytes = message.Slice(at, length);
                    at += length;
                    fields.Add(nested && (key >> 3 is 1 or 2 or 3 or 5)
                        ? new(Message) { Name = name, Parts = Fields(bytes, nested: false) }
                        : new(2) { Name = name, Value = bytes.ToArray() });
                    break;
                default:
                    var size = (key & 7) == 1 ? 8 : 4;
                    fields.Add(new((int)(key & 7)) { Name = name, Value = message.Slice(at, size).ToArray() });
                    at += size;
                    break;
            }
        }
        return fields;
    }

    private static void Write(Syntax tree, List<byte> to)
    {
        if (tree.Kind == Syntax.Raw)
        {
            to.AddRange((byte[])tree.Value!);
            return;
        }
        Varints.Add(to, (ulong)tree.Name! << 3 | (uint)(tree.Kind == Message ? 2 : tree.Kind));
        switch (tree.Kind)
        {
            case 0:
                Varints.Add(to, (ulong)tree.Value!);
                break;
            case Message:
                var inner = new List<byte>();
                tree.Parts!.ForEach(part => Write(part, inner));
                Varints.Add(to, (ulong)inner.Count);
                to.AddRange(inner);
                break;
            default:
                if (tree.Kind == 2)
                    Varints.Add(to, (ulong)((byte[])tree.Value!).Length);
                to.AddRange((byte[])tree.Value!);
                break;
        }
    }

    private static Syntax Strangely(Random random, Syntax was) => (was.Kind, random.Next(4)) switch
    {
        (0, < 3) => new(0) { Value = (ulong)(random.Next(3) == 0 ? random.Next(8) : Strange.Number(random, (long)(ulong)was.Value!)) },
        (5, < 3) => new(5) { Value = Single(random) },
        (2, 0) => new(2) { Value = new byte[random.Next(2) == 0 ? random.Next(2000) : 0] },
        (2, < 3) => new(2) { Value = Strange.Bytes((byte[])was.Value!, random) },
        (_, 0) => new(Syntax.Raw) { Value = Strange.Bytes([.. Enumerable.Range(0, 12).Select(_ => (byte)random.Next(256))], random) },
        _ => new(0) { Value = (ulong)Strange.Number(random) },
    };

    private static byte[] Single(Random random)
    {
        var bytes = new byte[4];
        float[] strange = [0, -0f, 1, float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, float.Epsilon];
        BinaryPrimitives.WriteSingleLittleEndian(bytes, strange[random.Next(strange.Length)]);
        return bytes;
    }
}
