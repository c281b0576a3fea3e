using System.CommandLine;
using System.Globalization;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;
using Cognito.Eval.Torch;

namespace Cognito.Eval.Cli;

/// <summary><c>cognito-eval merge</c>: the shards of a run become the results of the run undivided.</summary>
internal static class MergeCommand
{
    private static readonly Argument<string[]> Folders = new("DIR")
    {
        Description = "Folders of shards, or folders that hold them.",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<string> Output = new("--output", "-o")
    {
        Description = "Folder of the results, as for a run.",
        DefaultValueFactory = _ => "results",
        HelpName = "DIR",
    };

    private static readonly Option<string?> Model = new("--model", "-m")
    {
        Description = "The checkpoint, where it lies elsewhere than the shards had it; its weights are not needed.",
        HelpName = "DIR|ID",
    };

    private static readonly Option<string?> Data = new("--data", "-d")
    {
        Description = "Where the datasets lie now, if not where the shards had them.",
        HelpName = "DIR",
    };

    private static readonly Option<string> Details = RunCommand.NewDetails();
    private static readonly Option<bool> Json = Inputs.Json();

    public static Command Create()
    {
        var command = new Command("merge", "Join the shards of a run into its results, without the model.")
        {
            Folders, Output, Model, Data, Details, Fetching.Offline, RunOptions.Unbounded, RunOptions.Quiet, Json,
        };
        command.SetAction((parsed, cancel) => Task.Run(() => Session.Guard(parsed, () => Merge(parsed, cancel)), cancel));
        return command;
    }

    private static int Merge(ParseResult parsed, CancellationToken cancel)
    {
        RunFolder.RequireWritable(parsed.GetRequiredValue(Output));
        using var narrator = new Narrator(parsed.GetValue(RunOptions.Quiet), parsed.GetValue(Session.Verbose));
        var shards = ShardSet.Open(parsed.GetRequiredValue(Folders));
        var (key, arguments) = (shards.Manifest.Key, shards.Manifest.Arguments);
        using var fetching = new Fetching(narrator, parsed.GetValue(Fetching.Offline));
        var protocol = RunOptions.WithBos(Protocol.Of(key.Provenance.Protocol), arguments.Bos);
        var tasks = TaskFileOptions.SetOf(protocol, arguments).Select(arguments.Tasks);
        var named = Inputs.Named(parsed.GetValue(Model) ?? arguments.Model);
        var options = new EvaluationOptions
        {
            Data = Inputs.Rows(
                parsed.GetValue(Data) ?? arguments.Data, named, tasks.Tasks, fetching, RunOptions.Bounds(parsed), cancel),
            Protocol = protocol,
            Shots = arguments.Shots,
            Limit = Inputs.LimitOf(arguments.Limit?.ToString(CultureInfo.InvariantCulture)),
            Output = parsed.GetRequiredValue(Output),
            Details = DetailLevels.Parse(parsed.GetRequiredValue(Details)),
            Logger = narrator.Logger,
        };
        var checkpoint = named.Open(named.Fetch(fetching, weights: false, cancel), key.Provenance.MaxLength, protocol);
        using var model = LocalModel.ForMerge(checkpoint);
        var run = Evaluator.MergeAsync(model, Evaluator.Ask(tasks, options), shards, narrator, cancel).GetAwaiter().GetResult();
        Finish.Print(run, parsed.GetValue(Json), narrator);
        return Session.Done;
    }
}
