using Cognito.Eval.Files;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Comparison;

/// <summary>
/// On what scale a task's scores are compared, so that more is better and the task's value is a mean over its documents: a
/// perplexity by its logarithm, of which each document has its share. A point, 0.01, is then 1 % of a perplexity.
/// </summary>
internal static class ComparedScale
{
    private static string Plain(TaskRecord task) => task.Headline.Split(',')[0];

    private static bool IsPerplexity(TaskRecord task) => Plain(task) is "perplexity" or "word_perplexity" or "byte_perplexity";

    /// <summary>Whether scores have no bounds: log-likelihoods.</summary>
    public static bool IsUnbounded(TaskRecord task) => IsPerplexity(task) || Plain(task) == "bits_per_byte";

    /// <summary>What is compared.</summary>
    public static string Metric(TaskRecord task) => IsPerplexity(task) ? $"-ln {task.Headline}" : task.LowerIsBetter ? $"-{task.Headline}" : task.Headline;

    /// <summary>A value for each document, more of which is better.</summary>
    public static IReadOnlyList<double> Scores(TaskRecord task)
    {
        var scores = task.Scores[task.Headline];
        if (!IsUnbounded(task))
            return task.LowerIsBetter ? [.. scores.Select(score => -score)] : scores;
        // Log-likelihoods; of a whole text's, the share of all texts' words or bytes.
        var weight = task.Weights?.GetValueOrDefault(task.Headline)?.Average() ?? 1;
        var unit = Plain(task) == "bits_per_byte" ? Math.Log(2) : 1;
        return [.. scores.Select(score => score / weight / unit)];
    }

    /// <summary>A task's value and its error on that scale.</summary>
    public static Estimate Of(Estimate result, TaskRecord task) => IsPerplexity(task) ? new(-Math.Log(result.Mean), result.StandardError / result.Mean)
        : task.LowerIsBetter ? result with { Mean = -result.Mean } : result;

    /// <exception cref="InputException">Its value is no mean over documents.</exception>
    public static void Require(Run run)
    {
        if (run.Tasks.FirstOrDefault(task => Plain(task.Value) is "f1" or "mcc" && task.Value.Weights is not null) is { Value: { } record } task)
            throw new InputException($"{run.Provenance.Model}: {task.Key}'s {record.Headline} is no mean over documents, and is not compared; "
                + "leave the task out, or have its file list another metric first, such as acc");
    }

    /// <summary>What must be known of such numbers.</summary>
    public static IEnumerable<string> Notes(Run baseline) => baseline.Tasks.Where(task => IsUnbounded(task.Value) || task.Value.LowerIsBetter).Select(task =>
        IsPerplexity(task.Value) ? $"{task.Key}: compared as {Metric(task.Value)}, so that more is better; a point is 1 % of the perplexity"
            : $"{task.Key}: compared as {Metric(task.Value)}, so that more is better");
}
