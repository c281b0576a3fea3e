using System.Text.Json;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>Metrics of whole tasks and their errors, drawn ones too, against lm-evaluation-harness' own results.</summary>
public sealed class HarnessAggregationTests
{
    private static JsonElement Golden(string name) =>
        JsonDocument.Parse(File.ReadAllBytes(Shared.Path("task-files", "goldens", name + ".json"))).RootElement;

    private static IEnumerable<string> Tasks => Directory.EnumerateFiles(Shared.Path("task-files", "goldens"), "*.json").Select(Path.GetFileNameWithoutExtension).Order()!;

    private static DocValue Value(JsonElement value) => value.ValueKind != JsonValueKind.Array ? new(value.GetDouble())
        : value[1].ValueKind == JsonValueKind.Array ? new DocValue(value[0].GetDouble(), 0, [.. value[1].EnumerateArray().Select(p => p.GetDouble())])
        : new DocValue(value[0].GetDouble(), value[1].GetDouble());

    private static void AssertClose(string what, double expected, double? actual) =>
        Assert.True(actual is { } value && Math.Abs(value - expected) <= 1e-12 * Math.Max(1, Math.Abs(expected)), $"{what}: {actual:R}, not {expected:R}");

    [Fact]
    public void Every_metric_and_error_of_the_goldens_comes_from_its_documents()
    {
        var (compared, drawn) = (0, 0);
        foreach (var name in Tasks)
        {
            var golden = Golden(name);
            if (!golden.TryGetProperty("per_doc", out var documents))
                continue;
            var results = golden.GetProperty("results").GetProperty(name);
            foreach (var key in results.EnumerateObject().Select(property => property.Name).Where(key => key.Contains(',', StringComparison.Ordinal) && !key.Contains("_stderr", StringComparison.Ordinal)))
            {
                var (metric, filter) = (key.Split(',')[0], key.Split(',')[1]);
                var aggregation = HarnessAggregation.Find(HarnessMetric.Find(metric)!.Aggregation)!;
                DocValue[] values = [.. documents.EnumerateArray().Where(doc => doc.GetProperty("filter").GetString() == filter).Select(doc => Value(doc.GetProperty(metric)))];
                AssertClose($"{name} {key}", results.GetProperty(key).GetDouble(), aggregation.Apply(values));
                var error = results.GetProperty($"{metric}_stderr,{filter}");
                if (error.ValueKind == JsonValueKind.String)
                    Assert.Null(aggregation.StandardError(values, cancel: TestContext.Current.CancellationToken));
                else
                    AssertClose($"{name} {key}'s error", error.GetDouble(), aggregation.StandardError(values, cancel: TestContext.Current.CancellationToken));
                compared++;
                drawn += aggregation.IsBootstrapped ? 1 : 0;
            }
        }
        Assert.True(compared > 40 && drawn >= 3, $"{compared} metrics, {drawn} of them with a drawn error");
    }

    [Theory]
    [InlineData("t13_weighted", true)]
    [InlineData("t13_unweighted", false)]
    public void Groups_are_summed_up_as_the_reference_does(string group, bool weightBySize)
    {
        var golden = Golden(group);
        var results = golden.GetProperty("results");
        string[] tasks = [.. golden.GetProperty("group_subtasks").GetProperty(group).EnumerateArray().Select(task => task.GetString()!)];
        int[] sizes = [.. tasks.Select(task => results.GetProperty(task).GetProperty("sample_len").GetInt32())];
        var sum = golden.GetProperty("groups").GetProperty(group);
        double[] Of(string key) => [.. tasks.Select(task => results.GetProperty(task).GetProperty(key).GetDouble())];
        AssertClose("acc", sum.GetProperty("acc,none").GetDouble(), HarnessGroups.Mean(Of("acc,none"), sizes, weightBySize));
        AssertClose("its error", sum.GetProperty("acc_stderr,none").GetDouble(), HarnessGroups.PooledError([.. Of("acc_stderr,none").Select(error => (double?)error)], sizes));
        Assert.Null(HarnessGroups.PooledError([0.1, null], sizes));
    }

    [Fact]
    public void What_the_reference_fails_on_is_an_error()
    {
        Assert.Equal("ValueError", Assert.Throws<MetricException>(() => HarnessAggregation.Find("f1")!.Apply([new(0, 1), new(2, 1)])).Kind);
        Assert.Equal("ValueError", Assert.Throws<MetricException>(() => HarnessAggregation.Find("brier_score")!.Apply([new(0, 0, [1]), new(0, 0, [0.5, 0.5])])).Kind);
        Assert.Null(HarnessMetric.Find("bleu"));
        Assert.Contains("sacrebleu", HarnessMetric.Refusal("bleu"), StringComparison.Ordinal);
        Assert.Contains("acc_norm", HarnessMetric.Refusal("accuracy"), StringComparison.Ordinal);
    }

    /// <summary>Numbers by Python 3.11: sorted(x)[len(x) // 2], and its resamples' deviation over 2000 rounds.</summary>
    [Fact]
    public void A_median_and_its_error_are_Python_s()
    {
        DocValue[] values = [3.5, 1.25, 9.75, 2.5, 7.0, 1.25, 4.5];
        var median = HarnessAggregation.Find("median")!;
        Assert.Equal(3.5, median.Apply(values));
        AssertClose("median", 1.6222274949580004, median.StandardError(values, 2000, TestContext.Current.CancellationToken));
        AssertClose("nanmean", 1.113582832872966, HarnessAggregation.Find("nanmean")!.StandardError([.. values, double.NaN], 2000, TestContext.Current.CancellationToken));
        Assert.Null(median.StandardError(values, 0, TestContext.Current.CancellationToken));
        Assert.Null(HarnessAggregation.Find("mean")!.StandardError([1.0], cancel: TestContext.Current.CancellationToken));
    }
}
