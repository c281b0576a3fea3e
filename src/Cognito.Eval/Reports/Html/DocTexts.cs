using System.Text;
using Cognito.Eval.Datasets;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Reports.Html;

/// <summary>Questions and choices as text, read back from the datasets by document id.</summary>
public sealed record DocTexts(IReadOnlyDictionary<string, IReadOnlyDictionary<int, DocText>> Tasks, IReadOnlyList<string> Notes)
{
    private const int MostBytes = 2048;

    /// <summary>
    /// Reads what the runs asked. A split whose rows are not those that a run read is left out, and a note says so.
    /// </summary>
    /// <param name="tasks">The tasks there are.</param>
    public static DocTexts Read(IReadOnlyList<Run> runs, IReadOnlyCollection<EvalTask> tasks, DataRoot data)
    {
        var notes = new SortedSet<string>(StringComparer.Ordinal);
        var read = new Dictionary<string, IReadOnlyDictionary<int, DocText>>();
        EvalTask[] asked = [.. tasks.Where(task => runs.Any(run => run.Tasks.ContainsKey(task.Name)))];
        Parallel.ForEach(asked, task =>
        {
            var records = runs.Select(run => run.Tasks.GetValueOrDefault(task.Name)).OfType<TaskRecord>().ToList();
            var (texts, note) = Read(task, records, data);
            lock (notes)
            {
                if (texts is not null)
                    read[task.Name] = texts;
                else
                    notes.Add(note);
            }
        });
        return new(read, [.. notes]);
    }

    private static (Dictionary<int, DocText>? Texts, string Note) Read(
        EvalTask task, IReadOnlyList<TaskRecord> records, DataRoot data)
    {
        if (!data.Has(task.Dataset))
            return (null, $"{task}: {task.Dataset.Name} is not in {data.Folder}, so its documents are shown without text");
        var split = data.Read(task.Dataset, task.Split);
        if (records.Any(record => record.DataSha256.GetValueOrDefault(task.Split) != split.Sha256))
            return (null,
                $"{task}: {split.Files[0]} holds other rows than the run read, so its documents are shown without text");
        return (records.SelectMany(record => record.DocIds).Distinct().Where(id => id >= 0 && id < split.Rows.Count)
            .ToDictionary(id => id, id => DocText.From(task.ToDoc(split.Rows[id]))), "");
    }

    /// <summary>At most 2 kB of a text in UTF-8, cut between characters; what was cut is said.</summary>
    internal static string Cut(string text)
    {
        if (text.Length <= MostBytes / 3 || Encoding.UTF8.GetByteCount(text) <= MostBytes)
            return text;
        var (bytes, chars) = (0, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            if (bytes + rune.Utf8SequenceLength > MostBytes)
                break;
            bytes += rune.Utf8SequenceLength;
            chars += rune.Utf16SequenceLength;
        }
        return $"{text[..chars]} … ({text.Length - chars} characters more)";
    }
}

/// <summary>A document's own text, without examples: its question, its choices, or the reference solution.</summary>
public sealed record DocText(string Question, IReadOnlyList<string> Choices, string? Solution)
{
    internal static DocText From(Doc doc) => new(
        DocTexts.Cut(doc is Cloze cloze ? $"{cloze.Before}___ {cloze.After}" : doc.Query),
        [.. DocDetail.Texts(doc).Select(DocTexts.Cut)],
        doc is FreeForm free ? DocTexts.Cut(free.Answer) : null);
}
