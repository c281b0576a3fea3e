using Cognito.Eval.Files;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.TaskFiles;

/// <summary>From what a file says to a task as this program asks it.</summary>
internal static class FileTask
{
    /// <param name="allowed">Doubts that are let pass.</param>
    public static EvalTask Create(TaskFile file, IReadOnlyCollection<string> allowed)
    {
        if (file.Doubts.FirstOrDefault(doubt => !allowed.Contains(doubt.Name)) is { } doubt)
            throw new InputException($"{doubt.Fact}; {doubt.Fix}, or let it pass with --allow {doubt.Name}");
        string[] passed = [.. file.Doubts.GroupBy(doubt => doubt.Name).Select(same => Doubt.Passed(file.Name, [.. same]))];
        FileMetric[] inOrder = [.. file.Metrics.OrderBy(metric => metric.Place)];
        Metric[] metrics = [.. from filter in file.Filters from metric in inOrder select metric.Of(filter.Name)];
        var grading = new FileGrading(file, inOrder, metrics[0].Name);
        var dataset = FileDataset.Of(file);
        return new(file.Name)
        {
            Dataset = dataset,
            Split = file.Split,
            ShotSplit = file.ShotSplit,
            Samples = file.Samples,
            Shots = file.Shots ?? 0,
            ShotOrder = file.Shots == 0 ? ShotOrder.None : file.TakesFirst ? ShotOrder.First : ShotOrder.Drawn,
            Headline = metrics[0].Name,
            Metrics = metrics,
            Generates = file.Generates,
            Version = file.Version,
            ToDoc = row => new DocMaker(file, grading, [row]).Doc(row),
            Reads = rows => new DocMaker(file, grading, rows).Reader,
            Check = asked => [.. passed, .. FileChecks.Of(file, asked, allowed)],
            LmEval = new(TaskFile.TextOf(file.Keys, "dataset_path") ?? "", TaskFile.TextOf(file.Keys, "dataset_name"))
            {
                TrainingSplit = file.TrainingSplit,
                ValidationSplit = file.ValidationSplit,
                TestSplit = file.TestSplit,
                FewshotSplit = file.FewshotSplit,
                Alias = TaskFile.TextOf(file.Keys, "task_alias"),
                GenerationKwargs = file.Settings,
                Filters = [.. file.Filters.Select(filter => AnswerFilter.None with { Name = filter.Name })],
                Dumped = shots => FileConfig.Of(file, shots),
                Repeats = file.Repeats,
            },
        };
    }
}
