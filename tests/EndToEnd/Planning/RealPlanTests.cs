using Cognito.Eval.Benchmarks;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;
using Cognito.Eval.Tokenizers;

namespace Cognito.Eval.Tests;

/// <summary>The plan of the benchmarks' own questions.</summary>
public sealed class RealPlanTests(ITestOutputHelper output)
{
    public static TheoryData<string> Tokenizers => ["checkpoints/cognito-nano", "tokenizers/mistral-7b-v0.1"];

    [Theory]
    [MemberData(nameof(Tokenizers))]
    public void Hardly_a_token_is_computed_twice(string name)
    {
        const int MaxLength = 8192;
        var tokenizer = CheckpointTokenizer.Open(Shared.Path(name.Split('/')));
        var planner = new Planner(tokenizer.Tokenizer, LeaderboardV1.Rules, MaxLength, 4096, new(tokenizer.EndId));
        foreach (var task in TaskSet.Leaderboard.Tasks.Where(task => task != Gsm8k.Task))
        {
            var asked = Questions.Ask(task, new(Shared.Path("data")), LeaderboardV1.Rules, limit: new Limit(300));
            IReadOnlyList<LogLikelihood>[] documents =
                [.. asked.Docs.Select(doc => doc.Requests.Cast<LogLikelihood>().ToList())];
            var plan = planner.LogLikelihoods(documents, [.. documents.Select(_ => task.Name)]);
            var spans = documents.Select(requests => requests.Select(request => tokenizer.Encode(request)).ToList()).ToList();
            var (counts, distinct) = (plan.Total, Distinct(spans));
            output.WriteLine($"{task}: {distinct} distinct tokens, {counts}");
            Assert.Equal(spans.Sum(document => document.Sum(span => span.Length - 1L)), counts.RequestTokens);
            Assert.Equal(distinct, counts.DistinctTokens);
            Assert.InRange(counts.ForwardTokens, distinct, 1.03 * distinct);
        }
    }

    /// <summary>The sample is chosen by texts, before there are tokens.</summary>
    [Theory]
    [InlineData("arc_challenge", 400)]
    [InlineData("hellaswag", 400)]
    [InlineData("winogrande", 400)]
    [InlineData("truthfulqa", 800)]
    [InlineData("mmlu", 20)]
    public void What_is_computed_once_more_costs_about_a_tenth(string tasks, int limit)
    {
        var tokenizer = CheckpointTokenizer.Open(Shared.Path("tokenizers", "mistral-7b-v0.1"));
        var asked = Evaluator.Ask(TaskSet.Leaderboard.Select(tasks), new() { Data = new(Shared.Path("data")), Limit = new Limit(limit) });
        var planner = new Planner(tokenizer.Tokenizer, LeaderboardV1.Rules, 8192, 4096, new(tokenizer.EndId));
        var groups = asked.Requests.GroupBy(request => request.Origin).ToList();
        var plan = planner.LogLikelihoods(
            [.. groups.Select(IReadOnlyList<LogLikelihood> (doc) => [.. doc.Cast<LogLikelihood>()])], [.. groups.Select(doc => doc.Key.Task!)]);
        var again = asked.Sample.Requests.Cast<LogLikelihood>().DistinctBy(request => (request.Context, request.Continuation))
            .Sum(request => tokenizer.Encode(request).Length - 1L);
        output.WriteLine($"{tasks}: {asked.Sample.Documents} documents, {again} tokens of {plan.Total.ForwardTokens}");
        // Texts are not tokens, and some documents ask for more than others.
        Assert.InRange(again, 0.05 * plan.Total.ForwardTokens, 0.2 * plan.Total.ForwardTokens);
    }

    /// <summary>What all documents begin with once, each document's context beyond it once, each continuation once.</summary>
    private static long Distinct(List<List<TokenSpan>> documents)
    {
        var asked = new HashSet<string>();
        var fresh = documents.Select(document => document
            .Select(span => (int[])[.. span.Context, .. span.Continuation])
            .Where(whole => asked.Add(string.Join(' ', whole))).Select(whole => whole[..^1]).ToList())
            .Where(document => document.Count > 0).ToList();
        var sharedPrefix = fresh.Min(document => document.Min(input => input.AsSpan().CommonPrefixLength(fresh[0][0])));
        return sharedPrefix + fresh.Sum(document =>
        {
            var shared = document.Min(input => input.AsSpan().CommonPrefixLength(document[0]));
            return shared - sharedPrefix + document.Sum(input => (long)input.Length - shared);
        });
    }
}
