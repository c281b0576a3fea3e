using System.Globalization;
using System.Text;
using Cognito.Eval.Comparison;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Reports;

/// <summary>
/// A run of lm-eval-0.4 as the files that lm-evaluation-harness writes: its results, and each task's documents (protocol 9.5,
/// 9.6). A run keeps no questions, so they are asked once more of the rows.
/// </summary>
public static class LmEvalFiles
{
    /// <exception cref="InputException">The run's protocol is another, or it is the harness's own.</exception>
    public static void Require(Run run)
    {
        if (run.Provenance.Kind == HarnessFile.Kind)
            throw new InputException(
                $"{run.Provenance.Source}: is {HarnessFile.Kind}'s own file; --format lm-eval is for runs of cognito-eval");
        if (Protocol.Of(run.Provenance.Protocol) is not LmEval04)
            throw new InputException(
                $"{run.Provenance.Model}: was asked by {run.Provenance.Protocol ?? "rules that its results do not name"}, and "
                + $"{HarnessFile.Kind} 0.4's files hold other questions; run it with --protocol lm-eval-0.4");
    }

    /// <summary>Writes the files of a run; the same run makes the same ones, named by its start.</summary>
    /// <param name="set">The tasks of the run's protocol.</param>
    /// <param name="data">The rows that the run read.</param>
    /// <param name="output">A folder, in which the model gets one; or a path in .json, whose folder they go to.</param>
    /// <returns>The results file, and those of the documents.</returns>
    /// <exception cref="InputException">
    /// The run, its details or the rows are not those that are needed, and nothing is written; or it cannot be written there.
    /// </exception>
    /// <exception cref="OutputException">The disk is full or fails.</exception>
    public static (string Results, IReadOnlyList<string> Samples) Write(
        ReportedRun reported, TaskSet set, DataRoot data, string output)
    {
        var (run, folder) = (reported.Run, reported.Folder);
        Require(run);
        var circumstances = run.Circumstances ?? throw new InputException(
            $"{Path.Combine(folder, RunFile.Name)}: does not say when it was run; give an undamaged one");
        var tasks = Logged(reported, set, data);
        var results = new LmEvalResults(
            run, Manifest.Read(folder)?.Arguments, set.Scored, [.. tasks.Select(task => task.Asked.Task)]);
        var date = circumstances.Started.ToString("yyyy-MM-dd'T'HH-mm-ss.ffffff", CultureInfo.InvariantCulture);
        var (place, name) = Place(output, results.SanitisedName, date);
        var samples = new List<string>();
        // The results come last, so that they never lack their documents.
        foreach (var (asked, details) in tasks)
        {
            samples.Add(Path.Combine(place, $"samples_{asked.Task}_{date}.jsonl"));
            Write(samples[^1], LmEvalSamples.Lines(asked, details).Select(line => line + "\n"));
        }
        var file = Path.Combine(place, name);
        Write(file, [PythonJsonText.Write(results.Json(circumstances), indent: 2)]);
        return (file, samples);
    }

    private static (string Folder, string Results) Place(string output, string model, string date) =>
        Path.GetExtension(output) == ".json" && Path.GetFileNameWithoutExtension(output) is { Length: > 0 } stem
            ? (Path.GetDirectoryName(output) ?? "", $"{stem}_{date}.json")
            : (Path.Combine(output, RunFolder.Plain(model)), $"results_{date}.json");

    private static void Write(string path, IEnumerable<string> parts) => OutputFile.Write(path, stream =>
    {
        // JSON, whose writer escapes what is no text.
        foreach (var part in parts)
            stream.Write(Encoding.UTF8.GetBytes(part));
    }, "name another folder with --output DIR");

    /// <summary>Questions, and what each document got.</summary>
    private static (Questions Asked, IReadOnlyList<DocDetail> Details)[] Logged(
        ReportedRun reported, TaskSet set, DataRoot data)
    {
        var records = reported.Run.Tasks.ToList();
        // What is missing is known before a row is read.
        var tasks = records.Select(task => Named(reported, set, task.Key)).ToList();
        var details = tasks.Zip(records, (task, record) => Details(reported, task, record.Value)).ToList();
        var asked = new Questions[tasks.Count];
        SideBySide.For(tasks.Count, i => asked[i] = Ask(reported.Run, tasks[i], records[i].Value, data));
        foreach (var (questions, its) in asked.Zip(details))
            if (!questions.Docs.Zip(its).All(doc => IsAnswered(doc.First, doc.Second)))
                throw new InputException($"{DetailsFile.Path(reported.Folder, questions.Task.Name)}: "
                    + "has not an answer for each question; keep it with the run that wrote it");
        return [.. asked.Zip(details)];
    }

    private static bool IsAnswered(AskedDoc asked, DocDetail detail) => asked.Doc is FreeForm or FiledDoc { Generates: true }
        ? detail.GeneratedText is not null : detail.ChoiceLogprobs.Count == asked.Requests.Count;

    private static EvalTask Named(ReportedRun reported, TaskSet set, string name) =>
        set.Tasks.FirstOrDefault(task => task.Name == name && task.LmEval is not null) ?? throw new InputException(
            $"{Path.Combine(reported.Folder, RunFile.Name)}: {Printable.Line(name)} is no task of "
            + $"{reported.Run.Provenance.Protocol}; give an undamaged one");

    private static IReadOnlyList<DocDetail> Details(ReportedRun reported, EvalTask task, TaskRecord record)
    {
        var results = reported.Run.Results.GetValueOrDefault(task.Name);
        if (task.Metrics.FirstOrDefault(metric => !record.Scores.ContainsKey(metric.Name) || results is null
            || !results.ContainsKey(metric.Name) || !results.ContainsKey(Metric.ErrorOf(metric.Name))) is { } missing)
            throw new InputException(
                $"{Path.Combine(reported.Folder, RunFile.Name)}: {task} has no {missing}; give an undamaged one");
        return DetailsReader.Read(reported.Folder, task.Name, record) ?? throw new InputException(
            $"{DetailsFile.Path(reported.Folder, task.Name)}: no such file, and it alone has the model's answers; "
            + "run it again with --details scores");
    }

    private static Questions Ask(Run run, EvalTask task, TaskRecord record, DataRoot data)
    {
        Limit? limit = run.Config?.Limit is { } some ? new(some) : null;
        var asked = Questions.Ask(task, data, Protocol.Of(run.Provenance.Protocol), record.NumFewshot, limit);
        if (asked.Digest != record.RequestsSha256 || !asked.Docs.Select(doc => doc.Row).SequenceEqual(record.DocIds))
            throw new InputException($"{data.Shown}: its rows of {task} ask other questions than the run did; "
                + "give --data the rows that it read");
        if (record.TaskHash is { } hash && LmEvalHashes.TaskHash(task.LmEval!.Filters
            .SelectMany(_ => asked.Docs).Select(doc => LmEvalHashes.Of(asked.Task, doc))) != hash)
            throw new InputException($"{data.Shown}: its rows of {task} ask the same as the run did, but are not the same; "
                + "give --data the rows that it read");
        return asked;
    }
}
