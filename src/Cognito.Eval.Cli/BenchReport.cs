using System.Globalization;
using System.Text.Json;
using Cognito.Eval.Torch;

namespace Cognito.Eval.Cli;

/// <summary>What was measured, as a table or JSON.</summary>
internal sealed record BenchReport(
    Checkpoint Checkpoint, Placement Placement, Bench Bench, IReadOnlyList<BenchedColumn> Columns, BenchedLoad? Load)
{
    public required (int Sequences, int Length, double? TokensPerSecond) Forward { get; init; }
    public required BenchedGeneration? Generation { get; init; }

    private bool Compares => Columns.Any(column => column.NaiveSeconds is not null);

    /// <summary>The columns, then all as one; none where nothing was scored.</summary>
    private IEnumerable<BenchedColumn> Rows => BenchedColumn.All(Columns) is not { } all ? []
        : Columns is [{ Column: "all" }] ? [all] : Columns.Append(all);

    public void Print(bool json)
    {
        if (json)
            PrintJson();
        else
            PrintTable();
    }

    private void PrintTable()
    {
        string[] heads = ["Column", "Documents", "Distinct tokens", "Forward tokens", "Seconds", "Tokens/s", "Of ceiling",
            .. Compares ? ["Unshared s", "Faster", "Token ratio"] : Array.Empty<string>()];
        var table = new Terminal.Table(1, heads);
        foreach (var column in Columns.Count > 1 ? Rows : Columns)
            Add(column);
        if (Columns.Count > 0)
            table.Print();
        foreach (var line in Lines())
            Terminal.Line(line);

        void Add(BenchedColumn column) => table.Add([
            column.Column, Grouped(column.Counts.Documents), Grouped(column.Counts.DistinctTokens),
            Grouped(column.Counts.ForwardTokens), F(column.Seconds, 2), Grouped((long?)column.TokensPerSecond),
            F(Bench.Fraction(column.TokensPerSecond), 3),
            .. Compares ? [F(column.NaiveSeconds, 2), F(column.Faster, 2), F(column.TokenRatio, 2)] : Array.Empty<string>()]);
    }

    private IEnumerable<string> Lines()
    {
        yield return $"ceiling: {F(Bench.CeilingFlops / 1e12, 3)} TFLOP/s at its best, {F(Bench.SustainedFlops / 1e12, 3)} sustained; memory: {F(Bench.MemoryBytesPerSecond / 1e9, 0)} GB/s; "
            + $"{F(Checkpoint.Config.FlopPerToken / 1e9, 3)} GFLOP a token";
        if (Load is { } load)
            yield return $"loading: {F(load.Bytes / 1e9, 2)} GB in {F(load.Seconds, 2)} s, {F(Bench.Ratio(load.Seconds, load.FloorSeconds ?? 0), 2)} times "
                + $"the floor of {F(load.FloorSeconds, 2)} s (files at {F(load.FileBytesPerSecond / 1e9, 1)} GB/s, copies to the device at "
                + $"{F(load.CopyBytesPerSecond / 1e9, 1)}); the process grew by {F(load.HostBytes / 1e9, 2)} GB";
        yield return $"budget: batches of {Grouped(Placement.Budget.BatchTokens)} tokens, {Placement.Workers} at a time";
        yield return $"{Forward.Sequences} x {Forward.Length} tokens: {Grouped((long?)Forward.TokensPerSecond)} tokens/s, "
            + $"{F(Bench.Fraction(Forward.TokensPerSecond, Forward.Length), 3)} of the ceiling";
        if (Generation is { } g)
            yield return $"generation: {g.Prompts} prompts of {Grouped(g.PromptTokens)} tokens, {g.NewTokens} more each: {F(g.Seconds, 2)} s "
                + $"({F(g.PromptSeconds, 2)} s for the prompts, {F(g.StepSeconds() * 1000, 2)} ms a step), "
                + $"{F(Bench.Ratio(g.Seconds, g.FloorSeconds), 2)} times the floor of {F(g.FloorSeconds, 2)} s";
        if (Bench.Stages.Count > 0)
            yield return $"busy: {string.Join("; ", Bench.Stages.Select((stage, s) => $"{stage}: {string.Join(", ", Shares(s))}"))}"
                + (Placement.IsCpu ? "" : " (by the cards' own clocks, from the first kernel of a batch to its last)");
        if (PublishedSeconds is { } seconds)
            yield return $"all published documents of these columns at this speed: {Time(seconds)}";
    }

    /// <summary>Of the time in which it was measured, how much a stage's device was at work.</summary>
    private IEnumerable<string> Shares(int stage)
    {
        if (BenchedColumn.All(Columns) is { } all)
            yield return $"{F(all.Busy[stage], 3)} scoring";
        if (Generation is { } generation)
            yield return $"{F(generation.Busy[stage], 3)} generating";
    }

    private void PrintJson() => Terminal.Print(JsonSerializer.Serialize(new
    {
        device = Placement.DeviceNames,
        stages = Bench.Stages,
        dtype = Placement.DtypeName,
        batch_tokens = Placement.Budget.BatchTokens,
        workers = Placement.Workers,
        ceiling_flops = Bench.CeilingFlops,
        sustained_flops = Bench.SustainedFlops,
        memory_bytes_per_second = Bench.MemoryBytesPerSecond,
        flop_per_token = Checkpoint.Config.FlopPerToken,
        load = Load,
        columns = Rows.ToDictionary(column => column.Column, column => new
        {
            documents = column.Counts.Documents,
            distinct_tokens = column.Counts.DistinctTokens,
            forward_tokens = column.Counts.ForwardTokens,
            seconds = column.Seconds,
            tokens_per_second = column.TokensPerSecond,
            of_ceiling = Bench.Fraction(column.TokensPerSecond),
            unshared_seconds = column.NaiveSeconds,
            token_ratio = column.TokenRatio,
            busy = column.Busy,
        }),
        forward = new { Forward.Sequences, Forward.Length, Forward.TokensPerSecond },
        generation = Generation,
        published_seconds = PublishedSeconds,
    }, Terminal.Json));

    /// <summary>Null where nothing was scored, or of some column it is not known.</summary>
    private double? PublishedSeconds => Columns.Count == 0 || Columns.Any(column => column.PublishedSeconds is null) ? null
        : Columns.Sum(column => column.PublishedSeconds);

    /// <summary>A dash where there is no number.</summary>
    private static string Grouped(long? number) => number?.ToString("N0", CultureInfo.InvariantCulture) ?? "-";

    private static string F(double? number, int digits) => number?.ToString($"F{digits}", CultureInfo.InvariantCulture) ?? "-";

    /// <summary>Hours, minutes and seconds; a day has 24 hours more.</summary>
    private static string Time(double seconds) => string.Create(
        CultureInfo.InvariantCulture, $"{(long)seconds / 3600}:{(long)seconds / 60 % 60:00}:{(long)seconds % 60:00}");
}
