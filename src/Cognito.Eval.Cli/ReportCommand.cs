using System.CommandLine;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Comparison;
using Cognito.Eval.Data;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;
using Cognito.Eval.Protocols;
using Cognito.Eval.Reports;
using Cognito.Eval.Reports.Html;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Cli;

/// <summary><c>cognito-eval report</c>: finished runs in the form that a reader wants.</summary>
internal static class ReportCommand
{
    private static readonly Argument<string[]> Runs = new("RUN")
    {
        Description = "A results.json, or the folder of a run; several for html, markdown and csv.",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<string> Format = new("--format", "-f")
    {
        Description = "card: table and model-index as on a model card; table; yaml: the model-index alone; "
            + "eval-results: the hub's .eval_results/*.yaml; html: one page with plots and every document; markdown; csv; "
            + "json; lm-eval: lm-evaluation-harness's own files, results_*.json and samples_*.jsonl, in a folder; "
            + "every-eval-ever: a record of the evaluation database of that name.",
        DefaultValueFactory = _ => "card",
    };

    private static readonly Option<string?> Output = new("--output", "-o")
    {
        Description = "File to write; of lm-eval the folder. Default: stdout.",
        HelpName = "FILE",
    };

    private static readonly Option<string?> Data = new("--data", "-d")
    {
        Description = "Folder of the datasets: the questions and choices of html and lm-eval. Default: "
            + $"{Inputs.DataVariable}, if it is set; for runs of the samples, the samples; for lm-eval, where the run read them.",
        HelpName = "DIR",
    };

    public static Command Create()
    {
        Words.OneOf(Format, "card", "table", "yaml", "eval-results", "html", "markdown", "csv", "json", "lm-eval", "every-eval-ever");
        var command = new Command("report", "Print runs as a model card, a table, a page, YAML, CSV or JSON.")
        {
            Runs, Format, Output, Data, RunOptions.Unbounded,
        };
        command.SetAction(parsed => Session.Guard(parsed, () => Print(
            parsed.GetRequiredValue(Runs), parsed.GetRequiredValue(Format), parsed.GetValue(Output), parsed.GetValue(Data),
            RunOptions.Bounds(parsed))));
        return command;
    }

    private static int Print(string[] paths, string format, string? output, string? data, RowBounds bounds)
    {
        if (data is not null && format is not ("html" or "lm-eval"))
            throw new InputException($"--data is for --format html and lm-eval; {format} shows no questions");
        if (format == "html" && output is null && !Console.IsOutputRedirected)
            throw new InputException("--format html fills a terminal; name a file with --output report.html");
        var runs = ReportedRun.Read([.. paths.SelectMany(RunInputs.Expand)], RunInputs.Read);
        if (format == "json" && runs.FirstOrDefault(run => run.Run.Provenance.Kind == HarnessFile.Kind) is { } theirs)
            throw new InputException($"{theirs.Run.Provenance.Source}: is {HarnessFile.Kind}'s own JSON; --format json is for runs of cognito-eval, "
                + "the other formats show it");
        if (format == "lm-eval")
            return LmEvalReport.Write(runs, output, data, bounds);
        if (format is "card" or "yaml" or "eval-results" && runs is [{ Run.Card.Source: { IsOfTheWeb: false } source }])
            Terminal.Tell($"note: the card's source is left out: {source.Url} is no address of http or https");
        var text = format switch
        {
            "table" => ModelCard.Table(Only(runs, format), TaskSet.AllColumns),
            "yaml" => ModelCard.Yaml(Only(runs, format), TaskSet.AllColumns),
            "eval-results" => EvalResults.Yaml(Only(runs, format), TaskSet.AllColumns, TasksOf(runs[0])),
            "every-eval-ever" => Record(runs, format),
            "json" => RunFile.ToJson(Only(runs, format)),
            "html" => HtmlReport.Render(runs, TaskSet.AllColumns, Texts(runs, data, bounds)),
            "markdown" => ScoreTables.Markdown(runs, TaskSet.AllColumns),
            "csv" => ScoreTables.Csv(runs, TaskSet.AllColumns),
            _ => ModelCard.Render(Only(runs, format), TaskSet.AllColumns),
        };
        if (output is null && format == "table")
            Terminal.Show(text);
        else if (output is null)
            Console.Write(text);
        else
            Write(output, text);
        return Session.Done;
    }

    private static IReadOnlyList<EvalTask> TasksOf(ReportedRun run) =>
        TaskFileOptions.SetOf(Protocol.Of(run.Run.Provenance.Protocol), Manifest.Read(run.Folder)?.Arguments).Tasks;

    private static string Record(IReadOnlyList<ReportedRun> runs, string format)
    {
        Only(runs, format);
        var (json, leftOut) = EveryEvalEver.Of(runs[0], TaskSet.AllColumns, TasksOf(runs[0]));
        foreach (var value in leftOut)
            Terminal.Tell($"note: {value} is no number, and left out: the record's schema has no place for it");
        Terminal.Tell("note: who ran it is not known to a run: fill in source_organization_name and evaluator_relationship before you share it");
        return json;
    }

    private static Run Only(IReadOnlyList<ReportedRun> runs, string format) => runs.Count == 1 ? runs[0].Run
        : throw new InputException(
            $"--format {format} is of one run, {runs.Count} were given; html, markdown and csv show several");

    /// <summary>
    /// Questions as text where the datasets are named, by the option or else by the environment; runs of the samples have
    /// theirs at hand.
    /// </summary>
    private static DocTexts? Texts(IReadOnlyList<ReportedRun> runs, string? data, RowBounds bounds)
    {
        var folder = data ?? (runs.All(run => run.Run.Provenance.Data == "samples") ? Inputs.Samples.Folder
            : Environment.GetEnvironmentVariable(Inputs.DataVariable));
        if (string.IsNullOrEmpty(folder))
            return null;
        var texts = DocTexts.Read([.. runs.Select(run => run.Run)], [.. runs.SelectMany(TasksOf).DistinctBy(task => task.Name)],
            DataRoot.Open(folder) with { Bounds = bounds });
        foreach (var note in texts.Notes)
            Terminal.Tell($"note: {note}");
        return texts;
    }

    private static void Write(string path, string text)
    {
        try
        {
            if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder)
                Directory.CreateDirectory(folder);
            File.WriteAllText(path, text);
        }
        catch (Exception e) when (OutputFile.IsFailure(e))
        {
            throw OutputFile.Failed(path, e, "name another file with --output FILE");
        }
        Terminal.Tell($"written: {path}");
    }
}
