using System.Globalization;
using Cognito.Eval.Comparison;
using Cognito.Eval.Files;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Reports;

/// <summary>
/// A run as the hub's <c>.eval_results/*.yaml</c>: one entry a column, naming the dataset on the hub
/// (https://huggingface.co/docs/hub/eval-results).
/// </summary>
public static class EvalResults
{
    /// <param name="tasks">The tasks there are, by name: where a column's dataset lies on the hub.</param>
    /// <exception cref="InputException">The run measured no column.</exception>
    public static string Yaml(Run run, IReadOnlyList<Column> columns, IReadOnlyCollection<EvalTask> tasks)
    {
        object[] entries = [.. ColumnScore.FromRun(run, columns).Where(score => score.Value is not null && tasks.Any(task => task.ColumnKey == score.Key))
            .Select(score => Entry(run, score, [.. tasks.Where(task => task.ColumnKey == score.Key)]))];
        return entries.Length == 0
            ? throw new InputException($"{run.Provenance.Model}: no column was measured, so there is nothing for .eval_results")
            : Reports.Yaml.Serialize(entries);
    }

    private static OrderedDictionary<string, object> Entry(Run run, ColumnScore score, IReadOnlyList<EvalTask> tasks)
    {
        var entry = new OrderedDictionary<string, object>
        {
            ["dataset"] = new OrderedDictionary<string, object>
            {
                ["id"] = string.Join('/', tasks[0].Dataset.Folders[0].Split('/').Take(2)),
                ["task_id"] = tasks.Count == 1 ? tasks[0].Name : score.Key.ToLowerInvariant(),
            },
            ["value"] = ModelCard.Rounded(score.Value!.Value),
        };
        if (run.Circumstances?.Started is { } started)
            entry["date"] = started.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        if (run.Card?.Source is { IsOfTheWeb: true } source)
            entry["source"] = new OrderedDictionary<string, object> { ["url"] = source.Url, ["name"] = source.Name };
        entry["notes"] = Notes(run, score, tasks);
        return entry;
    }

    /// <summary>How many documents were published; where that is not known, how many the split that was read has.</summary>
    private static int Published(Run run, IReadOnlyList<EvalTask> tasks) =>
        tasks.Sum(task => task.Dataset.PublishedRows.TryGetValue(task.Split, out var rows) ? rows
            : run.Tasks.TryGetValue(task.Name, out var asked) ? asked.SplitRows : 0);

    /// <summary>How it was asked, and what it lacks of a leaderboard score.</summary>
    private static string Notes(Run run, ColumnScore score, IReadOnlyList<EvalTask> tasks)
    {
        var shots = score.Tasks.Count > 0 ? run.Tasks[score.Tasks[0]].NumFewshot : tasks[0].Shots;
        List<string> notes = [$"{shots}-shot {score.Metric}"];
        if (run.Provenance.Protocol is { } protocol)
            notes.Add(protocol);
        if (run.Provenance.Kind == "reported")
            notes.Add("as reported on the model card");
        else if (run.Provenance.Kind == HarnessFile.Kind)
            notes.Add($"measured by {HarnessFile.Kind}");
        else if (!score.IsComplete)
            notes.Add(run.Provenance.Data == "samples"
                ? "made-up samples, not the benchmark"
                : $"{score.Documents} of {Published(run, tasks)} documents: not {Protocol.Of(run.Provenance.Protocol).Standing}");
        if (run.Provenance.Kind == Provenance.Measured)
            notes.AddRange(ColumnScore.NotesOn(run, [score.Key, .. score.Tasks]));
        if (score.NotFinite > 0)
            notes.Add($"{score.NotFinite} of {score.Tasks.Sum(task => run.Tasks[task].Requests)} requests answered from what is no finite number: "
                + "no score of the model");
        return string.Join(", ", notes);
    }
}
