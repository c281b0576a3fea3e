using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>Plans made apart from the model that executes them.</summary>
public sealed class PlannerTests
{
    private static readonly DataRoot Samples = DataRoot.Open(Fixture.Samples);

    private static Planner PlannerFor(int maxLength) => new(
        new Toys.HashTokenizer(), LeaderboardV1.Rules, maxLength, 300, new(Toys.HashTokenizer.EndOfText));

    private static PlannedModel Model(int planned, int takes) =>
        new(new() { Name = "toy" }, PlannerFor(planned), new Toys.HashModel(takes));

    [Fact]
    public async Task A_plan_made_before_the_model_is_there_is_answered_as_one_made_after()
    {
        var requests = AskedTasks.Flat(new[] { ArcChallenge.Task, TruthfulQa.Task, Winogrande.Task }
            .Select(task => Questions.Ask(task, Samples, LeaderboardV1.Rules, limit: new Limit(3))));
        using var before = Model(400, 400);
        await before.PrepareAsync(requests, new(), default);
        using var after = Model(400, 400);
        Assert.Equal(after.Ask(requests), before.Ask(requests));
    }

    [Fact]
    public void A_plan_for_longer_sequences_than_the_models_is_refused()
    {
        using var model = Model(401, 400);
        Assert.Throws<ArgumentException>(() => model.Ask([new LogLikelihood("a b", " c")]));
    }

    [Fact]
    public void Bad_rows_are_bad_input_though_found_in_the_background()
    {
        using var model = Model(400, 400);
        var e = Assert.Throws<InputException>(() => model.Ask([new LogLikelihood("a", "") { Origin = new("winogrande", 0) }]));
        Assert.Contains("winogrande: the continuation \"\" has no token of its own to score: it is empty; check the rows", e.Message);
    }

    [Fact]
    public void Equal_prompts_are_one_in_the_counts_of_generation()
    {
        var requests = new[] { "a b c", "d", "a b c" }.Select(text => new GreedyUntil(text, [":"])).ToList();
        var counts = PlannerFor(400).Generation("task", requests).Counts;
        Assert.Equal(new(3, 3, 2, 3 + 1 + 3, 3 + 1, 3 + 1, 0), counts);
        Assert.Equal(2, PlannerFor(258).Generation("task", requests).Counts.Truncated);
    }

    [Theory, InlineData(true), InlineData(false)]
    public void A_token_across_the_border_is_named(bool beside)
    {
        var json = PiecesJson.Of();
        var vocab = json["model"]!["vocab"]!.AsObject();
        vocab[":▁A"] = 4096;
        json["model"]!["merges"]!.AsArray().Add(new System.Text.Json.Nodes.JsonArray(":", "▁A"));
        var planner = new Planner(ByteLevelJson.Tokenizer(json), LeaderboardV1.Rules, 400, new Budget(100, 100, true), new(2));
        var request = beside ? new LogLikelihood("Q\nAnswer:", " A") : new LogLikelihood("Answer: ", "A");
        var message = Assert.Throws<InputException>(() => planner.LogLikelihoods([[request]], ["mmlu"])).Message;
        Assert.Contains("token 4096 \":▁A\" spans the border", message);
        Assert.DoesNotContain("--max-length", message);
    }
}
