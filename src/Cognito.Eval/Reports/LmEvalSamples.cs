using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Reports;

/// <summary>
/// A task's documents as lm-evaluation-harness 0.4 logs them, JSON on a line: all of the first filter, then all of the next
/// (protocol 9.6).
/// </summary>
internal static class LmEvalSamples
{
    /// <param name="details">One of each document.</param>
    public static IEnumerable<string> Lines(Questions asked, IReadOnlyList<DocDetail> details) =>
        from filter in asked.Task.LmEval!.Filters
        from doc in asked.Docs.Zip(details)
        select PythonJsonText.Write(Line(asked.Task, filter, doc.First, doc.Second));

    private static OrderedDictionary<string, object?> Line(EvalTask task, AnswerFilter filter, AskedDoc asked, DocDetail detail)
    {
        var (hashes, config) = (LmEvalHashes.Of(task, asked), task.LmEval!);
        (string Metric, double Score)[] scores = [.. task.Metrics.Select(metric => metric.Name.Split(','))
            .Where(name => name[^1] == filter.Name).Select(name => (name[0], detail.Scores[string.Join(',', name)]))];
        object[] answers = [.. Answers(task, detail)];
        var line = new OrderedDictionary<string, object?>
        {
            ["doc_id"] = asked.Row,
            ["doc"] = LmEvalHashes.Logged(task, asked),
            ["target"] = LmEvalHashes.Printed(LmEvalHashes.RightAnswer(task, asked)),
            ["arguments"] = new OrderedDictionary<string, object?>(asked.Requests.Select((request, i) =>
                KeyValuePair.Create($"gen_args_{i}", (object?)Arguments(config, request)))),
            // Each was answered once.
            ["resps"] = answers.Select(answer => new[] { answer }),
            ["filtered_resps"] = answers.Select(answer => answer is string text ? filter.Apply(text) : answer),
            ["filter"] = filter.Name,
            ["metrics"] = scores.Select(score => score.Metric),
            ["doc_hash"] = hashes.Doc,
            ["prompt_hash"] = hashes.Prompt,
            ["target_hash"] = hashes.Target,
        };
        foreach (var (metric, score) in scores)
            line[metric] = score;
        return line;
    }

    private static OrderedDictionary<string, object?> Arguments(LmEvalConfig config, Request request) => new()
    {
        ["arg_0"] = request.Context,
        ["arg_1"] = request is LogLikelihood pair ? pair.Continuation : config.GenerationKwargs,
    };

    /// <summary>The generated text, or each choice's log-likelihood and whether it is the greedy one, as texts.</summary>
    private static IEnumerable<object> Answers(EvalTask task, DocDetail detail) => task.Generates
        ? [detail.GeneratedText!]
        : detail.ChoiceLogprobs.Zip(
            detail.ChoiceGreedy, object (ll, greedy) => new[] { Printed(ll), greedy ? "True" : "False" });

    /// <summary>As Python's <c>str</c>, which has other words than its JSON for what is no number.</summary>
    private static string Printed(double number) => double.IsFinite(number) ? PythonJsonText.Number(number)
        : double.IsNaN(number) ? "nan" : number > 0 ? "inf" : "-inf";
}
