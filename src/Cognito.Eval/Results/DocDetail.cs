using Cognito.Eval.Tasks;
using Cognito.Eval.Templates;

namespace Cognito.Eval.Results;

/// <summary>What a document got, beyond its scores: a row of <see cref="DetailsFile"/>.</summary>
public sealed record DocDetail
{
    /// <summary>Row in the split.</summary>
    public required int DocId { get; init; }

    /// <summary>Index of the right choice; null for generated answers.</summary>
    public int? Gold { get; init; }

    /// <summary>For each choice of a document of several true answers, whether it is true.</summary>
    public IReadOnlyList<bool>? Labels { get; init; }

    /// <summary>How many of such a document's choices are mc1's; they come first.</summary>
    public int? Mc1Choices { get; init; }

    /// <summary>Index of the choice that the headline metric takes; for several true answers mc1's.</summary>
    public int? Prediction { get; init; }

    /// <summary>metric → value.</summary>
    public required IReadOnlyDictionary<string, double> Scores { get; init; }

    /// <summary>
    /// Right minus the best wrong choice under the headline metric, in nats: above 0 the verdict is right. NaN where a
    /// verdict does not hang on a difference.
    /// </summary>
    public double Margin { get; init; } = double.NaN;

    /// <summary>Each choice's log-likelihood, natural log.</summary>
    public IReadOnlyList<double> ChoiceLogprobs { get; init; } = [];

    /// <summary>Each choice's length in code points, by which acc_norm divides.</summary>
    public IReadOnlyList<int> ChoiceLengths { get; init; } = [];

    /// <summary>Each choice's tokens, those that were scored.</summary>
    public IReadOnlyList<int> ChoiceTokens { get; init; } = [];

    /// <summary>Whether greedy decoding would have produced the choice.</summary>
    public IReadOnlyList<bool> ChoiceGreedy { get; init; } = [];

    /// <summary>Tokens of the prompt before truncation; of the longest, where each choice has its own.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>How many of the document's requests lost tokens.</summary>
    public required int Truncated { get; init; }

    /// <summary>The answer in the reference solution, and the one in the generated text; null where none was found.</summary>
    public string? GoldAnswer { get; init; }

    public string? PredictedAnswer { get; init; }

    /// <summary>What was generated, cut at the stops; null for choices.</summary>
    public string? GeneratedText { get; init; }

    public int? GeneratedTokens { get; init; }

    /// <summary>The contexts, one or one a choice, and the choices as text: kept only on request.</summary>
    public IReadOnlyList<string> Prompts { get; init; } = [];

    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <param name="prompts">Whether to keep prompts and choices as text.</param>
    public static DocDetail From(EvalTask task, GradedDoc graded, bool prompts = false)
    {
        var (asked, doc) = (graded.Asked, graded.Asked.Doc);
        var detail = new DocDetail
        {
            DocId = asked.Row,
            Scores = task.Metrics.Select(metric => metric.Name).Zip(graded.Scores.Values).ToDictionary(),
            PromptTokens = graded.Tokens.Select(tokens => tokens.Given).DefaultIfEmpty().Max(),
            Truncated = graded.Truncated,
            Prompts = prompts ? [.. asked.Requests.Select(request => request.Context).Distinct()] : [],
            Choices = prompts ? Texts(doc) : [],
        };
        return doc switch
        {
            FreeForm free => Generated(detail, free.Extract(free.Answer), free.Extract, graded),
            FiledDoc { Generates: true } filed => Generated(detail, filed.Choices.FirstOrDefault(), text => PythonValue.Str(
                filed.Filtered(task.LmEval!.Filters[0].Name, text)), graded),
            _ => Chosen(detail, doc, graded),
        };
    }

    private static DocDetail Generated(DocDetail detail, string? right, Func<string, string?> extract, GradedDoc graded)
    {
        var text = ((Completion)graded.Replies[0]).Text;
        return detail with
        {
            GoldAnswer = right,
            PredictedAnswer = extract(text),
            GeneratedText = text,
            GeneratedTokens = graded.Tokens.Select(tokens => tokens.Answered).FirstOrDefault(),
        };
    }

    private static DocDetail Chosen(DocDetail detail, Doc doc, GradedDoc graded)
    {
        Likelihood[] replies = [.. graded.Replies.Cast<Likelihood>()];
        double[] lls = [.. replies.Select(reply => reply.LogProbability)];
        var prediction = graded.Scores.Prediction;
        var many = doc as MultipleTrue;
        int? gold = doc switch { MultipleChoice choice => choice.Gold, Cloze cloze => cloze.Gold, MultipleTrue { One: null } => null, FiledDoc filed => filed.Gold, _ => 0 };
        return detail with
        {
            Gold = gold,
            Labels = many is null ? null : [.. many.One?.Labels ?? [], .. many.Many.Labels],
            Mc1Choices = many is null ? null : many.One?.Choices.Count ?? 0,
            Prediction = prediction,
            Margin = graded.Scores.Margin is not { } margin ? double.NaN : prediction == gold ? margin : -margin,
            ChoiceLogprobs = lls,
            ChoiceLengths = doc is Cloze { After: var after }
                ? [.. lls.Select(_ => PythonText.Length(after))]
                : Lengths(Texts(doc), lls.Length),
            ChoiceTokens = [.. graded.Tokens.Select(tokens => tokens.Answered)],
            ChoiceGreedy = [.. replies.Select(reply => reply.IsGreedy)],
        };
    }

    /// <summary>Where choices are asked more than once, in another context or again, each time.</summary>
    private static int[] Lengths(IReadOnlyList<string> choices, int requests) =>
        [.. Enumerable.Range(0, requests).Select(i => PythonText.Length(choices[requests == choices.Count ? i : i % choices.Count]))];

    /// <summary>A document's choices as text, in the order of its requests.</summary>
    internal static IReadOnlyList<string> Texts(Doc doc) => doc switch
    {
        MultipleChoice choice => choice.Choices,
        Cloze cloze => cloze.Options,
        MultipleTrue many => many.Choices,
        FiledDoc { Generates: false } filed => filed.Choices,
        _ => [],
    };
}
