using System.Buffers.Binary;

namespace Cognito.Eval.Tests;

/// <summary>A Parquet file taken apart into footer, page headers and page bodies, any of them changed, and put together.</summary>
internal static class ParquetSyntax
{
    public static byte[] Change(byte[] file, Random random)
    {
        var start = file.Length - 8 - BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(file.Length - 8));
        var at = start;
        var footer = ThriftSyntax.Read(file, ref at);
        var what = random.Next(4);
        var bytes = new List<byte>("PAR1"u8.ToArray());
        foreach (var chunk in Chunks(footer))
            Rewrite(file, chunk, bytes, changes: what > 0, random);
        if (what is 0 or 3)
            footer = ThriftSyntax.Format.Change(footer, random);
        var written = ThriftSyntax.Write(footer);
        var length = random.Next(30) == 0 ? (int)Strange.Number(random, written.Length) : written.Length;
        return [.. bytes, .. written, .. BitConverter.GetBytes(length), .. "PAR1"u8];
    }

    /// <summary>The ColumnMetaData of every chunk.</summary>
    private static IEnumerable<Syntax> Chunks(Syntax footer) =>
        from groupOf in ThriftSyntax.Part(footer, 4)?.Parts ?? []
        from column in ThriftSyntax.Part(groupOf, 1)?.Parts ?? []
        select ThriftSyntax.Part(column, 3) into chunk
        where chunk is not null
        select chunk;

    /// <summary>Copies a chunk's pages, some of them changed, and tells the chunk where they lie now.</summary>
    private static void Rewrite(byte[] file, Syntax chunk, List<byte> to, bool changes, Random random)
    {
        var (dictionary, data) = (ThriftSyntax.Number(chunk, 11), ThriftSyntax.Number(chunk, 9));
        var at = (int)(dictionary > 0 ? Math.Min(dictionary, data) : data);
        var (from, end) = (to.Count, at + (int)ThriftSyntax.Number(chunk, 7));
        var firstData = -1L;
        while (at < end)
        {
            var header = ThriftSyntax.Read(file, ref at);
            var body = file.AsSpan(at, (int)ThriftSyntax.Number(header, 3)).ToArray();
            at += body.Length;
            if (ThriftSyntax.Number(header, 1) != 2 && firstData < 0)
                firstData = to.Count;
            if (changes && random.Next(4) == 0)
                (header, body) = ChangedPage(header, body, random);
            to.AddRange(ThriftSyntax.Write(header));
            to.AddRange(body);
        }
        ThriftSyntax.Set(chunk, 7, to.Count - from);
        ThriftSyntax.Set(chunk, 9, firstData < 0 ? from : firstData);
        ThriftSyntax.Set(chunk, 11, from);
    }

    private static (Syntax Header, byte[] Body) ChangedPage(Syntax header, byte[] body, Random random)
    {
        if (random.Next(2) == 0 && body.Length > 0)
        {
            var changed = Strange.Bytes(body, random);
            if (ThriftSyntax.Number(header, 2) == body.Length)
                ThriftSyntax.Set(header, 2, changed.Length);
            ThriftSyntax.Set(header, 3, changed.Length);
            body = changed;
        }
        return (random.Next(2) == 0 ? ThriftSyntax.Format.Change(header, random) : header, body);
    }
}
