using System.Diagnostics;
using Cognito.Eval.Files;

namespace Cognito.Eval.Tests;

/// <summary>A kind of file that comes from outside.</summary>
/// <param name="Seeds">Right files.</param>
/// <param name="Change">One of them changed by someone who knows the format.</param>
/// <param name="Read">Reads it and does with it what the program does.</param>
/// <param name="Bound">The most bytes that may be allocated on the way, from the file's length.</param>
internal sealed record FuzzTarget(
    string Name, IReadOnlyList<byte[]> Seeds, Func<byte[], Random, byte[]> Change, Action<byte[]> Read, Allocation Bound)
{
    /// <summary>The case of that number: always the same bytes.</summary>
    public byte[] Case(int number)
    {
        var random = new Random(number * 7919 + Name.Sum(letter => letter));
        var seed = Seeds[random.Next(Seeds.Count)];
        var how = random.Next(5);
        var changed = how < 4 ? Change(seed, random) : seed;
        return how > 2 ? Strange.Bytes(changed, random, Seeds[random.Next(Seeds.Count)]) : changed;
    }
}

/// <summary>Fixed + Each × the file's length, in bytes.</summary>
internal readonly record struct Allocation(long Fixed, long Each)
{
    public long Of(long length) => Fixed + Each * length;

    public override string ToString() => $"{Fixed >> 20} MiB + {Each} × size";
}

/// <summary>What became of the cases.</summary>
internal sealed class FuzzOutcome
{
    public int Read { get; private set; }
    public int Refused { get; private set; }

    /// <summary>Of the slowest case.</summary>
    public double Seconds { get; private set; }

    /// <summary>The most that one case allocated.</summary>
    public long Allocated { get; private set; }

    /// <summary>The most that one case took of its bound.</summary>
    public double Share { get; private set; }

    /// <summary>What no case may do, and which did.</summary>
    public List<string> Faults { get; } = [];

    public void Add(bool refused, double seconds, long allocated, double share)
    {
        (Read, Refused) = (Read + (refused ? 0 : 1), Refused + (refused ? 1 : 0));
        (Seconds, Allocated, Share) = (Math.Max(Seconds, seconds), Math.Max(Allocated, allocated), Math.Max(Share, share));
    }
}

/// <summary>Runs a target's cases one after the other.</summary>
internal static class Fuzzing
{
    /// <summary>Cases take a millisecond. tests/fuzz.sh has the machine for itself; the suite may not.</summary>
    private static readonly TimeSpan Hang =
        Environment.GetEnvironmentVariable("COGNITO_EVAL_FUZZ") is null ? HangGuard.Long : TimeSpan.FromSeconds(20);

    /// <summary>As little as a thread has anywhere: recursion without end shows.</summary>
    private const int Stack = 1 << 20;

    private const int MostFaults = 20;

    public static FuzzOutcome Run(FuzzTarget target, int cases)
    {
        target.Read(target.Seeds[0]); // what is made once is no case's
        var (outcome, number, started) = (new FuzzOutcome(), 0, Stopwatch.GetTimestamp());
        var worker = new Thread(() =>
        {
            for (; number < cases && outcome.Faults.Count < MostFaults; number++)
            {
                var bytes = target.Case(number);
                Volatile.Write(ref started, Stopwatch.GetTimestamp());
                Try(target, number, bytes, outcome);
            }
        }, Stack)
        { IsBackground = true };
        worker.Start();
        while (!worker.Join(millisecondsTimeout: 500))
            if (Stopwatch.GetElapsedTime(Volatile.Read(ref started)) > Hang)
                Assert.Fail($"{target.Name} case {number} hangs ({Keep(target, number, target.Case(number))})");
        return outcome;
    }

    private static void Try(FuzzTarget target, int number, byte[] bytes, FuzzOutcome outcome)
    {
        var bound = target.Bound.Of(bytes.Length);
        var (before, clock, refused) = (GC.GetAllocatedBytesForCurrentThread(), Stopwatch.GetTimestamp(), false);
        try
        {
            target.Read(bytes);
        }
        catch (InputException e)
        {
            refused = true;
            if (Wording.Fault(e.Message) is { } fault)
                outcome.Faults.Add($"case {number} ({Keep(target, number, bytes)}): {fault}: {e.Message}");
        }
        catch (Exception e)
        {
            outcome.Faults.Add($"case {number} ({Keep(target, number, bytes)}): {e}");
        }
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        outcome.Add(refused, Stopwatch.GetElapsedTime(clock).TotalSeconds, allocated, allocated / (double)bound);
        if (allocated > bound)
            outcome.Faults.Add(
                $"case {number} ({Keep(target, number, bytes)}): {bytes.Length} bytes made it allocate {allocated}, more than {bound}");
    }

    private static string Keep(FuzzTarget target, int number, byte[] bytes)
    {
        var path = Path.Combine(Path.GetTempPath(), $"fuzz-{number}-{target.Name}");
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
