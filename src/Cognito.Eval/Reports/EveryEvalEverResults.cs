using System.Globalization;
using Cognito.Eval.Comparison;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Reports;

/// <summary>The results of <see cref="EveryEvalEver"/>'s record.</summary>
/// <param name="LeftOut">"task: metric" of values that are no numbers, which the schema cannot hold.</param>
internal sealed record EveryEvalEverResults(IReadOnlyList<object> Entries, IReadOnlyList<string> LeftOut)
{
    private sealed record Score(
        string Name, string Metric, double? Value, double? Error, Interval? Interval, int Documents, object Source,
        bool IsHeadline, bool LowerIsBetter,
        IEnumerable<(string, string?)> Details, object? Generation = null);

    public static EveryEvalEverResults Of(Run run, IReadOnlyList<Column> columns, IReadOnlyCollection<EvalTask> tasks)
    {
        var measured = Measured.FromRun(run);
        // A column of one task is that task.
        var intervals = measured.SelectMany(column => column.Tasks.Count > 0 ? column.Tasks
            : run.Tasks.Where(task => task.Value.Column == column.Name).Select(task => column with { Name = task.Key }))
            .ToDictionary(value => value.Name, value => value.Interval);
        List<Score> scores = [.. run.Tasks.SelectMany(task => OfTask(
            run, task.Key, task.Value, tasks.FirstOrDefault(its => its.Name == task.Key), intervals.GetValueOrDefault(task.Key))),
            .. OfColumns(run, columns, tasks, measured.ToDictionary(value => value.Name))];
        return new([.. scores.Where(IsNumber).Select(Entry)],
            [.. scores.Where(score => !IsNumber(score)).Select(score => $"{score.Name}: {score.Metric}")]);
    }

    private static bool IsNumber(Score score) => score.Value is { } value && double.IsFinite(value);

    private static IEnumerable<Score> OfTask(Run run, string name, TaskRecord record, EvalTask? task, Interval? interval)
    {
        foreach (var metric in record.Scores.Keys)
        {
            var isHeadline = metric == record.Headline;
            var results = run.Results.GetValueOrDefault(name);
            yield return new(
                name, metric, results?.GetValueOrDefault(metric), results?.GetValueOrDefault(Eval.Tasks.Metric.ErrorOf(metric)),
                isHeadline && Eval.Tasks.Metric.IsPercent(metric) && !record.LowerIsBetter ? interval * 0.01 : null, record.Documents,
                Source(run, [(name, record)], task), isHeadline, LowerIsBetter(metric, record, task),
                [
                    ("split", record.Split), ("documents", Count(record.Documents)),
                    ("complete", record.IsComplete && run.Provenance.Data != "samples" ? "true" : "false"),
                    ("truncated_requests", record.TruncatedRequests > 0 ? Count(record.TruncatedRequests) : null),
                    ("not_finite_requests", record.NotFiniteRequests > 0 ? Count(record.NotFiniteRequests) : null),
                    ("requests_sha256", record.RequestsSha256.Raw),
                ],
                Generation(run, record, task));
        }
    }

    private static bool LowerIsBetter(string metric, TaskRecord record, EvalTask? task) => metric == record.Headline ? record.LowerIsBetter
        : task?.Metrics.FirstOrDefault(its => its.Name == metric) is { HigherIsBetter: false };

    /// <summary>Columns that are made of several tasks, and the average.</summary>
    private static IEnumerable<Score> OfColumns(
        Run run, IReadOnlyList<Column> columns, IReadOnlyCollection<EvalTask> tasks, Dictionary<string, Measured> measured)
    {
        foreach (var score in ColumnScore.FromColumns(run, columns).Where(score => score.Tasks.Count > 1))
            yield return new(
                score.Key.ToLowerInvariant(), score.Metric, score.Value / 100, score.StandardError / 100,
                measured.GetValueOrDefault(score.Key)?.Interval * 0.01, score.Documents,
                Source(run, [.. score.Tasks.Select(task => (task, run.Tasks[task]))],
                    tasks.FirstOrDefault(task => task.Name == score.Tasks[0])), true, false,
                [
                    ("made_of", $"{Count(score.Tasks.Count)} tasks, "
                        + (Protocol.Of(run.Provenance.Protocol).WeighsDocuments ? "by their documents" : "each counting the same")),
                    ("complete", score.IsComplete ? "true" : "false"),
                    ("not_finite_requests", score.NotFinite > 0 ? Count(score.NotFinite) : null),
                ]);
        var (average, error) = ColumnScore.Average(run, columns);
        if (average is not null && measured.GetValueOrDefault(RunComparison.AverageName) is { } mean)
            yield return new(
                "open_llm_leaderboard", "average", average / 100, error / 100, mean.Interval * 0.01, mean.Documents,
                Other("open_llm_leaderboard", ("benchmarks", string.Join(", ", run.Leaderboard.Columns.Keys))), true, false,
                [("made_of", $"{Count(run.Leaderboard.Columns.Count)} benchmarks, each counting the same"),
                    ("complete", run.Leaderboard.IsComplete ? "true" : "false")]);
    }

    private static string Count(int count) => count.ToString(CultureInfo.InvariantCulture);

    /// <summary>The dataset on the hub; of made-up rows, and of files that are nowhere else, that they are.</summary>
    private static object Source(Run run, IReadOnlyList<(string Name, TaskRecord Record)> asked, EvalTask? task)
    {
        var rows = asked.Count > 1 ? [] : asked[0].Record.DataSha256.Select(split => ($"rows_sha256_{split.Key}", (string?)split.Value));
        if (run.Provenance.Data == "samples")
            return Other("cognito-eval samples", [("rows", "made up, not the benchmark's"), .. rows]);
        if (task?.Dataset is not { Files: null, Folders: [var folder, ..] } || folder.Split('/') is not [var owner, var name, ..])
            return Other(task?.Dataset.Name ?? asked[0].Name, rows);
        return new OrderedDictionary<string, object>
        {
            ["dataset_name"] = task.Dataset.Name,
            ["source_type"] = "hf_dataset",
            ["hf_repo"] = $"{owner}/{name}",
            ["hf_split"] = task.Split,
            ["samples_number"] = asked.Sum(its => its.Record.SplitRows),
            ["additional_details"] = EveryEvalEver.Details(rows),
        };
    }

    private static OrderedDictionary<string, object> Other(string name, params IEnumerable<(string, string?)> details) => new()
    {
        ["dataset_name"] = name,
        ["source_type"] = "other",
        ["additional_details"] = EveryEvalEver.Details(details),
    };

    private static object Generation(Run run, TaskRecord record, EvalTask? task)
    {
        var details = EveryEvalEver.Details(("num_fewshot", Count(record.NumFewshot)), ("decoding", task?.Generates is true ? "greedy" : null),
            ("answers", task is null ? null : task.Generates ? "generated text" : "log-likelihoods"));
        return task?.Generates is true
            ? new OrderedDictionary<string, object>
            {
                ["generation_args"] = new OrderedDictionary<string, object> { ["temperature"] = 0 },
                ["additional_details"] = details,
            }
            : new OrderedDictionary<string, object> { ["additional_details"] = details };
    }

    private static object Entry(Score score)
    {
        var details = new OrderedDictionary<string, object> { ["score"] = score.Value!.Value, ["details"] = EveryEvalEver.Details(score.Details) };
        var uncertainty = new OrderedDictionary<string, object>();
        if (score.Error is { } error && double.IsFinite(error))
            uncertainty["standard_error"] = new OrderedDictionary<string, object> { ["value"] = error, ["method"] = "analytic" };
        if (score.Interval is { } interval)
            uncertainty["confidence_interval"] = new OrderedDictionary<string, object>
            {
                ["lower"] = interval.Low,
                ["upper"] = interval.High,
                ["confidence_level"] = Interval.Usual,
                ["method"] = "score",
            };
        uncertainty["num_samples"] = score.Documents;
        details["uncertainty"] = uncertainty;
        var entry = new OrderedDictionary<string, object>
        {
            ["evaluation_result_id"] = $"{score.Name}/{score.Metric}",
            ["evaluation_name"] = score.Name,
            ["source_data"] = score.Source,
            ["metric_config"] = Config(score),
            ["score_details"] = details,
        };
        if (score.Generation is { } generation)
            entry["generation_config"] = generation;
        return entry;
    }

    private static OrderedDictionary<string, object> Config(Score score)
    {
        var (plain, filter) = score.Metric.Split(',') is [var name, var its] ? (name, its) : (score.Metric, null);
        var config = new OrderedDictionary<string, object>
        {
            ["evaluation_description"] = $"{plain} of {score.Name}{(filter is null or "none" ? "" : $", filter {filter}")}",
            ["metric_id"] = Id(plain),
            ["metric_name"] = plain,
            ["lower_is_better"] = score.LowerIsBetter,
        };
        if (plain is "acc" or "acc_norm" or "acc_bytes" or "acc_mutual_info" or "mc1" or "average")
            config["metric_kind"] = "accuracy";
        if (Bounds(plain) is var (low, high))
            (config["metric_unit"], config["score_type"], config["min_score"], config["max_score"]) = (Unit(plain), "continuous", low, high);
        config["additional_details"] = EveryEvalEver.Details(("headline", score.IsHeadline ? "true" : "false"), ("filter", filter),
            ("bounds_status", Bounds(plain) is null ? "unknown" : null));
        return config;
    }

    /// <summary>Ids that others give to the same thing; the harness's own ways to score are under its name.</summary>
    private static string Id(string metric) => metric switch
    {
        "acc" => "accuracy",
        "exact_match" or "f1" or "mcc" or "perplexity" or "word_perplexity" or "byte_perplexity" or "bits_per_byte" or "brier_score" => metric,
        "average" => "open_llm_leaderboard.average",
        _ => $"lm_eval.{metric}",
    };

    private static string Unit(string metric) => metric == "bits_per_byte" ? "bits per byte"
        : metric.EndsWith("perplexity", StringComparison.Ordinal) ? "perplexity" : "proportion";

    /// <summary>The least and the most that there can be; null where that is not known.</summary>
    private static (object Low, object High)? Bounds(string metric) => metric switch
    {
        "acc" or "acc_norm" or "acc_bytes" or "acc_mutual_info" or "mc1" or "mc2" or "exact_match" or "f1" or "average" => (0, 1),
        "mcc" => (-1, 1),
        // Summed over the choices.
        "brier_score" => (0, 2),
        "perplexity" or "word_perplexity" or "byte_perplexity" => (1, "Infinity"),
        "bits_per_byte" => (0, "Infinity"),
        _ => null,
    };
}
