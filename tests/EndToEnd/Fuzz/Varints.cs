namespace Cognito.Eval.Tests;

/// <summary>Whole numbers of seven bits a byte, the lowest first, as protocol buffers and Thrift write them.</summary>
internal static class Varints
{
    public static ulong Read(ReadOnlySpan<byte> bytes, ref int at)
    {
        ulong number = 0;
        for (var shift = 0; ; shift += 7)
        {
            var part = bytes[at++];
            number |= (ulong)(part & 127) << shift;
            if (part < 128)
                return number;
        }
    }

    public static void Add(List<byte> to, ulong number)
    {
        for (; number > 127; number >>= 7)
            to.Add((byte)(number | 128));
        to.Add((byte)number);
    }
}
