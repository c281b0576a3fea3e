using System.Globalization;
using System.Text.Json;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;
using Cognito.Eval.Torch;
using Cognito.Eval.Torch.Architectures;

namespace Cognito.Eval.Cli;

/// <summary>A plan in numbers: the tokens of each column, batches, memory and time.</summary>
internal sealed record PlanReport(
    Protocol Protocol, IReadOnlyList<(Questions Asked, PlanCounts Counts)> Tasks, Plan LogLikelihoods, IReadOnlyList<GenerationPlan> Generation,
    MemoryEstimate? Memory, string Dtype, int BatchTokens, int MaxLength, double? TokensPerSecond)
{
    /// <summary>What the checkpoint's files say of generation; null where that is greedy decoding and no more.</summary>
    public GenerationRecord? Settings { get; init; }

    /// <summary>The windows of whole texts.</summary>
    public required Plan Rolling { get; init; }

    private int ScoreBatches => LogLikelihoods.Batches.Count + Rolling.Batches.Count;

    private long ScoredTokens => LogLikelihoods.Total.ForwardTokens + Rolling.Total.ForwardTokens;

    private int NewTokens => Protocol.MaxNewTokens;

    private long PromptTokens => Generation.Sum(task => task.Counts.ForwardTokens);

    private int Prompts => Generation.Sum(task => task.Counts.Distinct);

    private double? Seconds(long tokens) => tokens / TokensPerSecond;

    public static PlanReport Create(
        AskedTasks asked, PreparedRequests prepared, ModelConfig? config, string dtype, int batchTokens,
        int maxLength, double? tokensPerSecond)
    {
        var plan = prepared.LogLikelihoods.GetAwaiter().GetResult();
        var rolling = prepared.Rolling.GetAwaiter().GetResult();
        GenerationPlan[] generation = [.. prepared.Generated.Select(task => task.Plan.GetAwaiter().GetResult())];
        var counts = plan.Counts.Concat(rolling.Counts)
            .Concat(generation.Select(task => KeyValuePair.Create(task.Task, task.Counts))).ToDictionary();
        return new(
            asked.Options.Protocol, [.. InOrder(asked).Select(task => (task, counts[task.Task.Name]))], plan, generation,
            config is null ? null : MemoryEstimate.Compute(config, dtype, [.. plan.Batches, .. rolling.Batches], generation, asked.Options.Protocol.MaxNewTokens),
            dtype, batchTokens, maxLength, tokensPerSecond)
        {
            Settings = config?.Generation.Record,
            Rolling = rolling,
        };
    }

    public void Print()
    {
        var table = new Terminal.Table(
            1, "Column", "Documents", "Requests", "Distinct", "Tokens by request", "Distinct tokens", "Forward tokens",
            "Ratio", "Padding", "Truncated");
        foreach (var column in TaskSet.Of(Protocol).Columns.Select(column => column.Key).Union(Tasks.Select(task => task.Asked.Task.ColumnKey)))
        {
            var mine = Tasks.Where(task => task.Asked.Task.ColumnKey == column).Select(task => task.Counts).ToList();
            if (mine.Count > 0)
                Add(column, mine.Aggregate((sum, task) => sum + task));
        }
        Add("all", Tasks.Select(task => task.Counts).Aggregate((sum, task) => sum + task));
        table.Print();
        foreach (var line in Lines())
            Terminal.Line(line);

        void Add(string name, PlanCounts counts) => table.Add(
            name, Grouped(counts.Documents), Grouped(counts.Requests), Grouped(counts.Distinct),
            Grouped(counts.RequestTokens), Grouped(counts.DistinctTokens), Grouped(counts.ForwardTokens),
            Ratio(counts).ToString("0.0", CultureInfo.InvariantCulture), "0",
            Grouped(counts.Truncated));
    }

    private static IEnumerable<Questions> InOrder(AskedTasks asked) => asked.Questions.OrderBy(task => task.Task.Name, StringComparer.Ordinal);

    /// <summary>What is asked, without tokens.</summary>
    public static void PrintQuestions(AskedTasks asked)
    {
        InOrder(asked).Aggregate(
            new Terminal.Table(1, "Task", "Shots", "Documents", "Requests", "requests_sha256"),
            (table, task) => table.Add(
                task.Task.Name, $"{task.Shots}", Grouped(task.Docs.Count), Grouped(task.Requests.Count()), task.Digest.Raw[..16])).Print();
        Terminal.Line($"protocol: {asked.Options.Protocol.Name}, as {asked.Options.Protocol.Reference}");
        Terminal.Line("requests_sha256: the first digits of the raw form; --json has all of it");
    }

    public static void PrintQuestionsJson(AskedTasks asked) => Terminal.Print(JsonSerializer.Serialize(new
    {
        protocol = asked.Options.Protocol.Name,
        reference = asked.Options.Protocol.Reference,
        tasks = InOrder(asked).ToDictionary(task => task.Task.Name, task => new
        {
            column = task.Task.ColumnKey,
            num_fewshot = task.Shots,
            documents = task.Docs.Count,
            requests = task.Requests.Count(),
            requests_sha256 = new { raw = task.Digest.Raw, json = task.Digest.Json, harness = task.Digest.Harness },
            data_sha256 = task.DataSha256,
        }),
    }, Terminal.Json));

    private IEnumerable<string> Lines()
    {
        yield return $"protocol: {Protocol.Name}, as {Protocol.Reference}";
        yield return "Ratio: tokens by request for each forward token. Padding: the sequences of a batch lie end to end.";
        if (ScoreBatches > 0)
            yield return $"log-likelihoods: {Grouped(ScoreBatches)} batches of up to "
                + $"{Grouped(BatchTokens)} tokens; a prompt has at most {Grouped(MaxLength)}";
        if (Prompts > 0)
            yield return $"generation: {Grouped(Prompts)} prompts of {Grouped(PromptTokens)} tokens, batches: "
                + $"{Grouped(Generation.Sum(task => task.Batches.Count))}; each goes on for up to {NewTokens} more, "
                + "not counted above";
        if (Memory is { } memory)
        {
            yield return $"memory: about {Gib(memory.Peak)} GiB in {Dtype}: weights {Gib(memory.Weights)}, then the "
                + $"larger of log-likelihoods {Gib(memory.SharedPrefixes + memory.Batch)} (the shared prefixes' keys and values "
                + $"{Gib(memory.SharedPrefixes)}, a batch in one layer with its logits {Gib(memory.Batch)}) and generation's "
                + $"keys and values {Gib(memory.Generation)}";
            yield return "memory does not count: masks, the allocator's reserve, libtorch itself, the questions";
        }
        else
            yield return "memory: not estimated without config.json";
        if (Seconds(ScoredTokens) is { } seconds)
            yield return $"time at {Grouped((long)TokensPerSecond!.Value)} tokens/s: log-likelihoods {Time(seconds)}"
                + (Prompts == 0 ? ""
                    : $", prompts of generation {Time(Seconds(PromptTokens)!.Value)}; what is generated comes on top");
    }

    public void PrintJson() => Terminal.Print(JsonSerializer.Serialize(new
    {
        protocol = Protocol.Name,
        reference = Protocol.Reference,
        tasks = Tasks.ToDictionary(task => task.Asked.Task.Name, task => new
        {
            column = task.Asked.Task.ColumnKey,
            num_fewshot = task.Asked.Shots,
            documents = task.Counts.Documents,
            requests = task.Counts.Requests,
            distinct_requests = task.Counts.Distinct,
            tokens_by_request = task.Counts.RequestTokens,
            distinct_tokens = task.Counts.DistinctTokens,
            forward_tokens = task.Counts.ForwardTokens,
            ratio = Ratio(task.Counts),
            padding_tokens = 0,
            truncated_requests = task.Counts.Truncated,
            requests_sha256 = new { raw = task.Asked.Digest.Raw, json = task.Asked.Digest.Json, harness = task.Asked.Digest.Harness },
        }),
        max_length = MaxLength,
        batch_tokens = BatchTokens,
        log_likelihood_batches = ScoreBatches,
        log_likelihood_tokens = ScoredTokens,
        generation_batches = Generation.Sum(task => task.Batches.Count),
        generation_prompts = Prompts,
        generation_prompt_tokens = PromptTokens,
        generation_most_new_tokens = (long)Prompts * NewTokens,
        generation_settings = Prompts == 0 || Settings is null ? null : new
        {
            file = Settings.File,
            applied = Settings.Applied,
            without_effect = Settings.WithoutEffect ?? [],
        },
        memory_bytes = Memory is null ? null : new
        {
            dtype = Dtype,
            weights = Memory.Weights,
            shared_prefixes = Memory.SharedPrefixes,
            batch = Memory.Batch,
            generation = Memory.Generation,
            peak = Memory.Peak,
        },
        tokens_per_second = TokensPerSecond,
        log_likelihood_seconds = Seconds(ScoredTokens),
        generation_prompt_seconds = Seconds(PromptTokens),
    }, Terminal.Json));

    private static double Ratio(PlanCounts counts) => counts.RequestTokens / Math.Max(1.0, counts.ForwardTokens);

    private static string Grouped(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Gib(long bytes) =>
        (bytes / (double)(1 << 30)).ToString("0.00", CultureInfo.InvariantCulture);

    private static string Time(double seconds) =>
        TimeSpan.FromSeconds(seconds).ToString(seconds < 86400 ? @"h\:mm\:ss" : @"d\.hh\:mm\:ss");
}
