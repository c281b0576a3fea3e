using System.Diagnostics;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;
using Cognito.Eval.Torch;
using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Native;

namespace Cognito.Eval.Cli;

/// <summary>One column's log-likelihoods, timed.</summary>
/// <param name="NaiveSeconds">The same requests with nothing shared; null if not asked for.</param>
/// <param name="PublishedDocuments">0 where they are not known, or are of several columns.</param>
internal sealed record BenchedColumn(
    string Column, PlanCounts Counts, double Seconds, double? NaiveSeconds, int PublishedDocuments)
{
    /// <summary>How many times fewer tokens than request by request, merged requests once; null where there are none.</summary>
    public required double? TokenRatio { get; init; }

    /// <summary>Of a split model: the share of the time in which each stage's device was at work; else none.</summary>
    public IReadOnlyList<double> Busy { get; init; } = [];

    public double? TokensPerSecond => Bench.Ratio(Counts.DistinctTokens, Seconds);

    /// <summary>How many times longer the same requests take with nothing shared.</summary>
    public double? Faster => Bench.Ratio(NaiveSeconds, Seconds);

    /// <summary>
    /// All columns as one: null where none was scored. Its token ratio is the mean of theirs, by forward tokens.
    /// </summary>
    public static BenchedColumn? All(IReadOnlyList<BenchedColumn> columns) => columns.Count == 0 ? null : new(
        "all", columns.Select(column => column.Counts).Aggregate((sum, counts) => sum + counts),
        columns.Sum(column => column.Seconds),
        columns.Any(column => column.NaiveSeconds is null) ? null : columns.Sum(column => column.NaiveSeconds),
        columns.Sum(column => column.PublishedDocuments))
    {
        TokenRatio = Bench.Ratio(
            columns.Sum(column => column.TokenRatio * column.Counts.ForwardTokens),
            columns.Sum(column => column.Counts.ForwardTokens)),
        Busy = [.. columns[0].Busy.Select((_, stage) => columns.Sum(column => column.Busy[stage] * column.Seconds)
            / columns.Sum(column => column.Seconds))],
    };

    /// <summary>
    /// Seconds for all published documents at this speed, by documents; for MMLU the mean over its subjects of a document's
    /// time stands for all of them. Null where it is not known how many were published.
    /// </summary>
    public double? PublishedSeconds =>
        PublishedDocuments == 0 ? null : Bench.Ratio(Seconds, Counts.Documents) * PublishedDocuments;
}

/// <summary>Greedy generation with the stops ignored, timed.</summary>
/// <param name="PromptSeconds">Until every prompt has its first token.</param>
/// <param name="FloorSeconds">
/// The prompts' operations at the ceiling, then for each step the weights and the rows' keys and values once at the copy
/// bandwidth.
/// </param>
internal sealed record BenchedGeneration(
    int Prompts, long PromptTokens, int NewTokens, double PromptSeconds, double Seconds, double FloorSeconds)
{
    /// <summary>As of a column.</summary>
    public IReadOnlyList<double> Busy { get; init; } = [];

    /// <summary>Of one more token for every prompt; null where the clock saw no more than the prompts' time.</summary>
    public double? StepSeconds() => Seconds > PromptSeconds ? Bench.Ratio(Seconds - PromptSeconds, NewTokens - 1) : null;
}

/// <summary>What <c>bench</c> measures, on a model of given shape.</summary>
/// <param name="models">One a copy.</param>
/// <param name="model">All of them as one.</param>
/// <param name="cancel">Ends a measurement between two batches or two generated tokens.</param>
internal sealed class Bench(
    ModelConfig config, IReadOnlyList<TorchModel> models, ITokenModel model, Placement placement, int threads, CancellationToken cancel)
{
    private readonly Lazy<(double Best, double Sustained)> _flops = new(() => Ceiling.Flops(placement.Device, placement.Dtype, threads));
    private readonly Lazy<double> _bytes = new(() => Ceiling.MemoryBytes(placement.Device));

    /// <summary>Equal ones.</summary>
    private readonly int _devices = placement.Devices.DistinctBy(device => $"{device}").Count();

    /// <summary>Of all devices together, as the others are.</summary>
    public double CeilingFlops => _devices * _flops.Value.Best;

    public double SustainedFlops => _devices * _flops.Value.Sustained;

    public double MemoryBytesPerSecond => _devices * _bytes.Value;

    /// <summary>What the devices of <see cref="BenchedColumn.Busy"/> hold.</summary>
    public IReadOnlyList<string> Stages => [.. (placement.Copies ?? []).SelectMany(DeviceSplit.Describe)];

    private List<double> BusySeconds => [.. models.SelectMany(one => one.Decoder.Pipeline?.BusySeconds ?? [])];

    /// <summary>Share of the ceiling that so many useful tokens a second are.</summary>
    public double? Fraction(double? tokensPerSecond) => Ratio(tokensPerSecond * config.FlopPerToken, CeilingFlops);

    /// <summary>
    /// The same for sequences of one length, of which only the last token is asked for: its head alone counts, and the
    /// attention's own products do.
    /// </summary>
    public double? Fraction(double? tokensPerSecond, int length) => Ratio(
        tokensPerSecond * (config.FlopPerToken - config.HeadFlop * (1 - 1.0 / length) + config.AttentionFlop(length)), CeilingFlops);

    /// <summary>A quotient that is a number; null where there is nothing to divide by, or nothing to divide.</summary>
    public static double? Ratio(double? part, double whole) =>
        whole > 0 && part / whole is { } ratio && double.IsFinite(ratio) ? ratio : null;

    public BenchedColumn Score(string column, IReadOnlyList<Questions> asked, Planner planner, Planner naive, bool compares)
    {
        var plan = Plan(asked, planner);
        var unshared = Plan(asked, naive);
        var (seconds, busy) = Busy(() => model.Score(plan.Batches, cancel).Count());
        return new(
            column, plan.Total, seconds, compares ? Time(() => model.Score(unshared.Batches, cancel).Count()) : null,
            asked.DistinctBy(task => task.Task.ColumnKey).Count() > 1 ? 0 : asked.Sum(task => task.PublishedRows ?? 0))
        {
            TokenRatio = Ratio(unshared.Total.ForwardTokens, plan.Total.ForwardTokens),
            Busy = busy,
        };
    }

    public BenchedGeneration Generate(IReadOnlyList<int[]> prompts, int newTokens)
    {
        // As many as are worked on side by side.
        var chunks = prompts.Chunk((prompts.Count + placement.Groups - 1) / placement.Groups).ToList();
        (double Seconds, List<double> Busy) Timed(int most)
        {
            var batches = chunks.Select(chunk => new GenerationBatch([.. chunk.Select(tokens => new Prompt(tokens, most))])).ToList();
            return Busy(() => model.Generate(batches, cancel).Count());
        }
        // A step's code is compiled at the first one.
        model.Generate([.. chunks.Select(chunk => new GenerationBatch([new(chunk[0], Math.Min(newTokens, 4))]))], cancel).Count();
        var (first, (whole, busy)) = (Timed(1).Seconds, Timed(newTokens));
        var bytes = placement.Dtype == TorchSharp.torch.ScalarType.Float32 ? 4L : 2L;
        var (promptTokens, kept) = (prompts.Sum(p => (long)p.Length), MemoryEstimate.CacheBytesPerToken(config, bytes));
        var floor = promptTokens * config.FlopPerToken / CeilingFlops + Enumerable.Range(1, newTokens - 1).Sum(step =>
            (config.Parameters * bytes + (promptTokens + (double)step * prompts.Count) * kept) / MemoryBytesPerSecond);
        return new(prompts.Count, promptTokens, newTokens, first, whole, floor) { Busy = busy };
    }

    /// <summary>Tokens a second of so many sequences of one length, of which only the last token is asked for.</summary>
    public double? Forward(int sequences, int length)
    {
        PrefixTree[] trees = [.. RandomSequences(sequences, length).Select(tokens => new PrefixTree(null, [], [new(tokens, [0])]))];
        // A batch for each of those that work side by side, as often as about ten seconds hold, five times at most.
        var round = Enumerable.Repeat(new ScoreBatch(trees), placement.Groups).ToArray();
        var first = Time(() => model.Score(round, cancel).Count());
        ScoreBatch[] batches = [.. Enumerable.Range(0, (int)Math.Clamp(10 / first, 1, 5)).SelectMany(_ => round)];
        return Ratio(sequences * (long)length * batches.Length, Time(() => model.Score(batches, cancel).Count()));
    }

    /// <summary>The same ones at each call.</summary>
    public List<int[]> RandomSequences(int count, int length)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, length).Select(_ => random.Next(config.VocabularySize)).ToArray())];
    }

    /// <summary>Lets clocks, caches and compilers settle.</summary>
    public void WarmUp(IReadOnlyList<Questions> asked, Planner planner)
    {
        ScoreBatch[] batches = [.. Plan(asked, planner).Batches.Take(2 * placement.Groups)];
        var clock = Stopwatch.StartNew();
        do
            model.Score(batches, cancel).Count();
        while (clock.Elapsed.TotalSeconds < (placement.IsCpu ? 0.5 : 2));
    }

    private static Plan Plan(IReadOnlyList<Questions> asked, Planner planner) =>
        new PreparedRequests(AskedTasks.Flat(asked), planner).LogLikelihoods.GetAwaiter().GetResult();

    /// <summary>Seconds, and each stage's share of them in which its device was at work.</summary>
    private (double Seconds, List<double> Busy) Busy(Action work)
    {
        var before = BusySeconds;
        var seconds = Time(work);
        return (seconds, [.. BusySeconds.Zip(before, (after, start) => (after - start) / seconds)]);
    }

    private double Time(Action work)
    {
        Settle();
        var clock = Stopwatch.StartNew();
        work();
        Settle();
        return clock.Elapsed.TotalSeconds;
    }

    private void Settle()
    {
        foreach (var device in placement.Devices)
            DeviceWork.Settle(device);
    }
}
