namespace Cognito.Eval;

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
    public static ChoiceDetail? Of(DocDetail doc)
    {
        var choices = doc.Mc1Choices is > 0 and var mc1 ? doc.ChoiceLogprobs.Take(mc1).ToList() : doc.ChoiceLogprobs;
        return doc.Gold is { } gold && gold >= 0 && gold < choices.Count
            ? new(doc.DocId, gold, choices, doc.Prediction is { } taken && taken < choices.Count ? taken : -1) : null;
    }

    /// <summary>Those of a run's details/&lt;task&gt;.parquet; null where it has none, or the task has no choices.</summary>
    /// <exception cref="InputException">The file is damaged.</exception>
    public static IReadOnlyList<ChoiceDetail>? Read(string folder, string task)
    {
        var path = Path.Combine(folder, "details", task + ".parquet");
        if (!PlainName.Is(task) || !File.Exists(path))
            return null;
        var rows = ParquetRows.Read(path);
        if (rows.Count == 0 || !rows[0].Cells.ContainsKey("gold"))
            return null;
        ChoiceDetail[] docs = [.. rows.Select(Of)];
        return docs.DistinctBy(doc => doc.DocId).Count() == docs.Length ? docs
            : throw new InputException($"{path}: a document twice; give details as a run wrote them");
    }

    private static ChoiceDetail Of(Row row)
    {
        var (gold, taken) = (row.Integer("gold"), row.Integer("prediction"));
        var lls = row["choice_logprobs"] is IReadOnlyList<object?> list
            ? list.Select(value => value is double ll ? ll : double.NaN).ToList() : [];
        // Of several true answers only mc1's choices have one that is right; they come first.
        if (row.Cells.GetValueOrDefault("mc1_choices") is long mc1 and > 0 && mc1 <= lls.Count)
            lls = lls[..(int)mc1];
        return gold >= 0 && gold < lls.Count && row.Integer("doc_id") is >= 0 and <= int.MaxValue and var id
            ? new((int)id, (int)gold, lls, taken >= 0 && taken < lls.Count ? (int)taken : -1)
            : throw new InputException($"{row.Origin}: gold {gold} of {lls.Count} choices, or no doc_id; give details as a run wrote them");
    }
}
