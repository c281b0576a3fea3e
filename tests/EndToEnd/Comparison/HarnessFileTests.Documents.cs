using System.Text.Json;
using Cognito.Eval.Cli;
using Cognito.Eval.Comparison;
using Cognito.Eval.Files;
using Cognito.Eval.Results;

namespace Cognito.Eval.Tests;

/// <summary>What it logged of each document.</summary>
public sealed partial class HarnessFileTests
{
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
        var comparison = RunComparison.Create(one, WithDocuments("b", doc => doc % 2 == 0 && doc < 6 ? 1 : doc % 2));
        var gsm8k = comparison.Columns.Single();
        Assert.True(gsm8k.IsPaired);
        Assert.Equal((20, 3, 0, 50.0, 65.0), (gsm8k.Documents, gsm8k.Wins, gsm8k.Losses, gsm8k.Baseline, gsm8k.Candidate));
        var error = Assert.Throws<InputException>(() => RunComparison.Create(one, WithDocuments("c", doc => 1, "Q: {0}\nA:")));
        Assert.Contains("gsm8k: prompts that differ", error.Message);
    }

    /// <summary>As before 0.4.7: a line for each filter and document, in equal blocks, and no word of which filter.</summary>
    private static string Blocks(int docs, params Func<int, string>[] filters) => string.Concat(filters.SelectMany(filter => Enumerable.Range(0, docs).Select(doc =>
        $$$"""{"doc_id": {{{doc}}}, "arguments": [["Question: {{{doc}}}", {"until": ["Question:"]}]], "resps": [["x"]], "exact_match": {{{filter(doc)}}}}""" + "\n")));

    private Run Logged047(string name, string lines, string filters, double strict)
    {
        Save($"{name}/samples_gsm8k_d1.jsonl", lines);
        return RunInputs.Read(Save($"{name}/results_d1.json", $$$"""
            {"results":{"gsm8k":{"exact_match,strict-match":{{{strict}}},"exact_match_stderr,strict-match":NaN,"exact_match,flexible-extract":0.75} },
            "configs":{"gsm8k":{ {{{filters}}} } },"n-shot":{"gsm8k":5},"config":{} }
            """));
    }

    [Fact]
    public void Before_0_4_7_a_document_is_logged_once_for_each_filter_and_the_files_say_which_is_which()
    {
        string Strict(int doc) => doc == 0 ? "1.0" : "0.0";
        string Flexible(int doc) => doc == 1 ? "0.0" : "1.0";
        double[] strict = [1, 0, 0, 0];
        const string Listed = "\"filter_list\":[{\"name\":\"flexible-extract\"},{\"name\":\"strict-match\"}]";
        var asListed = Logged047("a", Blocks(4, Flexible, Strict), Listed, 0.5);
        var asInTheResults = Logged047("b", Blocks(4, Strict, Flexible), "", 0.5);
        var byTheMean = Logged047("c", Blocks(4, Flexible, Strict), "", 0.25);
        // Two processes, each with its own documents.
        var ofTwo = Logged047("d", Blocks(2, Strict, Flexible) + Blocks(2, _ => "0.0", _ => "1.0")
            .Replace("\"doc_id\": 0", "\"doc_id\": 2", StringComparison.Ordinal).Replace("\"doc_id\": 1", "\"doc_id\": 3", StringComparison.Ordinal), "", 0.5);
        foreach (var run in (Run[])[asListed, asInTheResults, byTheMean, ofTwo])
        {
            Assert.Equal([0, 1, 2, 3], run.Tasks["gsm8k"].DocIds);
            Assert.Equal(strict, run.Tasks["gsm8k"].Scores["exact_match,strict-match"]);
        }
        Assert.Contains("1 times, not once for each of the 2 filters", Assert.Throws<InputException>(() =>
            Logged047("e", Blocks(4, Strict, Flexible)[..^100].TrimEnd()[..Blocks(4, Strict, Flexible)[..^100].LastIndexOf('\n')], "", 0.5)).Message);
        Assert.Contains("more often", Assert.Throws<InputException>(() => Logged047("f", Blocks(2, Strict, Strict, Strict), "", 0.5)).Message);
    }

    [Fact]
    public void A_documents_score_that_is_no_number_is_counted_as_one()
    {
        var run = Logged047("n", Blocks(3, doc => doc == 1 ? "NaN" : "1.0", _ => "0.0"), "", 0.5);
        Assert.True(double.IsNaN(run.Tasks["gsm8k"].Scores["exact_match,strict-match"][1]));
        Assert.Contains(RunComparison.Create(run, run).Notes, note => note.Contains("1 scores are no numbers", StringComparison.Ordinal));
    }

    /// <summary>As it is logged since 0.4.3: a hash of the row and one of the prompt.</summary>
    private Run Hashed(string name, params (int Id, string Doc, string Prompt, int Score)[] docs)
    {
        Save($"{name}/samples_gsm8k_d1.jsonl", string.Concat(docs.Select(doc => JsonSerializer.Serialize(new
        {
            doc_id = doc.Id,
            arguments = new { gen_args_0 = new { arg_0 = doc.Prompt, arg_1 = new { until = Array.Empty<string>() } } },
            filter = "strict-match",
            exact_match = doc.Score,
            doc_hash = doc.Doc,
            prompt_hash = doc.Prompt,
        }) + "\n")));
        return RunInputs.Read(Path.GetDirectoryName(Save($"{name}/results_d1.json", Newer("gsm8k")))!);
    }

    [Fact]
    public void Documents_are_paired_by_the_hashes_of_row_and_prompt_in_whatever_order()
    {
        var one = Hashed("a", (0, "d0", "p0", 1), (1, "d1", "p1", 0), (2, "d2", "p2", 0), (3, "d3", "p3", 1));
        // Two processes logged one after the other; of the last document another prompt was asked.
        var other = Hashed("b", (2, "d2", "p2", 1), (0, "d0", "p0", 0), (1, "d1", "p1", 0), (3, "d3", "other", 1));
        var comparison = RunComparison.Create(one, other);
        var gsm8k = comparison.Columns.Single();
        Assert.True(gsm8k.IsPaired);
        Assert.Equal((3, 1, 1, 1.0 / 3 * 100, 1.0 / 3 * 100), (gsm8k.Documents, gsm8k.Wins, gsm8k.Losses, gsm8k.Baseline, gsm8k.Candidate));
        var error = Assert.Throws<InputException>(() => RunComparison.Create(one, Hashed("c", (0, "d0", "x", 1), (1, "d1", "y", 0))));
        Assert.Contains("gsm8k: no document with the same row and prompt", error.Message);
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
