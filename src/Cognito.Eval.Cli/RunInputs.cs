using System.IO.Enumeration;
using System.Text.Json;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Comparison;
using Cognito.Eval.Files;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Cli;

/// <summary>Runs named on the command line: files, folders, or patterns.</summary>
internal static class RunInputs
{
    /// <summary>The runs, with names that tell them apart.</summary>
    public static IReadOnlyList<(string Name, Run Run)> Read(IEnumerable<string> named, string? tasks = null)
    {
        var paths = named.SelectMany(Expand).ToList();
        var read = paths.Select(path => (Path: path, Run: Read(path))).ToList();
        // Beside runs of the leaderboard's protocol, another harness's results stand under the leaderboard's names.
        if (read.Any(it => !IsLmEval(it.Run)))
            read = [.. read.Select(it => IsLmEval(it.Run) && it.Run.Provenance.Kind == HarnessFile.Kind ? (it.Path, Read(it.Path, asLeaderboard: true)) : it)];
        var runs = read.Select(it => (it.Path, Run: Only(it.Run, tasks))).ToList();
        return [.. runs.Select(it => (
            runs.Count(other => other.Run.Provenance.Model == it.Run.Provenance.Model) == 1
                ? it.Run.Provenance.Model
                : $"{it.Run.Provenance.Model} ({it.Path})",
            it.Run))];
    }

    private static bool IsLmEval(Run run) => Protocol.Of(run.Provenance.Protocol) is LmEval04;

    /// <summary>A run of ours, or results of lm-evaluation-harness.</summary>
    public static Run Read(string path) => Read(path, asLeaderboard: false);

    /// <param name="asLeaderboard">Whether results of 0.4 are read under the leaderboard's names, not their own.</param>
    private static Run Read(string path, bool asLeaderboard)
    {
        var file = Directory.Exists(path) && !Directory.EnumerateFiles(path, RunFile.Name, TwoDeep).Any() && Newest(path) is { } theirs ? theirs : path;
        Say(path, file, asLeaderboard);
        // The harness may have been told to call its file results.json too.
        if (RunFile.Find(file) is var found && RegularFile.Exists(found))
            file = found;
        else
            return RunFile.Read(file);
        try
        {
            using var json = HarnessFile.Parse(RegularFile.Read(file, FileKind.Results));
            return HarnessFile.IsOne(json.RootElement)
                ? HarnessFile.IsOf04(json.RootElement) && !asLeaderboard
                    ? HarnessFile.Read(file, json.RootElement, HarnessNames.OfLmEval, Keys(TaskSet.Of(LmEval04.Rules)), LmEval04.Rules)
                    : HarnessFile.Read(file, json.RootElement, HarnessNames.Of, Keys(TaskSet.Leaderboard))
                : RunFile.Read(file);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            // It says what is wrong.
            return RunFile.Read(file);
        }
    }

    /// <summary>Says which run was taken of a folder of several.</summary>
    private static void Say(string path, string file, bool wasSaid)
    {
        if (wasSaid || !Directory.Exists(path) || RunFile.Find(file) is var taken && (!RegularFile.Exists(taken)
            || Path.GetFullPath(taken) == Path.GetFullPath(Path.Combine(path, RunFile.Name))))
            return;
        var others = Directory.EnumerateFiles(path, file == path ? RunFile.Name : "results_*.json", TwoDeep).Count();
        if (others > 1)
            Terminal.Say($"using {taken}, the newest of {others}");
    }

    private static IReadOnlyList<string> Keys(TaskSet tasks) => [.. tasks.Columns.Select(column => column.Key)];

    private static readonly EnumerationOptions TwoDeep = new() { RecurseSubdirectories = true, MaxRecursionDepth = 2 };

    /// <summary>Dates are in the names of the harness's results files.</summary>
    private static string? Newest(string folder) =>
        Directory.EnumerateFiles(folder, "results_*.json", TwoDeep).MaxBy(Path.GetFileName, StringComparer.Ordinal);

    /// <summary>A shell expands patterns, unless they are quoted or the shell is not one that does.</summary>
    internal static IReadOnlyList<string> Expand(string path)
    {
        if (!path.AsSpan().ContainsAny('*', '?') || RegularFile.Exists(path) || Directory.Exists(path))
            return [path];
        IEnumerable<string> found = [Path.IsPathRooted(path) ? Path.GetPathRoot(path)! : ""];
        foreach (var segment in path[Path.GetPathRoot(path)!.Length..].Split(
            [Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries))
            found = [.. found.SelectMany(folder => segment.AsSpan().ContainsAny('*', '?')
                ? Entries(folder).Where(entry => FileSystemName.MatchesSimpleExpression(segment, Path.GetFileName(entry), ignoreCase: false))
                : [Path.Combine(folder, segment)])];
        string[] there = [.. found.Where(Path.Exists).Order(StringComparer.Ordinal)];
        return there.Length > 0 ? there : throw new InputException($"{path}: nothing matches; give a results.json or the folder of a run");
    }

    private static IEnumerable<string> Entries(string folder) => Directory.Exists(folder.Length == 0 ? "." : folder)
        ? Directory.EnumerateFileSystemEntries(folder.Length == 0 ? "." : folder).Select(entry => folder.Length == 0 ? Path.GetFileName(entry) : entry)
        : [];

    /// <summary>The run with some of its tasks alone.</summary>
    private static Run Only(Run run, string? tasks)
    {
        if (tasks is null)
            return run;
        var its = TaskSet.Of(Protocol.Of(run.Provenance.Protocol));
        var chosen = (run.Tasks.Keys.All(name => its.Tasks.Any(task => task.Name == name)) ? its : TaskSet.Registered).Select([tasks]).Tasks;
        var columns = chosen.Select(task => task.ColumnKey).ToHashSet();
        return run with
        {
            Tasks = new OrderedDictionary<string, TaskRecord>(run.Tasks.Where(task => chosen.Any(c => c.Name == task.Key))),
            Leaderboard = run.Leaderboard with
            {
                Columns = new OrderedDictionary<string, double?>(run.Leaderboard.Columns.Select(
                    column => new KeyValuePair<string, double?>(column.Key, columns.Contains(column.Key) ? column.Value : null))),
                Average = null,
            },
        };
    }
}
