using Cognito.Eval.Files;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;
using Cognito.Eval.Templates;

namespace Cognito.Eval.TaskFiles;

/// <summary>A metric of <c>metric_list</c>, or of the output type where the file lists none (protocol 11.4).</summary>
/// <param name="Place">Where it stands among the metrics in the harness' results.</param>
internal sealed record FileMetric(string Origin, string Name, string Aggregation, bool HigherIsBetter, int Place)
{
    private const string Choice = "multiple_choice", One = "loglikelihood", Whole = "loglikelihood_rolling", Text = "generate_until";

    /// <summary>The metrics of each output type, in the order in which the harness' results have them.</summary>
    private static readonly Dictionary<string, string[]> Usable = new()
    {
        [Choice] = ["acc", "f1", "mcc", "acc_norm", "acc_bytes", "exact_match", "brier_score", "acc_mutual_info"],
        [One] = ["perplexity", "acc"],
        [Whole] = ["word_perplexity", "byte_perplexity", "bits_per_byte"],
        [Text] = ["exact_match"],
    };

    private static IEnumerable<string> Usual(string output) => output == Choice ? ["acc", "acc_norm"] : Usable[output];

    /// <summary>Keys of every metric, and the switches of exact_match.</summary>
    private static readonly string[] Shared = ["metric", "aggregation", "higher_is_better", "hf_evaluate"],
        Switches = ["ignore_case", "ignore_punctuation", "ignore_numbers", "regexes_to_ignore"];

    /// <summary>Ways to make one value of numbers; of pairs there are others.</summary>
    private static readonly string[] OfScalars = ["mean", "nanmean", "median", "perplexity"];

    /// <summary>How answers are compared; null where they are not.</summary>
    public ExactMatchOptions? Options { get; init; }

    public static IReadOnlyList<FileMetric> Of(FileKeys keys, string output, List<Doubt> doubts)
    {
        if (keys.Of("metric_list") is not { } said)
            return [.. Usual(output).Select(name => HarnessMetric.Find(name)!).Select(known => new FileMetric(
                keys.File, known.Name, known.Aggregation, known.HigherIsBetter, Array.IndexOf(Usable[output], known.Name)) { Options = output == Text ? ExactMatchOptions.None : null })];
        FileMetric[] metrics = [.. said.List().Select(item => Of(item, output, doubts))];
        return metrics.Length == 0 ? throw said.Wrong("is empty, so nothing would be measured; name a metric, or leave metric_list out")
            : metrics.GroupBy(metric => metric.Name).FirstOrDefault(same => same.Count() > 1) is { Key: var twice }
                ? throw said.Wrong($"names {twice} twice, of which the harness takes the last; remove one")
                : metrics;
    }

    private static FileMetric Of(Said item, string output, List<Doubt> doubts)
    {
        var keys = (item with { Key = "metric_list" }).Mapping();
        if (!keys.TryGetValue("metric", out var said))
            throw item.Wrong("names no metric; add metric: acc, or the one that is meant");
        var name = said.Text();
        if (keys.TryGetValue("hf_evaluate", out var other) && other.Flag())
            throw other.Wrong("takes the metric from another library, which is not done; name one of this program's metrics");
        var place = Array.IndexOf(Usable[output], name);
        if (place < 0)
            throw said.Wrong(HarnessMetric.Find(name) is not null ? $"{name} has no value with output_type {output}; give one of {string.Join(", ", Usable[output])}"
                : NeedsMore(name) ? $"{HarnessMetric.Refusal(name)}; give one of {string.Join(", ", Usable[output])}"
                : $"{Printable.Line(name)} is no metric here; did you mean {NearNames.Nearest(name, Usable[output])}? output_type {output} has {string.Join(", ", Usable[output])}");
        var known = HarnessMetric.Find(name)!;
        var options = output == Text ? OptionsOf(keys) : null;
        foreach (var (_, value) in keys.Where(key => !Shared.Contains(key.Key)))
            if (options is null)
                doubts.Add(FewshotKeys.Unused(value, $"{name} of {output} has no such switch"));
        return new(said.Origin, name, AggregationOf(keys, known, name), keys.TryGetValue("higher_is_better", out var better) ? better.Flag() : known.HigherIsBetter,
            output == Text ? item.Line : place)
        {
            Options = options,
        };
    }

    /// <summary>Whether the harness has it, and it takes another library or code.</summary>
    private static bool NeedsMore(string name) => name is "bleu" or "chrf" or "ter" or "likelihood" or "acc_all" || name.StartsWith("rouge", StringComparison.Ordinal);

    private static string AggregationOf(IReadOnlyDictionary<string, Said> keys, HarnessMetric known, string metric)
    {
        if (!keys.TryGetValue("aggregation", out var said))
            return known.Aggregation;
        var name = said.Text();
        string[] usable = known.Aggregation is "mean" or "perplexity" ? OfScalars
            : metric is "f1" or "mcc" ? ["f1", "matthews_corrcoef"]
            : metric is "brier_score" ? ["brier_score"] : ["weighted_perplexity", "bits_per_byte"];
        return usable.Contains(name) ? name : throw said.Wrong(
            $"{Printable.Line(name)} is no way to make one value of {metric}'s; give {string.Join(" or ", usable)}, or leave it out");
    }

    /// <summary>Whether an answer is one of the right ones; one that a filter made no text of is none.</summary>
    public double Matches(IReadOnlyList<string> right, object? answer)
    {
        try
        {
            return answer is string text && ExactMatch.Score([.. right.Select(_ => text)], right, Options!) > 0 ? 1 : 0;
        }
        catch (PythonRegexException e)
        {
            throw Wrong($"cannot compare {DocField.Short((string)answer!)}: {e.Message}; change regexes_to_ignore");
        }
    }

    private static ExactMatchOptions OptionsOf(IReadOnlyDictionary<string, Said> keys)
    {
        bool Is(string key) => keys.TryGetValue(key, out var said) && said.Flag();
        var regexes = keys.TryGetValue("regexes_to_ignore", out var list) && !list.IsNull ? list.List() : null;
        if (keys.FirstOrDefault(key => !Shared.Contains(key.Key) && !Switches.Contains(key.Key)) is { Value: { } unknown, Key: var name })
            throw unknown.Wrong($"is no switch of exact_match; did you mean {NearNames.Nearest(name, Switches)}?");
        return new(regexes?.Select(Regex).ToList(), Is("ignore_case"), Is("ignore_punctuation"), Is("ignore_numbers"));
    }

    private static PythonRegex Regex(Said said)
    {
        try
        {
            return PythonRegex.Parse(said.Text());
        }
        catch (PythonRegexException e)
        {
            throw said.Wrong($"{DocField.Short(said.Text())} is no pattern that can be used: {e.Message}");
        }
    }

    public Metric Of(string filter)
    {
        var metric = new Metric($"{Name},{filter}")
        {
            HigherIsBetter = HigherIsBetter,
            HasError = Aggregation is not ("brier_score" or "weighted_perplexity" or "bits_per_byte"),
        };
        var whole = HarnessAggregation.Find(Aggregation)!;
        Estimate Of(IReadOnlyList<DocValue> values) => new(whole.Apply(values), whole.StandardError(values));
        return Aggregation switch
        {
            "mean" => metric,
            // Of each document the squares are summed already.
            "brier_score" => metric with { Aggregate = values => Estimate.FromValues(values) with { StandardError = null } },
            "weighted_perplexity" or "bits_per_byte" => metric with { AggregatePairs = pairs => Of([.. pairs.Select(pair => new DocValue(pair.Value, pair.Weight))]) },
            "f1" or "matthews_corrcoef" => metric with { AggregatePairs = pairs => Of([.. pairs.Select(pair => new DocValue(pair.Weight, pair.Value))]) },
            _ => metric with { Aggregate = values => Of([.. values.Select(value => new DocValue(value))]) },
        };
    }

    public InputException Wrong(string fact) => new($"{Origin}: {Name} {fact}");
}
