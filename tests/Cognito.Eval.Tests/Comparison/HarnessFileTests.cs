using System.Text.Json;
using Cognito.Eval.Cli;

namespace Cognito.Eval.Tests;

/// <summary>Results of lm-evaluation-harness, compared with and without what it logged of each document.</summary>
public sealed class HarnessFileTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("cognito-eval-test");

    public void Dispose() => folder.Delete(recursive: true);

    private string Save(string name, string text)
    {
        var path = Path.Combine(folder.FullName, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>0.4's file of what the harness's own evaluator gave (fixtures/mini/v04-v0.4.9).</summary>
    private static string Newer(params string[] parts) => JsonSerializer.Serialize(new
    {
        results = Merged("results", parts),
        versions = Merged("versions", parts),
        n_shot = 0,
        config = new { model = "hf", model_args = "pretrained=some/model", limit = (double?)null },
        lm_eval_version = "0.4.9",
        model_name = "some/model",
    }).Replace("\"n_shot\":0", $"\"n-shot\":{JsonSerializer.Serialize(Merged("n-shot", parts))},\"n-samples\":{JsonSerializer.Serialize(Merged("n-samples", parts))}", StringComparison.Ordinal);

    private static Dictionary<string, JsonElement> Merged(string key, string[] parts) => parts
        .SelectMany(part => JsonDocument.Parse(File.ReadAllText(Fixture.Path("mini", "v04-v0.4.9", "parts", part + ".json"))).RootElement.GetProperty(key).EnumerateObject())
        .GroupBy(value => value.Name).ToDictionary(same => same.Key, same => same.First().Value);

    [Fact]
    public void The_old_layout_is_read_as_main_py_wrote_it()
    {
        var run = RunInputs.Read(Fixture.Path("mini", "main_example", "truthfulqa.json"));
        Assert.Equal(0.5575605966746879, run.Results["truthfulqa_mc"]["mc2"]);
        Assert.Equal(0.09523153365768719, run.Results["truthfulqa_mc"]["mc2_stderr"]);
        Assert.Equal(55.75605966746879, run.Leaderboard.Columns["TruthfulQA"]!.Value, 10);
        Assert.Equal("lm-evaluation-harness", run.Provenance.Kind);
        Assert.Empty(run.Tasks["truthfulqa_mc"].DocIds);
    }

    [Fact]
    public void The_new_layout_is_read_under_the_leaderboards_names()
    {
        var run = RunInputs.Read(Save("results_2025-01-01T00-00-00.json", Newer(
            "arc_challenge", "gsm8k", "mmlu_us_foreign_policy", "truthfulqa_mc1", "truthfulqa_mc2", "winogrande")));
        Assert.Equal(["arc_challenge", "gsm8k", "hendrycksTest-us_foreign_policy", "truthfulqa_mc", "winogrande"], run.Tasks.Keys.Order());
        Assert.Equal((0.3, 0.07337993857053426), (run.Results["arc_challenge"]["acc_norm"], run.Results["arc_challenge"]["acc_norm_stderr"]));
        Assert.Equal((25, 40), (run.Tasks["arc_challenge"].NumFewshot, run.Tasks["arc_challenge"].Documents));
        Assert.Equal(["mc1", "mc1_stderr", "mc2", "mc2_stderr"], run.Results["truthfulqa_mc"].Keys.Order());
        Assert.Equal(["acc", "acc_stderr"], run.Results["gsm8k"].Keys);
        Assert.Equal("some/model", run.Provenance.Model);
        Assert.Null(run.Leaderboard.Average);
    }

    [Fact]
    public void Without_documents_a_comparison_is_unpaired_and_says_so()
    {
        var theirs = RunInputs.Read(Save("results_x.json", Newer("arc_challenge", "winogrande")));
        var comparison = Comparison.Of(theirs, MadeRuns.Nano);
        var arc = comparison.Columns.Single(column => column.Name == "ARC");
        Assert.False(arc.IsPaired);
        Assert.Equal(100 * Math.Sqrt(0.07337993857053426 * 0.07337993857053426 + 0.03089738243291862 * 0.03089738243291862), arc.StandardError!.Value, 9);
        Assert.Contains(comparison.Notes, note => note.Contains("unpaired"));
        var other = MadeRuns.Nano.With("arc_challenge", task => task with { NumFewshot = 10 });
        Assert.Contains("25 and 10 shots", Assert.Throws<InputException>(() => Comparison.Of(theirs, other)).Message);
    }

    private static string Logged(int docs, Func<int, double> score, string context = "Question: {0}\nAnswer:") => string.Concat(Enumerable.Range(0, docs)
        .SelectMany(doc => new[] { "flexible-extract", "strict-match" }.Select(filter => JsonSerializer.Serialize(new
        {
            doc_id = doc,
            arguments = new { gen_args_0 = new { arg_0 = string.Format(context, doc), arg_1 = new { until = new[] { "Question:" } } } },
            filter,
            exact_match = filter == "strict-match" ? score(doc) : 0.0,
        }) + "\n")));

    private Run WithDocuments(string name, Func<int, double> score, string context = "Question: {0}\nAnswer:")
    {
        Save($"{name}/samples_gsm8k_d1.jsonl", Logged(20, score, context));
        return RunInputs.Read(Path.GetDirectoryName(Save($"{name}/results_d1.json", Newer("gsm8k")))!);
    }

    [Fact]
    public void What_it_logged_of_each_document_makes_a_comparison_paired()
    {
        var one = WithDocuments("a", doc => doc % 2);
        var comparison = Comparison.Of(one, WithDocuments("b", doc => doc % 2 == 0 && doc < 6 ? 1 : doc % 2));
        var gsm8k = comparison.Columns.Single();
        Assert.True(gsm8k.IsPaired);
        Assert.Equal((20, 3, 0, 50.0, 65.0), (gsm8k.Documents, gsm8k.Wins, gsm8k.Losses, gsm8k.Baseline, gsm8k.Candidate));
        var error = Assert.Throws<InputException>(() => Comparison.Of(one, WithDocuments("c", doc => 1, "Q: {0}\nA:")));
        Assert.Contains("gsm8k: prompts that differ", error.Message);
    }

    [Theory]
    [InlineData("{\"results\":{\"arc_challenge\":{\"acc,none\":7}},\"config\":{}}", "not between 0 and 1")]
    [InlineData("{\"results\":{\"lambada\":{\"acc,none\":0.5}},\"config\":{}}", "no task that is known")]
    [InlineData("{\"results\":[],\"config\":{}}", "not a results file")]
    [InlineData("{\"results\":{\"arc_challenge\":{\"acc_norm\":0.5}},\"config\":{\"num_fewshot\":2.5}}", "not a results file")]
    [InlineData("{\"results\":{\"arc_challenge\":{\"acc_norm\":0.5}}}", "not a run")]
    [InlineData("{\"results\":", "not a run")]
    public void What_it_did_not_write_is_refused_in_one_line(string json, string fact)
    {
        var path = Save("results_y.json", json);
        var error = Assert.Throws<InputException>(() => RunInputs.Read(path));
        Assert.StartsWith(path, error.Message);
        Assert.Contains(fact, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData("{\"doc_id\":0}\n", "line 1")]
    [InlineData("nonsense\n", "line 1")]
    [InlineData("\n", "no document")]
    [InlineData("{\"doc_id\":0,\"filter\":\"strict-match\",\"exact_match\":3,\"arguments\":[]}\n", "line 1")]
    public void Damaged_documents_are_refused_in_one_line(string lines, string fact)
    {
        Save("d/samples_gsm8k_d1.jsonl", lines);
        var path = Save("d/results_d1.json", Newer("gsm8k"));
        Assert.Contains(fact, Assert.Throws<InputException>(() => RunInputs.Read(path)).Message);
    }
}
