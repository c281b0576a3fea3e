using System.Globalization;
using System.Text.Json;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Data;
using Cognito.Eval.Files;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>Which rows lm-evaluation-harness 0.4 shows as examples.</summary>
public sealed class LmEvalDrawTests
{
    [Theory]
    [InlineData("arc_challenge", 25, 25)]
    [InlineData("hellaswag", 10, 11)]
    [InlineData("winogrande", 5, 6)]
    [InlineData("gsm8k", 5, 5)]
    public void Examples_of_the_published_splits_are_the_harness_own(string name, int shots, int drawn)
    {
        var golden = JsonDocument.Parse(Golden.Gunzip(Shared.Path("goldens", "harness", "fewshot_indices", $"v04-{name}.json.gz"))).RootElement;
        var task = TaskSet.LmEval.Tasks.Single(task => task.Name == name);
        Assert.Equal(drawn, LmEval04.Rules.ExamplesNeeded(task, shots));
        DrawnDoc[] docs = [.. LmEval04.Rules.Draw(
            task, Rows("asked", golden.GetProperty("n_docs").GetInt32()), Rows("shown", golden.GetProperty("n_train").GetInt32()), shots)];
        Assert.Equal(Enumerable.Range(0, docs.Length), docs.Select(doc => doc.Row));
        foreach (var (expected, doc) in golden.GetProperty("samples").EnumerateArray().Zip(docs, (expected, doc) => (expected, doc)))
            Assert.Equal(expected.EnumerateArray().Select(index => index.GetInt32()), doc.Shots);
        var all = Golden.Json(Shared.Path("goldens", "harness", "fewshot_indices", "sha256.json"));
        Assert.Equal(all[$"v0.4 {name} {shots}-shot (draws {drawn})"]!.GetValue<string>(), Golden.Sha256(string.Join(',', docs.SelectMany(doc => doc.Shots))));
    }

    [Fact]
    public void The_group_openllm_draws_no_more_than_it_shows()
    {
        foreach (var task in TaskSet.LmEvalOpenLlm.Tasks.Where(task => task.ShotOrder == ShotOrder.Drawn))
        {
            Assert.Equal(task.Shots, LmEval04.OpenLlm.ExamplesNeeded(task, task.Shots));
            Assert.Equal(
                LeaderboardV1Draw(task.Shots, 40), LmEval04.OpenLlm.Draw(task, Rows("asked", 3), Rows("shown", 40), task.Shots).First().Shots);
        }
        Assert.Equal(
            new Dictionary<string, int> { ["arc_challenge"] = 25, ["hellaswag"] = 10, ["winogrande"] = 5, ["gsm8k"] = 5 },
            TaskSet.LmEvalOpenLlm.Tasks.Where(task => task.ShotOrder == ShotOrder.Drawn).ToDictionary(task => task.Name, task => task.Shots));

        static int[] LeaderboardV1Draw(int shots, int rows) => new PythonRandom(1234).Sample(rows, shots);
    }

    [Fact]
    public void A_document_is_not_shown_to_itself_where_both_splits_go_unnamed()
    {
        var (rows, examples) = (Rows("same", 1), Rows("same", 8));
        var shown = LmEval04.Rules.Draw(Winogrande.LmEval, rows, examples, 7).Single().Shots;
        Assert.Equal(7, shown.Count);
        Assert.DoesNotContain(0, shown);
        // ARC names its splits, and they differ: nothing is looked at.
        Assert.Contains(0, LmEval04.Rules.Draw(ArcChallenge.LmEval, rows, examples, 8).Single().Shots);
    }

    [Fact]
    public void Two_examples_that_are_the_document_are_refused_as_the_harness_stops()
    {
        var rows = Rows("same", 1);
        var error = Assert.Throws<InputException>(() => LmEval04.Rules.Draw(Winogrande.LmEval, rows, [rows[0], rows[0]], 1).ToList());
        Assert.Contains("2 of the examples drawn", error.Message);
    }

    [Fact]
    public void A_task_of_another_protocol_is_refused() =>
        Assert.Throws<ArgumentException>(() => Questions.Ask(ArcChallenge.Task, new(Fixture.Path("mini", "data")), LmEval04.Rules));

    [Fact]
    public void No_generator_is_touched_where_nothing_is_shown() =>
        Assert.All(LmEval04.Rules.Draw(HellaSwag.LmEval, Rows("asked", 3), [], 0), doc => Assert.Empty(doc.Shots));

    [Theory]
    [InlineData("0.1", 15, 2)]
    [InlineData("0.5", 5, 3)]
    [InlineData("1", 5, 1)]
    [InlineData("2.9", 5, 2)]
    [InlineData("100", 5, 5)]
    public void A_fraction_of_a_split_is_rounded_up(string limit, int rows, int documents) =>
        Assert.Equal(documents, LmEval04.Rules.Documents(Limit.Parse(limit), rows));

    private static Row[] Rows(string what, int count) => [.. Enumerable.Range(0, count).Select(i => new Row(
        $"{what} {i}", new Dictionary<string, object?> { ["sentence"] = $"{what} {i.ToString(CultureInfo.InvariantCulture)}" }))];
}
