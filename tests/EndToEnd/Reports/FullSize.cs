using Cognito.Eval.Benchmarks;
using Cognito.Eval.Protocols;
using Cognito.Eval.Reports;
using Cognito.Eval.Reports.Html;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>Made-up runs of as many documents as the leaderboard's six benchmarks have.</summary>
internal static class FullSize
{
    /// <summary>The page of two such runs.</summary>
    public static string Page(string folder, int? documents = null) => HtmlReport.Render(
        ReportedRun.Read([.. new[] { 1, 2 }.Select(seed => Write(Path.Combine(folder, $"{seed}"), seed, documents))]), TaskSet.Leaderboard.Columns);

    /// <summary>Writes a run with its details; returns its results.json.</summary>
    /// <param name="documents">Most of a task; null for all.</param>
    public static string Write(string folder, int seed, int? documents = null, string? name = null)
    {
        var results = new OrderedDictionary<string, IReadOnlyDictionary<string, double?>>();
        var tasks = new OrderedDictionary<string, TaskRecord>();
        var random = new Random(seed);
        foreach (var task in TaskSet.Leaderboard.Tasks)
        {
            // The order is the same in both runs, the answers are not.
            var ids = Enumerable.Range(0, task.Dataset.PublishedRows[task.Split]).ToArray();
            new PythonRandom(42).Shuffle(ids);
            ids = ids[..Math.Min(ids.Length, documents ?? int.MaxValue)];
            DocDetail[] docs = [.. ids.Select(id => Doc(task, id, random))];
            DetailsFile.Write(folder, task.Name, docs);
            tasks[task.Name] = Record(task, docs);
            results[task.Name] = task.Metrics.Select(metric => metric.Name).SelectMany(metric => new[] { (metric, (double?)Of(docs, metric).Mean), ($"{metric}_stderr", Of(docs, metric).StandardError) })
                .ToDictionary(pair => pair.Item1, pair => pair.Item2);
        }
        var columns = TaskSet.Leaderboard.Columns.ToDictionary(column => column.Key, column => (double?)(100 * tasks
            .Where(task => task.Value.Column == column.Key).Average(task => task.Value.Scores[task.Value.Headline].Average())));
        return RunFile.Write(new()
        {
            Results = results,
            Tasks = tasks,
            Leaderboard = new(columns, columns.Values.Average(), true, []),
            Provenance = new() { Model = name ?? $"full-size {seed}", Protocol = "leaderboard-v1" },
        }, folder);
    }

    private static Estimate Of(DocDetail[] docs, string metric) => Estimate.FromValues([.. docs.Select(doc => doc.Scores[metric])]);

    private static DocDetail Doc(EvalTask task, int id, Random random)
    {
        var right = random.NextDouble() < 0.6;
        var doc = new DocDetail
        {
            DocId = id,
            PromptTokens = random.Next(100, 1500),
            Truncated = 0,
            Scores = task.Metrics.Select(metric => metric.Name).ToDictionary(metric => metric, metric => metric == "mc2" ? random.NextDouble() : right ? 1.0 : 0),
        };
        if (task.Name == "gsm8k")
            return doc with
            {
                GoldAnswer = $"{random.Next(1000)}",
                PredictedAnswer = $"{random.Next(1000)}",
                GeneratedTokens = 90,
                GeneratedText = string.Join(' ', Enumerable.Range(0, 80).Select(_ => Words[random.Next(Words.Length)] + random.Next(50))),
            };
        var (many, choices) = (task.Metrics.Contains("mc2"), task.Name == "winogrande" ? 2 : 4);
        var gold = many ? 0 : id % choices;
        if (many)
            choices = 4 + random.Next(8);
        return doc with
        {
            Gold = gold,
            Labels = many ? [.. Enumerable.Range(0, choices).Select(i => i is 0 or 4)] : null,
            Mc1Choices = many ? 4 : null,
            Prediction = right ? gold : (gold + 1) % Math.Min(choices, 4),
            Margin = (right ? 1 : -1) * random.NextDouble() * 8,
            ChoiceLogprobs = [.. Enumerable.Range(0, choices).Select(_ => -random.NextDouble() * 120)],
            ChoiceLengths = [.. Enumerable.Range(0, choices).Select(_ => random.Next(1, 120))],
            ChoiceTokens = [.. Enumerable.Range(0, choices).Select(_ => random.Next(1, 30))],
            ChoiceGreedy = [.. Enumerable.Range(0, choices).Select(_ => random.Next(9) == 0)],
        };
    }

    private static readonly string[] Words = ["she", "has", "apples", "and", "then", "buys", "more", "so", "each", "costs"];

    private static TaskRecord Record(EvalTask task, DocDetail[] docs) => new()
    {
        Column = task.ColumnKey,
        Headline = task.Headline,
        Split = task.Split,
        NumFewshot = task.Shots,
        Documents = docs.Length,
        SplitRows = docs.Length,
        PublishedRows = docs.Length,
        IsComplete = true,
        Requests = docs.Length * 4,
        TruncatedRequests = 0,
        TruncatedDocuments = 0,
        NearTies = new(1e-3, 0, []),
        RequestsSha256 = new(new('0', 64), new('0', 64), new('0', 64)),
        DataSha256 = new Dictionary<string, string>(),
        DocIds = [.. docs.Select(doc => doc.DocId)],
        Scores = task.Metrics.Select(metric => metric.Name).ToDictionary(metric => metric, metric => (IReadOnlyList<double>)[.. docs.Select(doc => doc.Scores[metric])]),
    };
}
