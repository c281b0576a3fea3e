using System.Text.Json;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Models;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;
using Cognito.Eval.Torch;

namespace Cognito.Eval.Tests;

/// <summary>
/// cognito-nano under lm-evaluation-harness 0.4, against the harness's own evaluator and model class (main of August 2026, float32).
/// COGNITO_EVAL_NANO_LIMIT says how many documents of each task, at most the 100 that it was asked (2 if unset).
/// </summary>
[Collection("torch")]
public sealed class LmEvalNanoTests(ITestOutputHelper output)
{
    private const int Asked = 100;

    private static readonly int Limit = Environment.GetEnvironmentVariable("COGNITO_EVAL_NANO_LIMIT") switch
    {
        "all" => Asked,
        { } given => Math.Min(Asked, int.Parse(given)),
        null => 2,
    };

    [Theory]
    [InlineData("bos=default", BosRule.Auto)]
    [InlineData("bos=default", BosRule.Yes)]
    [InlineData("bos=False", BosRule.No)]
    public async Task Every_answer_is_the_harness_own(string name, BosRule bos)
    {
        var golden = JsonDocument.Parse(File.ReadAllText(Shared.Path("goldens", "cognito-nano", "v04.limit100.json"))).RootElement.GetProperty(name);
        var protocol = LmEval04.Rules with { Bos = bos };
        var options = new EvaluationOptions { Data = new(Shared.Path("data")), Protocol = protocol };
        Questions[] asked = [.. golden.EnumerateObject().Select(task => Questions.Ask(
            TaskSet.LmEval.Tasks.Single(its => its.Name == task.Name), options.Data, protocol,
            task.Value.GetProperty("num_fewshot") is { ValueKind: JsonValueKind.Number } shots ? shots.GetInt32() : null, new Limit(Limit)))
            .OrderBy(task => task.Generates)];
        using var model = LocalModel.Open(Fixture.Nano, new() { Device = "cpu", Dtype = "float32", Protocol = protocol });
        var graded = await Evaluator.GradeAsync(model, new(TaskSet.LmEval, asked, [], options), new() { Protocol = protocol }, default);
        var worst = 0.0;
        foreach (var task in graded)
        {
            var expected = golden.GetProperty(task.Questions.Task.Name);
            var filters = task.Questions.Task.LmEval!.Filters.Select(filter => filter.Name).ToList();
            foreach (var logged in expected.GetProperty("resps").EnumerateArray().Where(logged => logged[0].GetInt32() < Limit))
            {
                var doc = task.Docs[logged[0].GetInt32()];
                Assert.Contains(logged[1].GetString()!, filters);
                foreach (var (reply, request) in doc.Replies.Zip(logged[2].EnumerateArray(), (reply, request) => (reply, request)))
                    if (reply is Likelihood likelihood)
                    {
                        var (theirs, isGreedy) = (request[0][0].GetDouble(), request[0][1].GetBoolean());
                        worst = Math.Max(worst, Math.Abs(theirs - likelihood.LogProbability));
                        Golden.Close(theirs, likelihood.LogProbability, 1e-3 + 1e-5 * Math.Abs(theirs), $"{task.Questions.Task} {doc.Asked.Row}");
                        Assert.Equal(isGreedy, likelihood.IsGreedy);
                    }
                    else
                        Assert.Equal(request[0].GetString(), ((Completion)reply).Text);
            }
            if (Limit == Asked)
                Measured(task, expected.GetProperty("results"), protocol);
        }
        output.WriteLine($"largest log-likelihood difference: {worst:g3}");
    }

    private static void Measured(GradedTask task, JsonElement expected, Protocol protocol)
    {
        var results = Tally.Count([task], protocol, TaskSet.LmEval, new() { Model = "cognito-nano" }, null, []).Results[task.Questions.Task.Name];
        foreach (var (metric, value) in results.Where(metric => !metric.Key.Contains("_stderr")))
            Golden.Close(expected.GetProperty(metric).GetDouble(), value!.Value, task.Questions.Task.Name == "truthfulqa_mc2" ? 1e-4 : 1e-12, $"{task.Questions.Task} {metric}");
    }
}
