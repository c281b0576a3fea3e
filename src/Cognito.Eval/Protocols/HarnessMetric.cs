namespace Cognito.Eval.Protocols;

/// <summary>A metric that lm-evaluation-harness 0.4 has itself.</summary>
/// <param name="Aggregation">What makes one number of its documents', unless a file says otherwise.</param>
/// <param name="OutputTypes">The kinds of tasks that give it.</param>
public sealed record HarnessMetric(string Name, string Aggregation, bool HigherIsBetter, IReadOnlyList<string> OutputTypes)
{
    private const string Likelihood = "loglikelihood", Choice = "multiple_choice", Rolling = "loglikelihood_rolling", Generated = "generate_until";

    public static IReadOnlyList<HarnessMetric> All { get; } =
    [
        new("acc", "mean", true, [Likelihood, Choice]),
        new("acc_norm", "mean", true, [Choice]),
        new("acc_bytes", "mean", true, [Choice]),
        new("acc_mutual_info", "mean", true, [Choice]),
        new("exact_match", "mean", true, [Choice, Generated]),
        new("f1", "f1", true, [Choice]),
        new("mcc", "matthews_corrcoef", true, [Choice]),
        new("brier_score", "brier_score", false, [Choice]),
        new("perplexity", "perplexity", false, [Likelihood]),
        new("word_perplexity", "weighted_perplexity", false, [Rolling]),
        new("byte_perplexity", "weighted_perplexity", false, [Rolling]),
        new("bits_per_byte", "bits_per_byte", false, [Rolling]),
        new("bypass", "bypass", true, [Generated]),
    ];

    /// <summary>Null where it has none by that name that is done here: <see cref="Refusal"/> says why.</summary>
    public static HarnessMetric? Find(string name) => All.FirstOrDefault(metric => metric.Name == name);

    /// <summary>Why a metric's name is refused.</summary>
    public static string Refusal(string name) => name switch
    {
        "bleu" or "chrf" or "ter" => $"{name} is sacrebleu's, which is not done here",
        "rouge" or "rouge1" or "rouge2" or "rougeL" or "rougeLsum" => $"{name} is the package rouge_score's, which is not done here",
        "likelihood" => "likelihood fails in the reference too, once all answers are in: its mean takes numbers, and it gives pairs",
        "acc_all" => "acc_all needs Python code beside the file, which is not run",
        _ => $"there is no metric {name} here; there are {string.Join(", ", All.Select(metric => metric.Name))}",
    };
}
