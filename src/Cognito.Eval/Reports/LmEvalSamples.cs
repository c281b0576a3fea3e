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
        (string Metric, object Score)[] scores = [.. task.Metrics.Select(metric => metric.Name.Split(','))
            .Where(name => name[^1] == filter.Name).Select(name => (name[0], Score(task, asked, detail, name)))];
        object[] answers = [.. Answers(task, detail).Select(answer => asked.Requests[0] is LogLikelihoodRolling ? ((string[])answer)[0] : answer)];
        var line = new OrderedDictionary<string, object?>
        {
            ["doc_id"] = asked.Row,
            ["doc"] = LmEvalHashes.Logged(task, asked),
            ["target"] = LmEvalHashes.Printed(LmEvalHashes.RightAnswer(task, asked)),
            ["arguments"] = new OrderedDictionary<string, object?>(asked.Requests.Where((_, i) => i % config.Repeats == 0).Select((request, i) =>
                KeyValuePair.Create($"gen_args_{i}", (object?)Arguments(config, request)))),
            // Each was answered once, and greedily: again would be the same.
            ["resps"] = answers.Select(answer => Enumerable.Repeat(answer, config.Repeats)),
            ["filtered_resps"] = answers.Select(answer =>
                answer is string text && task.Generates ? asked.Doc is FiledDoc filed ? filed.Filtered(filter.Name, text) : filter.Apply(text) : answer),
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

    private static OrderedDictionary<string, object?> Arguments(LmEvalConfig config, Request request) =>
        request is LogLikelihoodRolling { Text: var text } ? new() { ["arg_0"] = text } : new()
        {
            ["arg_0"] = request.Context,
            ["arg_1"] = request is LogLikelihood pair ? pair.Continuation : config.GenerationKwargs,
        };

    /// <summary>A document's value as the harness logs it: of some metrics a pair, of some a whole number.</summary>
    private static object Score(EvalTask task, AskedDoc asked, DocDetail detail, string[] metric)
    {
        var (name, value) = (metric[0], detail.Scores[string.Join(',', metric)]);
        if (asked.Doc is not FiledDoc doc || doc.Generates)
            return value;
        return name switch
        {
            "f1" or "mcc" => (object[])[(long)doc.Gold!.Value, (long)value],
            "brier_score" => (object[])[(long)doc.Gold!.Value, Shares([.. detail.ChoiceLogprobs.Take(doc.Choices.Count)])],
            "word_perplexity" => (object[])[value, (long)HarnessText.Words(doc.Choices[0])],
            "byte_perplexity" or "bits_per_byte" => (object[])[value, (long)HarnessText.Bytes(doc.Choices[0])],
            "exact_match" => (long)value,
            "acc" when !task.Metrics.Any(its => its.Name.StartsWith("acc_", StringComparison.Ordinal)) && asked.Requests.Count == 1 => (long)value,
            _ => value,
        };
    }

    private static double[] Shares(double[] lls)
    {
        double[] e = [.. lls.Select(ll => Math.Exp(ll - lls.Max()))];
        return [.. e.Select(it => it / e.Sum())];
    }

    /// <summary>The generated text, or each choice's log-likelihood and whether it is the greedy one, as texts.</summary>
    private static IEnumerable<object> Answers(EvalTask task, DocDetail detail) => task.Generates
        ? [detail.GeneratedText!]
        : task.LmEval!.Repeats > 1 ? [.. Once(task, detail).Chunk(task.LmEval.Repeats).Select(same => same[0])] : Once(task, detail);

    private static IEnumerable<object> Once(EvalTask task, DocDetail detail) => detail.ChoiceLogprobs.Zip(
            detail.ChoiceGreedy, object (ll, greedy) => new[] { Printed(ll), greedy ? "True" : "False" });

    /// <summary>As Python's <c>str</c>, which has other words than its JSON for what is no number.</summary>
    private static string Printed(double number) => double.IsFinite(number) ? PythonJsonText.Number(number)
        : double.IsNaN(number) ? "nan" : number > 0 ? "inf" : "-inf";
}
