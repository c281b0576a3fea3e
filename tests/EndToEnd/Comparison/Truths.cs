using Cognito.Eval.Benchmarks;
using Cognito.Eval.Comparison;
using Cognito.Eval.Tasks;
using MathNet.Numerics.Distributions;

namespace Cognito.Eval.Tests;

/// <summary>Two runs of a column whose truth is known: what a pair of them may be, drawn or enumerated.</summary>
internal abstract class Truth(string name)
{
    public string Name => name;

    /// <summary>The true difference, candidate − baseline, in points.</summary>
    public abstract double Difference { get; }

    public abstract Contrast Draw(Random random);

    /// <summary>Published documents of MMLU's subjects.</summary>
    public static readonly int[] Subjects =
        [.. TaskSet.Leaderboard.Select(["mmlu"]).Tasks.Select(task => task.Dataset.PublishedRows[task.Split])];

    /// <summary>The leaderboard's columns at so many documents a task, or as published.</summary>
    public static IReadOnlyList<(string Name, int[] Documents)> Leaderboard(int? most = null) =>
    [
        .. new (string, int[])[]
        {
            ("ARC", [1172]), ("HellaSwag", [10042]), ("MMLU", Subjects), ("TruthfulQA", [817]), ("Winogrande", [1267]), ("GSM8K", [1319]),
        }.Select(column => (column.Item1, column.Item2.Select(n => Math.Min(n, most ?? n)).ToArray())),
    ];

    /// <summary>As a comparison of two files makes it.</summary>
    protected static Contrast Made(string name, int[] documents, int[] wins, int[] losses)
    {
        var strata = documents.Select((n, s) => Stratum.Discordant(n, wins[s], losses[s])).ToList();
        var mean = MeanOf.Strata([.. documents.Select((n, s) => MeanOf.Discordant(n, wins[s], losses[s]))]).AtLeastTwoDiscordant(documents);
        var scores = new WeightedMean([.. strata.Select(stratum => new WeightedMean.Part(stratum, 1.0 / strata.Count))]);
        var (won, lost) = (wins.Sum(), losses.Sum());
        return ColumnContrast.WithError(new()
        {
            Name = name,
            Documents = documents.Sum(),
            AskedByTask = documents,
            IsPaired = true,
            Baseline = 0,
            Candidate = mean.Mean * 100,
            Wins = won,
            Losses = lost,
            Test = documents.Length == 1 ? PairedTests.MidP : PairedTests.StratifiedScore,
        }, mean, scores);
    }

    /// <summary>The p-value that a comparison states.</summary>
    public static double P(Contrast contrast) => contrast.Test == PairedTests.MidP
        ? PairedTests.McNemarMidP(contrast.Wins!.Value, contrast.Losses!.Value) : contrast.P ?? contrast.Scores!.P(0);
}

/// <summary>0/1 scores: by task how likely a document is won and lost, in fractions.</summary>
internal sealed class Counted(string name, int[] documents, double[] gains, double[] losses) : Truth(name)
{
    private readonly Dictionary<(int N, double P), Counts> counts = [];
    private readonly Dictionary<(int, int), Contrast> made = [];

    public override double Difference => 100 * gains.Zip(losses, (a, b) => a - b).Average();

    /// <summary>Every task with the same share of discordant documents, at least the drop; the drop in points.</summary>
    public static Counted Alike(string name, int[] documents, double discordant, double drop)
    {
        var share = Math.Max(discordant, Math.Abs(drop) / 100);
        return new(name, documents, [.. documents.Select(_ => (share - drop / 100) / 2)], [.. documents.Select(_ => (share + drop / 100) / 2)]);
    }

    public override Contrast Draw(Random random)
    {
        var (won, lost) = (new int[documents.Length], new int[documents.Length]);
        for (var s = 0; s < documents.Length; s++)
        {
            won[s] = Chances(documents[s], gains[s]).Draw(random);
            lost[s] = Chances(documents[s] - won[s], losses[s] / (1 - gains[s])).Draw(random);
        }
        return documents.Length > 1 ? Made(Name, documents, won, lost) : Of(won[0], lost[0]);
    }

    public Contrast Of(int won, int lost) =>
        made.TryGetValue((won, lost), out var known) ? known : made[(won, lost)] = Made(Name, documents, [won], [lost]);

    private Counts Chances(int n, double p) => counts.TryGetValue((n, p), out var known) ? known : counts[(n, p)] = new(n, p);

    /// <summary>Of one task: all that may happen with a chance above 1e-13, and the chances.</summary>
    public IEnumerable<(Contrast Contrast, double Chance)> All()
    {
        var (n, a, b) = (documents.Single(), gains[0], losses[0]);
        foreach (var won in Likely(n, a))
            foreach (var lost in Likely(n - won, b / (1 - a)))
                if (Binomial.PMF(a, n, won) * Binomial.PMF(b / (1 - a), n - won, lost) is > 1e-13 and var chance)
                    yield return (Of(won, lost), chance);
    }

    private static IEnumerable<int> Likely(int n, double p)
    {
        var reach = 7.5 * Math.Sqrt(n * p * (1 - p)) + 12;
        var (first, last) = ((int)Math.Max(0, n * p - reach), (int)Math.Min(n, n * p + reach));
        return p == 0 ? [0] : Enumerable.Range(first, last - first + 1);
    }

    /// <summary>A binomial count, drawn from its cumulative distribution.</summary>
    private sealed class Counts
    {
        private readonly double[] upTo;

        public Counts(int n, double p)
        {
            upTo = new double[n + 1];
            var (distribution, sum) = (new Binomial(p, n), 0.0);
            for (var k = 0; k <= n; k++)
                upTo[k] = sum += distribution.Probability(k);
            upTo[n] = 1;
        }

        public int Draw(Random random)
        {
            var at = Array.BinarySearch(upTo, random.NextDouble());
            return at < 0 ? ~at : at;
        }
    }
}

/// <summary>Other scores, as mc2: how each document's difference is drawn.</summary>
/// <param name="mean">Of one difference, a fraction.</param>
internal sealed class Other(string name, int documents, double mean, Func<Random, double> draw) : Truth(name)
{
    public override double Difference => 100 * mean;

    public override Contrast Draw(Random random)
    {
        double[] differences = [.. Enumerable.Range(0, documents).Select(_ => draw(random))];
        var stratum = Stratum.Differences(differences);
        var (test, p) = PairedTests.MeanDifference(differences);
        return ColumnContrast.WithError(new()
        {
            Name = Name,
            Documents = documents,
            IsPaired = true,
            Baseline = 0,
            Candidate = 100 * stratum.Mean,
            Wins = differences.Count(d => d >= Stratum.Tie),
            Losses = differences.Count(d => d <= -Stratum.Tie),
            Test = test,
            P = p,
        }, MeanOf.Documents(differences).AtLeastTwoDiscordant([documents], size: stratum.Most), WeightedMean.Of(stratum));
    }

    /// <summary>Every document moves a little: normal, with a standard deviation.</summary>
    public static Other Smooth(int documents, double deviation, double drop) => new($"smooth, sd {deviation}", documents, -drop / 100,
        random => -drop / 100 + deviation * Normal.Sample(random, 0, 1));

    /// <summary>
    /// A share of the documents moves by up to 1, more of them down if there is a drop; the others not at all.
    /// </summary>
    public static Other Sparse(int documents, double share, double drop)
    {
        var moving = Math.Max(share, 2 * drop / 100);
        var down = (1 + 2 * drop / 100 / moving) / 2;
        return new($"sparse, {100 * share:0.#} % of the documents", documents, -drop / 100,
            random => random.NextDouble() >= moving ? 0 : (random.NextDouble() < down ? -1 : 1) * random.NextDouble());
    }

    /// <summary>A small share of the documents loses 0.3 to 1; the others move by a normal deviation.</summary>
    public static Other Rare(int documents, double share, double deviation) => new(
        $"{100 * share:0.0} % lose 0.3 to 1, the rest sd {deviation}", documents, -share * 0.65,
        random => (random.NextDouble() < share ? -0.3 - 0.7 * random.NextDouble() : 0) + (deviation > 0 ? deviation * Normal.Sample(random, 0, 1) : 0));
}
