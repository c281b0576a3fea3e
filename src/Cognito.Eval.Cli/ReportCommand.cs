using System.CommandLine;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Cli;

/// <summary><c>cognito-eval report</c>: finished runs in the form that a reader wants.</summary>
internal static class ReportCommand
{
    private static readonly Argument<string[]> Runs = new("RUN")
    {
        Description = "A results.json, or the folder of a run; several for markdown and csv.",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<string> Format = new("--format", "-f")
    {
        Description = "card: table and model-index as on a model card; table; yaml: the model-index alone; "
            + "eval-results: the hub's .eval_results/*.yaml; markdown; csv; json.",
        DefaultValueFactory = _ => "card",
    };

    private static readonly Option<string?> Output = new("--output", "-o")
    {
        Description = "File to write. Default: stdout.",
        HelpName = "FILE",
    };

    public static Command Create()
    {
        Format.AcceptOnlyFromAmong("card", "table", "yaml", "eval-results", "markdown", "csv", "json");
        var command = new Command("report", "Print runs as a model card, a table, YAML, CSV or JSON.")
        {
            Runs, Format, Output,
        };
        command.SetAction(parsed => Session.Guard(parsed, () => Print(
            parsed.GetRequiredValue(Runs), parsed.GetRequiredValue(Format), parsed.GetValue(Output))));
        return command;
    }

    private static int Print(string[] paths, string format, string? output)
    {
        var runs = ReportedRun.Read(paths);
        var text = format switch
        {
            "table" => ModelCard.Table(Only(runs, format), TaskRegistry.Columns),
            "yaml" => ModelCard.Yaml(Only(runs, format), TaskRegistry.Columns),
            "eval-results" => EvalResults.Yaml(Only(runs, format), TaskRegistry.Columns, TaskRegistry.All),
            "json" => RunFile.ToJson(Only(runs, format)),
            "markdown" => ScoreTables.Markdown(runs, TaskRegistry.Columns),
            "csv" => ScoreTables.Csv(runs, TaskRegistry.Columns),
            _ => ModelCard.Render(Only(runs, format), TaskRegistry.Columns),
        };
        if (output is null)
            Console.Write(text);
        else
            Write(output, text);
        return Session.Done;
    }

    private static Run Only(IReadOnlyList<ReportedRun> runs, string format) => runs.Count == 1 ? runs[0].Run
        : throw new InputException($"--format {format} is of one run, {runs.Count} were given; markdown and csv show several");

    private static void Write(string path, string text)
    {
        try
        {
            if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder)
                Directory.CreateDirectory(folder);
            File.WriteAllText(path, text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{path}: cannot be written ({e.Message}); name another file with --output FILE", e);
        }
        Console.Error.WriteLine($"written: {path}");
    }
}
