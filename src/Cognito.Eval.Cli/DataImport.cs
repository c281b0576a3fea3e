using System.CommandLine;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Hub;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Cli;

/// <summary><c>cognito-eval data import</c>: rows from the datasets' original releases.</summary>
internal static class DataImport
{
    public static Command Create()
    {
        var paths = new Argument<string[]>("PATH")
        {
            Description = "Original files, or folders that hold them: MMLU's CSV tree, mc_task.json, JSON lines of the others.",
            Arity = ArgumentArity.OneOrMore,
        };
        var to = new Option<string?>("--to")
        {
            Description = "The data root to write to, for --data. Default: beside Hugging Face's cache, where a run looks first.",
            HelpName = "DIR",
        };
        var command = new Command("import", "Bring files of the datasets' original releases into a data root.") { paths, to };
        command.SetAction(parsed => Session.Guard(parsed, () => Import(
            parsed.GetRequiredValue(paths), parsed.GetValue(to) ?? HubDatasets.Imports(HubSettings.FromEnvironment(offline: true)))));
        return command;
    }

    private static int Import(string[] paths, string to)
    {
        var originals = OriginalImport.Find(paths, TaskSet.Registered.Tasks.Select(task => task.Dataset));
        foreach (var (dataset, original, path) in originals)
        {
            var split = OriginalImport.Import(dataset, original, path, to);
            var locked = Fetching.Lock.Of(dataset, original.Split);
            Terminal.Line(new DataVerify.Split(
                dataset.Name, original.Split, split.Rows.Count, split.Sha256,
                RowCheck.Compare(locked, split.Rows.Count, split.Sha256), locked?.Rows ?? 0).Text);
        }
        Terminal.Tell($"{originals.Count} splits are in {Path.GetFullPath(to)}");
        return Session.Done;
    }
}
