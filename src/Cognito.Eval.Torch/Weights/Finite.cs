using System.Numerics;
using System.Runtime.InteropServices;

namespace Cognito.Eval.Torch.Weights;

/// <summary>Tells whether all numbers of a tensor are finite: neither a NaN nor an infinity, whose exponents are all ones.</summary>
internal static class Finite
{
    /// <param name="bytes">Whole numbers of the type.</param>
    /// <returns>True for types that know no such numbers.</returns>
    public static bool All(string dtype, ReadOnlySpan<byte> bytes) => dtype switch
    {
        "BF16" => All<ushort>(bytes, 0x7F80),
        "F16" => All<ushort>(bytes, 0x7C00),
        "F32" => All(bytes, 0x7F80_0000u),
        "F64" => All(bytes, 0x7FF0_0000_0000_0000ul),
        _ => true,
    };

    private static bool All<T>(ReadOnlySpan<byte> bytes, T exponent) where T : unmanaged, IBinaryInteger<T>
    {
        var numbers = MemoryMarshal.Cast<byte, T>(bytes);
        var (mask, found) = (new Vector<T>(exponent), Vector<T>.Zero);
        var at = 0;
        for (; at <= numbers.Length - Vector<T>.Count; at += Vector<T>.Count)
            found |= Vector.Equals(new Vector<T>(numbers[at..]) & mask, mask);
        if (found != Vector<T>.Zero)
            return false;
        foreach (var number in numbers[at..])
            if ((number & exponent) == exponent)
                return false;
        return true;
    }
}
