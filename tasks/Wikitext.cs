using System.Text;
using Cognito.Eval.Data;
using Cognito.Eval.TaskFiles;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Benchmarks;

/// <summary>WikiText's articles as running text, with words and bytes counted as they are stored (Merity et al. 2016, arXiv:1609.07843).</summary>
internal static class Wikitext
{
    /// <summary>The task file that says all else of it.</summary>
    public const string AsStored = "wikitext_as_stored";

    public const string Name = "wikitext";

    private const string Page = "page";

    public static EvalTask Of(EvalTask stored) => stored with
    {
        Name = Name,
        Dataset = FileDataset.OnHub(stored.LmEval!.DatasetPath, stored.LmEval.DatasetName, Name),
        ToDoc = row => Counted(stored, row, stored.ToDoc(Running(row))),
        Reads = rows => Read(stored, stored.Reads!([.. rows.Select(Running)])),
        Check = asked => [.. stored.Check(asked).Select(said => said.Replace(AsStored, Name, StringComparison.Ordinal))],
        LmEval = stored.LmEval with
        {
            Dumped = shots => new OrderedDictionary<string, object?>(stored.LmEval.Dumped!(shots))
            {
                ["task"] = Name,
                ["doc_to_target"] = "preprocess_wikitext.wikitext_detokenizer",
                ["process_results"] = "preprocess_wikitext.process_results",
            },
        },
    };

    private static RowReader Read(EvalTask stored, RowReader reader) =>
        new(row => Counted(stored, row, reader.ToDoc(Running(row))), row => reader.ToExample(Running(row)));

    private static Row Running(Row row) =>
        new(row.Origin, new OrderedDictionary<string, object?>(row.Cells) { [Page] = WikitextPage.Detokenize(row.Text(Page)) });

    /// <summary>Graded by the log-likelihood of the running text, over the stored page's words and bytes.</summary>
    private static FiledDoc Counted(EvalTask stored, Row row, Doc running)
    {
        var page = row.Text(Page);
        var (words, bytes) = (WikitextPage.Words(page), Encoding.UTF8.GetByteCount(page));
        return (FiledDoc)running with
        {
            Grade = replies => new([.. stored.Metrics.Select(_ => ((Likelihood)replies[0]).LogProbability)], null)
            {
                Weights = [.. stored.Metrics.Select(metric => (double)(metric.Name.StartsWith("word_", StringComparison.Ordinal) ? words : bytes))],
            },
        };
    }
}
