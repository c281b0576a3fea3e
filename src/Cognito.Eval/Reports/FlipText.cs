using System.Globalization;
using Cognito.Eval.Comparison;
using Cognito.Eval.Results;

namespace Cognito.Eval.Reports;

/// <summary>Documents that flipped between two runs: Markdown of the worst in both directions, CSV of all.</summary>
internal static class FlipText
{
    private const int MostCharacters = 240, MostChoices = 8;

    public const string HowToKeep = "Run both with --details full to see prompts and choices too.";

    /// <param name="most">How many are shown of those that got worse, and of those that got better.</param>
    public static string Markdown(IReadOnlyList<Flip> flips, int most)
    {
        List<Flip> lost = [.. flips.Where(flip => flip.Change < 0)];
        List<Flip> gained = [.. flips.Where(flip => flip.Change > 0).OrderByDescending(flip => flip.Change)
            .ThenByDescending(flip => flip.MarginChange ?? double.NegativeInfinity)];
        return Reports.Markdown.From(
            $"{Part("Lost", "lost", lost, most)}\n{Part("Gained", "gained", gained, most)}{Lacking(flips)}").Text;
    }

    private static Markdown Part(string heading, string verb, IReadOnlyList<Flip> flips, int most)
    {
        var order = "by the change of the score, then of the margin";
        var which = flips.Count == 0 ? "no document." : flips.Count <= most ? $"{Documents(flips.Count)}, {order}, those first that {verb} most:"
            : $"{Documents(flips.Count)}; the {VerdictText.Count(most)} that {verb} most, {order}:";
        var gap = flips.Count == 0 || most == 0 ? Reports.Markdown.None : Reports.Markdown.From($"\n");
        return Reports.Markdown.From($"{heading}: {which}\n{gap}{flips.Take(most).Select((flip, i) => Item(i + 1, flip))}");
    }

    private static string Documents(int count) => $"{VerdictText.Count(count)} {(count == 1 ? "document" : "documents")}";

    private static Markdown Item(int number, Flip flip) => Reports.Markdown.From(
        $"{number}. {flip.Task} {flip.DocId}: {flip.Metric} {Decimals.Of(flip.Baseline)}, then {Decimals.Of(flip.Candidate)}"
        + $"{Margin(flip)}\n{Lines(flip).Select(line => Reports.Markdown.From($"   - {line}\n"))}");

    private static string Margin(Flip flip) => flip.MarginChange is null ? ""
        : $"; margin {Decimals.Signed(flip.Before!.Margin)}, then {Decimals.Signed(flip.After!.Margin)} nats";

    private static IEnumerable<string> Lines(Flip flip)
    {
        if (Prompt(flip) is { } prompt)
            yield return $"prompt: {End(prompt)}";
        if (flip is { Before: { } before, After: { } after })
            foreach (var line in before.GeneratedText is null ? Choices(before, after, flip.Metric) : Generated(before, after))
                yield return line;
    }

    /// <summary>That of the right choice, where each has its own.</summary>
    private static string? Prompt(Flip flip) => (flip.After?.Prompts.Count > 0 ? flip.After : flip.Before) switch
    {
        { Prompts: [var one] } => one,
        { Prompts: { Count: > 1 } several, Gold: { } gold } when gold < several.Count => several[gold],
        { Prompts: [var first, ..] } => first,
        _ => null,
    };

    private static IEnumerable<string> Generated(DocDetail before, DocDetail after) =>
    [
        $"right: {before.GoldAnswer ?? after.GoldAnswer ?? "not known"}",
        $"baseline: {before.PredictedAnswer ?? "no answer"}, in \"{End(before.GeneratedText ?? "")}\"",
        $"candidate: {after.PredictedAnswer ?? "no answer"}, in \"{End(after.GeneratedText ?? "")}\"",
    ];

    /// <summary>Each choice with its log-likelihoods; of several true answers those that the metric is of.</summary>
    private static IEnumerable<string> Choices(DocDetail before, DocDetail after, string metric)
    {
        var (from, to) = before.Mc1Choices is not { } mc1 ? (0, before.ChoiceLogprobs.Count)
            : metric.Contains("mc2", StringComparison.Ordinal) ? (mc1, before.ChoiceLogprobs.Count) : (0, mc1);
        to = Math.Min(to, after.ChoiceLogprobs.Count);
        var texts = after.Choices.Count > 0 ? after.Choices : before.Choices;
        for (var i = from; i < Math.Min(to, from + MostChoices); i++)
        {
            string[] roles = [.. Roles(before, after, i)];
            yield return $"{(roles.Length > 0 ? string.Join(", ", roles) + ": " : "")}{(i < texts.Count ? End(texts[i]) : $"choice {i + 1}")} "
                + $"({Number(before.ChoiceLogprobs[i])}, then {Number(after.ChoiceLogprobs[i])})";
        }
        if (to - from > MostChoices)
            yield return $"{to - from - MostChoices} more choices";
    }

    private static IEnumerable<string> Roles(DocDetail before, DocDetail after, int choice)
    {
        if (before.Labels is { } labels ? choice < labels.Count && labels[choice] : before.Gold == choice)
            yield return "right";
        if (before.Prediction == choice)
            yield return "baseline's";
        if (after.Prediction == choice)
            yield return "candidate's";
    }

    private static string Number(double nats) => double.IsFinite(nats) ? Decimals.Of(nats) : nats.ToString(CultureInfo.InvariantCulture);

    /// <summary>The end of a text, on one line.</summary>
    private static string End(string text)
    {
        var line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        if (line.Length <= MostCharacters)
            return line;
        var from = line.IndexOf(' ', line.Length - MostCharacters) is >= 0 and var space ? space + 1 : line.Length - MostCharacters;
        return "... " + line[(char.IsLowSurrogate(line[from]) ? from + 1 : from)..];
    }

    /// <summary>What was not kept, in one line.</summary>
    private static Markdown Lacking(IReadOnlyList<Flip> flips) => flips.Count == 0 ? Reports.Markdown.None
        : flips.Any(flip => flip.Before is null || flip.After is null)
            ? Reports.Markdown.From($"\nNot both runs kept details of these documents. {HowToKeep}\n")
        : flips.Any(flip => Prompt(flip) is null) ? Reports.Markdown.From(
            $"\nIn brackets log-likelihoods, baseline's and candidate's. {HowToKeep}\n")
        : Reports.Markdown.From($"\nIn brackets log-likelihoods, baseline's and candidate's. Prompts and texts are shown by their ends.\n");

    /// <summary>A line a document, the worst first; texts whole.</summary>
    public static string Csv(IReadOnlyList<Flip> flips)
    {
        using var csv = new Csv(
            "column", "task", "doc_id", "metric", "baseline_score", "candidate_score", "change", "baseline_margin", "candidate_margin",
            "gold", "baseline_prediction", "candidate_prediction", "gold_answer", "baseline_answer", "candidate_answer",
            "baseline_text", "candidate_text", "prompt", "choices");
        foreach (var flip in flips)
        {
            var (before, after) = (flip.Before, flip.After);
            csv.Add(flip.Column, flip.Task, flip.DocId, flip.Metric, flip.Baseline, flip.Candidate, flip.Change,
                Finite(before?.Margin), Finite(after?.Margin), before?.Gold ?? after?.Gold, before?.Prediction, after?.Prediction,
                before?.GoldAnswer ?? after?.GoldAnswer, before?.PredictedAnswer, after?.PredictedAnswer,
                before?.GeneratedText, after?.GeneratedText, Prompt(flip),
                (after?.Choices.Count > 0 ? after : before) is { Choices: { Count: > 0 } choices } ? string.Join(" | ", choices) : null);
        }
        return csv.ToString();
    }

    private static double? Finite(double? value) => value is { } number && double.IsFinite(number) ? number : null;
}
