using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;
using Cognito.Eval.Torch;

namespace Cognito.Eval.Examples;

internal static class EvaluateFromCode
{
    public static async Task<Run> RunAsync(string checkpoint, string data, string output)
    {
        using var model = LocalModel.Open(checkpoint, new LocalModelOptions { Device = "cpu" });
        var options = new EvaluationOptions { Data = DataRoot.Open(data), Limit = new Limit(4), Output = output };
        var run = await Evaluator.RunAsync(model, TaskSet.Leaderboard.Select("arc,gsm8k"), options);
        foreach (var (task, metrics) in run.Results)
            Console.WriteLine($"{task}: {metrics[run.Tasks[task].Headline]:0.000}");
        return run;
    }
}
