using System.Diagnostics;
using Cognito.Eval.Models;
using Microsoft.Extensions.Logging;

namespace Cognito.Eval.Served;

/// <summary>
/// Looks now and then whether the server's model is still the one that the run began with. Answers count once a later look
/// has found it so.
/// </summary>
/// <param name="first">What it made of the fixed prompt when the run began.</param>
/// <param name="look">Asks for that again.</param>
internal sealed class Recognition(ServerAddress address, ServedFingerprint first, Func<CancellationToken, Task<double[]>> look, ServedModelOptions options)
{
    /// <summary>Looking takes no more than one part in so many of one worker's time.</summary>
    private const int Share = 20;

    /// <summary>More answers than these wait for no look.</summary>
    private const int MostWaiting = 4096;

    private readonly Stopwatch _since = Stopwatch.StartNew();
    private TimeSpan _between = options.ShortestBetweenChecks;
    private int _waiting;

    public ServedFingerprint First { get; private set; } = first;

    /// <summary>The kept answers are of a model that made this of the prompt: it goes by that.</summary>
    /// <exception cref="ServedException">It is another.</exception>
    public void Adopt(ServedFingerprint kept)
    {
        if (!First.IsWithin(kept))
            throw new ServedException($"{address}: the model is not the one whose answers were kept: a fixed prompt's log-probabilities are "
                + $"{Shown(First.Distance(kept))} elsewhere, more than the {Nats.Show(Math.Max(First.Tolerance, kept.Tolerance))} of rounding; "
                + "serve that model again, or ask all anew with --fresh");
        First = kept;
    }

    /// <summary>Whether what was answered until now counts; looks where it is time to, or where it must.</summary>
    /// <exception cref="ServedException">The model is another than before.</exception>
    public bool Confirm(bool must, CancellationToken cancel)
    {
        if (!must && ++_waiting < MostWaiting && _since.Elapsed < _between)
            return false;
        var begun = Stopwatch.GetTimestamp();
        double[] now;
        try
        {
            now = look(cancel).GetAwaiter().GetResult();
        }
        catch (CheckFailedException e)
        {
            throw new ServedException($"{address}: {e.Fact}, when asked again for what it was before the run (check \"{e.Check}\"); see the server's log", e);
        }
        var distance = First.Distance(new(now, 0));
        if (!(distance <= First.Tolerance))
            throw new ServedException($"{address}: the model is not the one that the run began with: a fixed prompt's log-probabilities are "
                + $"{Shown(distance)} elsewhere, more than the {Nats.Show(First.Tolerance)} of rounding; what was answered since the last look does not count; "
                + "serve that model again and give the same command");
        options.Logger.LogDebug("served: a fixed prompt's log-probabilities are within {Distance} of the first ones; {Answers} more answers count",
            distance, _waiting);
        var took = Stopwatch.GetElapsedTime(begun) * Share;
        _between = took < options.ShortestBetweenChecks ? options.ShortestBetweenChecks
            : took > options.LongestBetweenChecks ? options.LongestBetweenChecks : took;
        _waiting = 0;
        _since.Restart();
        return true;
    }

    private static string Shown(double distance) => double.IsFinite(distance) ? $"{Nats.Show(distance)} nats" : "of other tokens, or no numbers,";
}
