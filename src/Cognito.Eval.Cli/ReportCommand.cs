using System.CommandLine;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Cli;

/// <summary><c>cognito-eval report</c>: a finished run in the form that a reader wants.</summary>
internal static class ReportCommand
{
    public static Command Create()
    {
        var run = new Argument<string>("RUN") { Description = "A results.json, or the folder of a run." };
        var format = new Option<string>("--format", "-f")
        {
            Description = "card: table and model-index as on a model card; table; yaml: the model-index alone; json.",
            DefaultValueFactory = _ => "card",
        };
        format.AcceptOnlyFromAmong("card", "table", "yaml", "json");
        var command = new Command("report", "Print a run as a model card, a table, YAML or JSON.") { run, format };
        command.SetAction(parsed => Session.Guard(parsed, () => Print(
            RunFile.Read(parsed.GetRequiredValue(run)), parsed.GetRequiredValue(format))));
        return command;
    }

    private static int Print(Run run, string format)
    {
        Console.Write(format switch
        {
            "table" => ModelCard.Table(run, TaskRegistry.Columns),
            "yaml" => ModelCard.Yaml(run, TaskRegistry.Columns),
            "json" => RunFile.ToJson(run),
            _ => ModelCard.Render(run, TaskRegistry.Columns),
        });
        return Session.Done;
    }
}
