using System.Globalization;
using System.Text.Json;

namespace Cognito.Eval.Cli;

/// <summary>What was measured, as a table or JSON.</summary>
internal sealed record BenchReport(
    Checkpoint Checkpoint, Placement Placement, Bench Bench, IReadOnlyList<BenchedColumn> Columns, BenchedLoad? Load)
{
    public required (int Sequences, int Length, double TokensPerSecond) Forward { get; init; }
    public required BenchedGeneration? Generation { get; init; }

    private bool Compares => Columns.Any(column => column.NaiveSeconds is not null);

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
        foreach (var column in Columns)
            Add(column);
        if (Columns.Count > 1)
            Add(All());
        table.Print();
        foreach (var line in Lines())
            Terminal.Line(line);

        void Add(BenchedColumn column) => table.Add([
            column.Column, Grouped(column.Counts.Documents), Grouped(column.Counts.DistinctTokens),
            Grouped(column.Counts.ForwardTokens), F(column.Seconds, 2), Grouped((long)Rate(column)), F(Bench.Fraction(Rate(column)), 3),
            .. column.NaiveSeconds is { } naive
                ? [F(naive, 2), F(naive / column.Seconds, 2), F(column.TokenRatio, 2)] : Array.Empty<string>()]);
    }

    private IEnumerable<string> Lines()
    {
        yield return $"ceiling: {F(Bench.CeilingFlops / 1e12, 3)} TFLOP/s at its best, {F(Bench.SustainedFlops / 1e12, 3)} sustained; memory: {F(Bench.MemoryBytesPerSecond / 1e9, 0)} GB/s; "
            + $"{F(Checkpoint.Config.FlopPerToken / 1e9, 3)} GFLOP a token";
        if (Load is { } load)
            yield return $"loading: {F(load.Bytes / 1e9, 2)} GB in {F(load.Seconds, 2)} s, {F(load.Seconds / load.FloorSeconds, 2)} times "
                + $"the floor of {F(load.FloorSeconds, 2)} s (files at {F(load.FileBytesPerSecond / 1e9, 1)} GB/s, copies to the device at "
                + $"{F(load.CopyBytesPerSecond / 1e9, 1)}); the process grew by {F(load.HostBytes / 1e9, 2)} GB";
        yield return $"budget: batches of {Grouped(Placement.Budget.BatchTokens)} tokens, {Placement.Workers} at a time";
        yield return $"{Forward.Sequences} x {Forward.Length} tokens: {Grouped((long)Forward.TokensPerSecond)} tokens/s, "
            + $"{F(Bench.Fraction(Forward.TokensPerSecond), 3)} of the ceiling";
        if (Generation is { } g)
            yield return $"generation: {g.Prompts} prompts of {Grouped(g.PromptTokens)} tokens, {g.NewTokens} more each: {F(g.Seconds, 2)} s "
                + $"({F(g.PromptSeconds, 2)} s for the prompts, {F((g.Seconds - g.PromptSeconds) / (g.NewTokens - 1) * 1000, 2)} ms a step), "
                + $"{F(g.Seconds / g.FloorSeconds, 2)} times the floor of {F(g.FloorSeconds, 2)} s";
        if (Published() is { } seconds)
            yield return $"all published documents of these columns at this speed: {TimeSpan.FromSeconds(seconds):h\\:mm\\:ss}";
    }

    private void PrintJson() => Terminal.Print(JsonSerializer.Serialize(new
    {
        device = Placement.Device.ToString(),
        dtype = Placement.DtypeName,
        batch_tokens = Placement.Budget.BatchTokens,
        workers = Placement.Workers,
        ceiling_flops = Bench.CeilingFlops,
        sustained_flops = Bench.SustainedFlops,
        memory_bytes_per_second = Bench.MemoryBytesPerSecond,
        flop_per_token = Checkpoint.Config.FlopPerToken,
        load = Load,
        columns = Columns.Append(All()).ToDictionary(column => column.Column, column => new
        {
            documents = column.Counts.Documents,
            distinct_tokens = column.Counts.DistinctTokens,
            forward_tokens = column.Counts.ForwardTokens,
            seconds = column.Seconds,
            tokens_per_second = Rate(column),
            of_ceiling = Bench.Fraction(Rate(column)),
            unshared_seconds = column.NaiveSeconds,
            token_ratio = column.TokenRatio,
        }),
        forward = new { Forward.Sequences, Forward.Length, Forward.TokensPerSecond },
        generation = Generation,
        published_seconds = Published(),
    }, Terminal.Json));

    private BenchedColumn All() => new(
        "all", Columns.Select(column => column.Counts).Aggregate(PlanCounts.None, (sum, counts) => sum + counts),
        Columns.Sum(column => column.Seconds), Compares ? Columns.Sum(column => column.NaiveSeconds) : null, 0)
    {
        TokenRatio = Columns.Sum(column => column.TokenRatio * column.Counts.ForwardTokens)
            / Math.Max(1, Columns.Sum(column => column.Counts.ForwardTokens)),
    };

    /// <summary>By documents; for MMLU the mean over its subjects of a document's time stands for all of them.</summary>
    private double? Published() => Columns.Count == 0 ? null
        : Columns.Sum(column => column.Seconds / column.Counts.Documents * column.PublishedDocuments);

    private static double Rate(BenchedColumn column) => column.Counts.DistinctTokens / column.Seconds;

    private static string Grouped(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string F(double number, int digits) => number.ToString($"F{digits}", CultureInfo.InvariantCulture);
}
