using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Reports;

/// <summary>
/// How often a model's likeliest choice is right, against the probability that the model gives it, by tenths (reliability
/// diagram; Guo et al. 2017, arXiv:1706.04599). Probabilities are a softmax over the choices' log-likelihoods.
/// </summary>
/// <param name="Bins">Those that hold documents, by rising confidence.</param>
/// <param name="Error">Expected calibration error: the mean of |accuracy − confidence|, weighted by documents.</param>
public sealed record Calibration(IReadOnlyList<CalibrationBin> Bins, double Error)
{
    private const int Tenths = 10;

    /// <summary>Of documents with choices; of several true answers mc1's are taken. Null where there are none.</summary>
    public static Calibration? FromDetails(IEnumerable<DocDetail> docs)
    {
        var bins = new (int Count, double Confidence, int Right)[Tenths];
        foreach (var doc in docs)
        {
            var lls = doc.ChoiceLogprobs.Take(doc.Mc1Choices ?? int.MaxValue).ToArray();
            if (lls.Length < 2 || doc.Gold is not { } gold || !lls.All(double.IsFinite))
                continue;
            var best = Choosing.ArgMax(lls);
            var confidence = 1 / lls.Sum(ll => Math.Exp(ll - lls[best]));
            ref var bin = ref bins[Math.Min(Tenths - 1, (int)(confidence * Tenths))];
            bin = (bin.Count + 1, bin.Confidence + confidence, bin.Right + (best == gold ? 1 : 0));
        }
        var all = bins.Sum(bin => bin.Count);
        return all == 0 ? null : new(
            [.. bins.Index().Where(bin => bin.Item.Count > 0).Select(bin => new CalibrationBin(
                bin.Item.Count, bin.Item.Confidence / bin.Item.Count, (double)bin.Item.Right / bin.Item.Count) { Tenth = bin.Index })],
            bins.Sum(bin => Math.Abs(bin.Right - bin.Confidence)) / all);
    }
}

/// <summary>Documents of like confidence.</summary>
/// <param name="Confidence">Mean probability of the likeliest choice.</param>
/// <param name="Accuracy">How often it was right.</param>
public sealed record CalibrationBin(int Documents, double Confidence, double Accuracy)
{
    /// <summary>Of confidence: 0 to 9.</summary>
    internal int Tenth { get; init; }
}
