using System.CommandLine;
using System.Text;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Data;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;
using Cognito.Eval.Hub;
using Cognito.Eval.Protocols;
using Cognito.Eval.TaskFiles;
using Cognito.Eval.Tasks;
using Cognito.Eval.Tokenizers;
using Cognito.Eval.Torch;

namespace Cognito.Eval.Cli;

/// <summary><c>cognito-eval tasks new</c>: a first task file for rows, and what it asks.</summary>
internal static class TasksNewCommand
{
    private static readonly string[] Splits = ["test", "validation", "train"];

    public static Command Create()
    {
        var name = new Argument<string>("NAME") { Description = "The task's name; the file is NAME.yaml." };
        var from = new Option<string>("--from")
        {
            Description = "The rows: a file (.jsonl, .jsonl.gz, .json, .csv, .parquet), or an id on the hub, org/name or org/name/config.",
            Required = true,
            HelpName = "FILE|HUB_ID",
        };
        var output = new Option<string>("--output", "-o") { Description = "Folder of the task file.", DefaultValueFactory = _ => ".", HelpName = "DIR" };
        var command = new Command("new", "Write a first task file for rows, with comments, and show what it asks of the first row.")
        {
            name, from, output, Fetching.Offline, RunOptions.Unbounded,
        };
        command.SetAction((parsed, cancel) => Task.Run(() => Session.Guard(parsed, () =>
            Write(parsed, parsed.GetRequiredValue(name), parsed.GetRequiredValue(from), parsed.GetRequiredValue(output), cancel))));
        return command;
    }

    private static int Write(ParseResult parsed, string name, string from, string output, CancellationToken cancel)
    {
        if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.') || name[0] == '.')
            throw new InputException($"{Printable.Line(name)}: no name for a task; take letters, digits, _ and -");
        var path = Path.Combine(output, name + ".yaml");
        if (Path.Exists(path))
            throw new InputException($"{path}: is there already; give another name, or another folder with --output DIR");
        using var narrator = new Narrator(quiet: false, parsed.GetValue(Session.Verbose));
        using var fetching = new Fetching(narrator, parsed.GetValue(Fetching.Offline));
        var (source, root, dataset) = RegularFile.Exists(from) ? OfFile(name, from) : OfHub(from, fetching, cancel);
        root = root with { Bounds = RunOptions.Bounds(parsed) };
        var text = NewTaskFile.Write(name, source, root.Read(dataset, source.Split).Rows);
        OutputFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)), "name another folder with --output DIR");
        Terminal.Line($"written: {path}");
        var set = TaskFileSet.Read([path], TaskSet.LmEval, ["all"]);
        var asked = Questions.Ask(set.Select(name).Tasks[0], root, LmEval04.Rules, 0, new Limit(1));
        PromptCommand.Show(asked, 0, asked.Docs[0], CheckpointTokenizer.Open(Inputs.EmbeddedModel, LmEval04.Rules.Tokenization));
        var data = source.Files is null ? "" : " (data_files are seen from this folder)";
        Terminal.Line($"all of it: cognito-eval --task-path {path} --tasks {name} --model DIR{data}");
        return Session.Done;
    }

    private static (NewTaskFile.Source, DataRoot, Dataset) OfFile(string name, string from)
    {
        var builder = from switch
        {
            _ when from.EndsWith(".jsonl", StringComparison.Ordinal) || from.EndsWith(".jsonl.gz", StringComparison.Ordinal)
                || from.EndsWith(".json", StringComparison.Ordinal) => "json",
            _ when from.EndsWith(".csv", StringComparison.Ordinal) => "csv",
            _ when from.EndsWith(".parquet", StringComparison.Ordinal) => "parquet",
            _ => throw new InputException($"--from {from}: not a file of rows by its name; give .jsonl, .jsonl.gz, .json, .csv or .parquet"),
        };
        var files = new Dictionary<string, string> { ["test"] = from };
        return (new(builder, null, files, "test", null), new DataRoot("."),
            new(name) { Folders = [name], Columns = [], Files = files.ToDictionary(file => file.Key, IReadOnlyList<string> (file) => [file.Value]) });
    }

    private static (NewTaskFile.Source, DataRoot, Dataset) OfHub(string from, Fetching fetching, CancellationToken cancel)
    {
        if (from.Split('/') is not ([_, _] or [_, _, _]) || from.Split('/') is var parts && !HubRepo.IsId($"{parts[0]}/{parts[1]}"))
            throw new InputException($"--from {from}: no such file, and no id on the hub such as org/name or org/name/config; {NearNames.PathHint(from)}give one of both");
        var (path, config) = ($"{parts[0]}/{parts[1]}", parts.Length > 2 ? parts[2] : null);
        var dataset = FileDataset.OnHub(path, config, "");
        var root = Fetch(dataset, fetching, cancel);
        string[] there = root.Laid.TryGetValue(dataset.Name, out var laid)
            ? [.. Splits.Where(laid.ContainsKey), .. laid.Keys.Except(Splits).Order(StringComparer.Ordinal)] : [.. Splits.Where(split => Has(root, dataset, split))];
        return there.Length > 0
            ? (new(path, config, null, there[0], there.Contains("train") && there[0] != "train" ? "train" : null), root, dataset)
            : throw new InputException($"{from}: has no split test, validation or train; write the task file by hand, with its split");
    }

    private static DataRoot Fetch(Dataset dataset, Fetching fetching, CancellationToken cancel) => fetching.Of([dataset], cancel);

    private static bool Has(DataRoot root, Dataset dataset, string split)
    {
        try
        {
            return root.Read(dataset, split).Rows.Count > 0;
        }
        catch (InputException)
        {
            return false;
        }
    }
}
