using Cognito.Eval.Data;
using Cognito.Eval.Files;
using Cognito.Eval.Results;

namespace Cognito.Eval.Comparison;

/// <summary>What a model made of one document's choices, of which one is right.</summary>
/// <param name="LogLikelihoods">Of each choice, natural log.</param>
/// <param name="Prediction">The choice that its headline metric takes.</param>
public sealed record ChoiceDetail(int DocId, int Gold, IReadOnlyList<double> LogLikelihoods, int Prediction)
{
    /// <summary>Right minus the best wrong choice, in nats; not divided by lengths.</summary>
    public double Margin => LogLikelihoods[Gold] - LogLikelihoods.Where((_, i) => i != Gold).DefaultIfEmpty(double.NegativeInfinity).Max();

    /// <summary>Of the right choice, among the choices.</summary>
    public double Probability
    {
        get
        {
            var best = LogLikelihoods.Max();
            return Math.Exp(LogLikelihoods[Gold] - best) / LogLikelihoods.Sum(ll => Math.Exp(ll - best));
        }
    }

    /// <summary>Null where a document has no choices of which one is right.</summary>
    public static ChoiceDetail? From(DocDetail doc)
    {
        var choices = OneRight(doc.ChoiceLogprobs, doc.Mc1Choices);
        return doc.Gold is { } gold && gold >= 0 && gold < choices.Count
            ? new(doc.DocId, gold, choices, doc.Prediction is { } taken && taken >= 0 && taken < choices.Count ? taken : -1) : null;
    }

    /// <summary>Those of a run's details/&lt;task&gt;.parquet; null where it has none, or the task has no choices.</summary>
    /// <exception cref="InputException">The file is damaged.</exception>
    public static IReadOnlyList<ChoiceDetail>? Read(string folder, string task)
    {
        var path = Path.Combine(folder, "details", task + ".parquet");
        if (!PlainName.Is(task) || !RegularFile.Exists(path))
            return null;
        var rows = ParquetRows.Read(path);
        if (rows.Count == 0 || !rows[0].Cells.ContainsKey("gold"))
            return null;
        ChoiceDetail[] docs = [.. rows.Select(From)];
        return docs.DistinctBy(doc => doc.DocId).Count() == docs.Length ? docs
            : throw new InputException($"{path}: a document twice; give details as a run wrote them");
    }

    private static ChoiceDetail From(Row row)
    {
        var (gold, taken) = (row.Integer("gold"), row.Integer("prediction"));
        IReadOnlyList<double> lls = row["choice_logprobs"] is IReadOnlyList<object?> list
            ? list.Select(value => value is double ll ? ll : double.NaN).ToList() : [];
        lls = OneRight(lls, row.Cells.GetValueOrDefault("mc1_choices") as long?);
        return gold >= 0 && gold < lls.Count && row.Integer("doc_id") is >= 0 and <= int.MaxValue and var id
            ? new((int)id, (int)gold, lls, taken >= 0 && taken < lls.Count ? (int)taken : -1)
            : throw new InputException($"{row.Origin}: gold {gold} of {lls.Count} choices, or no doc_id; give details as a run wrote them");
    }

    /// <summary>Of several true answers only mc1's choices have one that is right; they come first.</summary>
    private static IReadOnlyList<double> OneRight(IReadOnlyList<double> choices, long? mc1) =>
        mc1 is > 0 && mc1 <= choices.Count ? [.. choices.Take((int)mc1)] : choices;
}
