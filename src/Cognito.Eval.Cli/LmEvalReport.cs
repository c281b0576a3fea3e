using Cognito.Eval.Benchmarks;
using Cognito.Eval.Data;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;
using Cognito.Eval.Protocols;
using Cognito.Eval.Reports;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Cli;

/// <summary><c>report --format lm-eval</c>: a run as the files that lm-evaluation-harness writes.</summary>
internal static class LmEvalReport
{
    public static int Write(IReadOnlyList<ReportedRun> runs, string? output, string? data, RowBounds bounds)
    {
        if (runs is not [var run])
            throw new InputException(
                $"--format lm-eval is of one run, {runs.Count} were given; give the command once for each");
        LmEvalFiles.Require(run.Run);
        if (output is null)
            throw new InputException("--format lm-eval writes several files; name their folder with --output DIR");
        var set = TaskFileOptions.SetOf(Protocol.Of(run.Run.Provenance.Protocol), Manifest.Read(run.Folder)?.Arguments);
        var tasks = set.Tasks.Where(task => run.Run.Tasks.ContainsKey(task.Name)).ToList();
        var (results, samples) = LmEvalFiles.Write(run, set, Rows(run, data, tasks) with { Bounds = bounds }, output);
        Terminal.Tell($"written: {results}, and {samples.Count} samples_<task>_<date>.jsonl beside it");
        return Session.Done;
    }

    /// <summary>
    /// The rows that the run read: where the option says, or the run, or the environment; else as they came from the hub.
    /// </summary>
    private static DataRoot Rows(ReportedRun run, string? given, IReadOnlyList<EvalTask> tasks)
    {
        var arguments = Manifest.Read(run.Folder)?.Arguments;
        if (given is not null)
            return DataRoot.Open(given);
        if (arguments?.Data is { } its && Directory.Exists(its))
            return DataRoot.Open(its);
        if (arguments?.Data is null && run.Run.Provenance.Data == "samples")
            return Inputs.Samples;
        if (Inputs.RowsGiven(null) is { } named)
            return DataRoot.Open(named);
        if (arguments is not { Data: null })
            throw new InputException(arguments is null
                ? $"{run.Folder}: no run.json that says where its rows lie; give --data DIR"
                : $"{arguments.Data}: not there any more, and the run read its rows from it; give --data DIR");
        using var narrator = new Narrator(quiet: false, verbose: false);
        using var fetching = new Fetching(narrator, offline: true);
        return fetching.Datasets(tasks, CancellationToken.None);
    }
}
