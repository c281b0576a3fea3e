using Cognito.Eval.Files;
using Cognito.Eval.Tasks;
using Cognito.Eval.Templates;

namespace Cognito.Eval.TaskFiles;

/// <summary>A metric of <c>metric_list</c>, or of the output type where the file lists none (protocol 11.4).</summary>
/// <param name="Place">Where it stands among the metrics in the harness' results.</param>
internal sealed record FileMetric(string Origin, string Name, string Aggregation, bool HigherIsBetter, int Place)
{
    /// <summary>What the harness knows of a metric.</summary>
    /// <param name="Types">Output types that give it a value, and its place among the values of each.</param>
    private sealed record Known(string Name, string Aggregation, bool HigherIsBetter, params (string Type, int Place)[] Types)
    {
        /// <summary>Whether a document's value is a pair, which only some aggregations take.</summary>
        public bool IsPair => Aggregation is not ("mean" or "perplexity");

        public int? PlaceIn(string type) => Types.Where(its => its.Type == type).Select(its => (int?)its.Place).FirstOrDefault();
    }

    private const string Choice = "multiple_choice", One = "loglikelihood", Whole = "loglikelihood_rolling", Text = "generate_until";

    private static readonly Known[] All =
    [
        new("acc", "mean", true, (Choice, 0), (One, 1)),
        new("f1", "f1", true, (Choice, 1)),
        new("mcc", "matthews_corrcoef", true, (Choice, 2)),
        new("acc_norm", "mean", true, (Choice, 3)),
        new("acc_bytes", "mean", true, (Choice, 4)),
        new("exact_match", "mean", true, (Choice, 5), (Text, 0)),
        new("brier_score", "brier_score", false, (Choice, 6)),
        new("acc_mutual_info", "mean", true, (Choice, 7)),
        new("perplexity", "perplexity", false, (One, 0)),
        new("word_perplexity", "weighted_perplexity", false, (Whole, 0)),
        new("byte_perplexity", "weighted_perplexity", false, (Whole, 1)),
        new("bits_per_byte", "bits_per_byte", false, (Whole, 2)),
    ];

    private static readonly Dictionary<string, string[]> Usual = new()
    {
        [Choice] = ["acc", "acc_norm"],
        [One] = ["perplexity", "acc"],
        [Whole] = ["word_perplexity", "byte_perplexity", "bits_per_byte"],
        [Text] = ["exact_match"],
    };

    /// <summary>Metrics that need another library, or code: none is computed.</summary>
    private static readonly string[] NotDone =
        ["bleu", "chrf", "ter", "rouge", "rouge1", "rouge2", "rougeL", "rougeLsum", "bleurt", "bert_score", "bertscore", "likelihood", "acc_all", "bypass"];

    /// <summary>Keys of every metric, and the switches of exact_match.</summary>
    private static readonly string[] Shared = ["metric", "aggregation", "higher_is_better", "hf_evaluate"],
        Switches = ["ignore_case", "ignore_punctuation", "ignore_numbers", "regexes_to_ignore"];

    private static readonly string[] OfScalars = ["mean", "nanmean", "median", "perplexity"];

    /// <summary>How answers are compared; null where they are not.</summary>
    public ExactMatchOptions? Options { get; init; }

    public static IReadOnlyList<FileMetric> Of(FileKeys keys, string output, List<Doubt> doubts)
    {
        if (keys.Of("metric_list") is not { } said)
            return [.. Usual[output].Select(name => All.First(known => known.Name == name))
                .Select(known => new FileMetric(keys.File, known.Name, known.Aggregation, known.HigherIsBetter, known.PlaceIn(output)!.Value) { Options = output == Text ? ExactMatchOptions.None : null })];
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
        if (NotDone.Contains(name))
            throw said.Wrong($"{name} is not computed here; give one of {string.Join(", ", Usable(output))}");
        var known = All.FirstOrDefault(its => its.Name == name) ?? throw said.Wrong(
            $"{Printable.Line(name)} is no metric; did you mean {NearNames.Nearest(name, Usable(output))}? output_type {output} has {string.Join(", ", Usable(output))}");
        var place = known.PlaceIn(output) ?? throw said.Wrong(
            $"{name} has no value with output_type {output}; give one of {string.Join(", ", Usable(output))}");
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

    private static IEnumerable<string> Usable(string output) => All.Where(known => known.PlaceIn(output) is not null).Select(known => known.Name);

    private static string AggregationOf(IReadOnlyDictionary<string, Said> keys, Known known, string metric)
    {
        if (!keys.TryGetValue("aggregation", out var said))
            return known.Aggregation;
        var name = said.Text();
        string[] usable = !known.IsPair ? OfScalars
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

    public Metric Of(string filter) => new($"{Name},{filter}") { HigherIsBetter = HigherIsBetter };

    public InputException Wrong(string fact) => new($"{Origin}: {Name} {fact}");
}
