using System.Numerics;

namespace Cognito.Eval.Protocols;

/// <summary>CPython's <c>random.Random</c>, draw for draw (protocol 2.1–2.4): MT19937 seeded by an integer.</summary>
public sealed class PythonRandom
{
    private const int N = 624, M = 397;
    private readonly uint[] state = new uint[N];
    private int index = N;

    /// <param name="seed">Any integer; its absolute value counts.</param>
    public PythonRandom(BigInteger seed)
    {
        var rest = BigInteger.Abs(seed);
        var key = new List<uint>();
        do
        {
            key.Add((uint)(rest & uint.MaxValue));
            rest >>= 32;
        }
        while (!rest.IsZero);
        InitByArray(key);
    }

    /// <summary>The next 32-bit word of the generator.</summary>
    public uint NextWord()
    {
        if (index == N)
            Regenerate();
        var y = state[index++];
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c5680;
        y ^= (y << 15) & 0xefc60000;
        return y ^ (y >> 18);
    }

    /// <summary>A double in [0, 1) with 53 random bits.</summary>
    public double NextDouble()
    {
        ulong high = NextWord() >> 5, low = NextWord() >> 6;
        return (high * 67108864.0 + low) / 9007199254740992.0;
    }

    /// <summary>An integer of <paramref name="bits"/> random bits; 0 bits draw nothing.</summary>
    public BigInteger NextBits(int bits)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bits);
        var value = BigInteger.Zero;
        for (var at = 0; at < bits; at += 32)
            value |= (BigInteger)(NextWord() >> Math.Max(0, 32 - (bits - at))) << at;
        return value;
    }

    /// <summary>An integer in [0, n), by rejection on n's bit length: n = 1 consumes words too.</summary>
    public BigInteger Below(BigInteger n)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, BigInteger.One);
        var bits = (int)n.GetBitLength();
        BigInteger drawn;
        do
            drawn = NextBits(bits);
        while (drawn >= n);
        return drawn;
    }

    /// <inheritdoc cref="Below(BigInteger)"/>
    public int Below(int n)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        var unused = int.LeadingZeroCount(n);
        uint drawn;
        do
            drawn = NextWord() >> unused;
        while (drawn >= (uint)n);
        return (int)drawn;
    }

    /// <summary>Shuffles in place, as <c>random.shuffle</c>.</summary>
    public void Shuffle<T>(IList<T> items)
    {
        for (var i = items.Count - 1; i > 0; i--)
        {
            var j = Below(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary>k distinct indices of a list of n, in drawn order, as <c>random.sample</c>.</summary>
    public int[] Sample(int n, int k)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(k);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(k, n);
        return n <= SetSize(k) ? SampleFromPool(n, k) : SampleFromSet(n, k);
    }

    /// <summary>The population size up to which CPython samples from a copied pool instead of remembering a set.</summary>
    internal static long SetSize(int k)
    {
        if (k <= 5)
            return 21;
        var power = 1L;
        while (power < 3L * k)
            power *= 4;
        return 21 + power;
    }

    private int[] SampleFromPool(int n, int k)
    {
        var pool = Enumerable.Range(0, n).ToArray();
        var result = new int[k];
        for (var i = 0; i < k; i++)
        {
            var j = Below(n - i);
            result[i] = pool[j];
            pool[j] = pool[n - i - 1];
        }
        return result;
    }

    private int[] SampleFromSet(int n, int k)
    {
        var chosen = new HashSet<int>(k);
        var result = new int[k];
        for (var i = 0; i < k; i++)
        {
            int j;
            do
                j = Below(n);
            while (!chosen.Add(j));
            result[i] = j;
        }
        return result;
    }

    private void InitByArray(List<uint> key)
    {
        state[0] = 19650218;
        for (var k = 1; k < N; k++)
            state[k] = 1812433253 * (state[k - 1] ^ (state[k - 1] >> 30)) + (uint)k;
        int i = 1, j = 0;
        for (var k = Math.Max(N, key.Count); k > 0; k--)
        {
            state[i] = (state[i] ^ ((state[i - 1] ^ (state[i - 1] >> 30)) * 1664525)) + key[j] + (uint)j;
            Advance(ref i);
            if (++j >= key.Count)
                j = 0;
        }
        for (var k = N - 1; k > 0; k--)
        {
            state[i] = (state[i] ^ ((state[i - 1] ^ (state[i - 1] >> 30)) * 1566083941)) - (uint)i;
            Advance(ref i);
        }
        state[0] = 0x80000000;
    }

    private void Advance(ref int i)
    {
        if (++i < N)
            return;
        state[0] = state[N - 1];
        i = 1;
    }

    private void Regenerate()
    {
        for (var k = 0; k < N; k++)
        {
            var y = (state[k] & 0x80000000) | (state[(k + 1) % N] & 0x7fffffff);
            state[k] = state[(k + M) % N] ^ (y >> 1) ^ ((y & 1) == 0 ? 0 : 0x9908b0df);
        }
        index = 0;
    }
}
