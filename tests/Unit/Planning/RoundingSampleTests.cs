using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Planning;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests.Planning;

/// <summary>Which documents are computed once more to measure rounding.</summary>
public class RoundingSampleTests
{
    [Theory]
    [InlineData(0, 1, 0)]
    [InlineData(1, 0.01, 1)]
    [InlineData(50, 1, 3)]
    [InlineData(50, 0.01, 3)] // one in twenty, fewer than the least that is afforded
    [InlineData(400, 1, 20)]
    [InlineData(400, 0.25, 10)] // a tenth of what the run costs
    [InlineData(570, 0.06, 4)]
    [InlineData(817, 0.034, 4)]
    [InlineData(14_042, 0.04, 32)]
    public void It_costs_at_most_a_tenth_of_the_run(int documents, double costs, int expected) =>
        Assert.Equal(expected, RoundingSample.Places(documents, costs).Count());

    [Fact]
    public void Its_documents_are_spread_evenly() =>
        Assert.Equal([0, 142, 285, 427], RoundingSample.Places(570, 0.06));

    [Fact]
    public void What_prompts_share_is_told_by_their_texts()
    {
        // Two contexts of one ending, on a description that all documents begin with.
        var description = new string('d', 80);
        var (all, left) = (3 * 2 * (80 + 10 + 5), 80 + 3 * (10 + 2 * 5));
        var asked = new List<Request>();
        for (var doc = 0; doc < 3; doc++)
            foreach (var choice in (string[])["right", "wrong"])
                asked.Add(new LogLikelihood(description + new string((char)('0' + doc), 10), choice));
        Assert.Equal((double)left / all, SampledRequests.Cost([asked]), 1e-12);
        Assert.Equal(1, SampledRequests.Cost([[new LogLikelihoodRolling("one text"), new LogLikelihoodRolling("one text")]]));
        Assert.Equal(1, SampledRequests.Cost([]));
    }

    [Fact]
    public void Documents_are_taken_whole()
    {
        var asked = Evaluator.Ask(TaskSet.Leaderboard.Select("mmlu"), new() { Data = DataRoot.Open(Fixture.Samples), Shots = 5 });
        var documents = asked.Questions.Sum(task => task.Docs.Count);
        Assert.InRange(asked.Sample.Documents, 1, (documents + 19) / 20);
        Assert.Equal(asked.Sample.Places.Select(place => asked.Requests[place]), asked.Sample.Requests);
        var whole = asked.Sample.Requests.GroupBy(request => request.Origin);
        Assert.Equal(asked.Sample.Documents, whole.Count());
        Assert.All(whole, doc => Assert.Equal(4, doc.Count()));
    }
}
