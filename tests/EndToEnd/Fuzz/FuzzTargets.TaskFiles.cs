using System.Text;
using System.Text.Json.Nodes;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Protocols;
using Cognito.Eval.TaskFiles;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

internal sealed partial class FuzzTargets
{
    /// <summary>Parts of keys, values, templates and filters, to stand where another stood.</summary>
    private static readonly string[] Words =
    [
        "doc_to_text", "doc_to_target", "doc_to_choice", "output_type", "multiple_choice", "loglikelihood", "loglikelihood_rolling", "generate_until", "repeats", "num_fewshot",
        "filter_list", "metric_list", "exact_match", "acc", "f1", "brier_score", "regex", "take_first", "majority_vote", "map", "!function a.b", "{{", "}}", "{%", "%}", "{% for i in range(99999999) %}",
        "{{ 'a' * 999999999 }}", "{{ 9 ** 9 ** 9 }}", "|join", "|map('upper')", ".split()", "[0]", "loop.index", "&a [*a, *a]", "<<: *a", "yes", "1e400", "-1", "[]", "null", "include: x.yaml", "group: g", "\t", ": ", "- ",
        "(a*)*b", "\\d+", "question", "options", "gold", "answer", "10000000", "until", "do_sample", "true", "\u00e9\ud83d\ude00", "first_n", "samples", "'", "\"",
    ];

    private FuzzTarget AskedTaskFiles()
    {
        var rows = Path.Combine(folder.Path, "rows");
        WriteRows(rows);
        byte[][] seeds = [.. ((string[])["t01_pond", "t02_kitchen", "t06_letter", "t08_pages", "t09_short", "t16_shop", "t18_samples", "t19_names", "t20_repeats", "t22_number_column"])
            .Select(name => Encoding.UTF8.GetBytes(string.Join('\n', File.ReadAllLines(Fixture.Path("task-files", "tasks", name + ".yaml"))
                .Select(line => line.StartsWith("dataset_path:", StringComparison.Ordinal) ? "dataset_path: x" : line))))];
        return new("task files, asked", seeds, ChangedTaskFile, bytes => AskTaskFile(bytes, rows), new(128 * Mib, 64 * Kib));
    }

    /// <summary>Three rows with the columns of all seeds, as every split.</summary>
    private static void WriteRows(string to)
    {
        Directory.CreateDirectory(Path.Combine(to, "x"));
        var lines = Enumerable.Range(0, 3).Select(i =>
        {
            var row = new JsonObject();
            foreach (var part in Directory.EnumerateDirectories(Fixture.Path("task-files", "data")).Order(StringComparer.Ordinal))
                foreach (var (column, cell) in JsonNode.Parse(File.ReadLines(Directory.EnumerateFiles(part).Order(StringComparer.Ordinal).First()).ElementAt(i))!.AsObject())
                    row[column] = cell?.DeepClone();
            return row.ToJsonString();
        }).ToList();
        foreach (var split in (string[])["train", "validation", "test", "dev"])
            File.WriteAllLines(Path.Combine(to, "x", split + ".jsonl"), lines);
    }

    /// <summary>Words of it left out, twice, swapped, or others in their place.</summary>
    private static byte[] ChangedTaskFile(byte[] seed, Random random)
    {
        var text = Encoding.UTF8.GetString(seed);
        for (var changes = random.Next(1, 4); changes > 0; changes--)
        {
            var (at, length) = (random.Next(text.Length + 1), random.Next(12));
            var word = Words[random.Next(Words.Length)];
            text = random.Next(4) switch
            {
                0 => text.Insert(at, word),
                1 => text.Remove(Math.Min(at, text.Length), Math.Min(length, text.Length - Math.Min(at, text.Length))),
                2 => text.Replace(Words[random.Next(Words.Length)], word, StringComparison.Ordinal),
                _ => text.Insert(at, "\n" + text[Math.Max(0, at - 40)..at] + "\n"),
            };
        }
        return Encoding.UTF8.GetBytes(text);
    }

    /// <summary>Asks it, with an example and without, and grades answers.</summary>
    private void AskTaskFile(byte[] bytes, string rows)
    {
        var set = TaskFileSet.Read([folder.Write("task.yaml", bytes)], TaskSet.LmEval, ["all"]);
        foreach (var task in set.Tasks.Where(task => task.Reads is not null))
            foreach (var shots in task.ShotOrder == ShotOrder.None ? [0] : (int[])[0, 1])
            {
                var asked = Questions.Ask(task, new DataRoot(rows) { WorkingFolder = rows }, LmEval04.Rules, shots, new Limit(2));
                foreach (var doc in asked.Docs)
                    LmEval04.Rules.Grade(task, doc.Doc, [.. doc.Requests.Select(request =>
                        request is GreedyUntil ? (Reply)new Completion(" the 12 answer #### 7") : new Likelihood(-request.Context.Length % 7 - 1, true))]);
            }
    }
}
