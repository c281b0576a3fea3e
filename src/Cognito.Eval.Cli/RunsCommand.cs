using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Cognito.Eval.Files;
using Cognito.Eval.Journal;
using Cognito.Eval.Results;

namespace Cognito.Eval.Cli;

/// <summary><c>cognito-eval runs</c>: which runs and shards there are, and how far they are.</summary>
internal static class RunsCommand
{
    private static readonly Argument<string> Folder = new("DIR")
    {
        Description = "Folder of results.",
        DefaultValueFactory = _ => "results",
    };

    private static readonly Option<bool> All = new("--all") { Description = "Also those that are finished." };
    private static readonly Option<bool> Json = Inputs.Json();

    public static Command Create()
    {
        var command = new Command("runs", "List the runs that ended early; the command that began one goes on with it.")
        {
            Folder, All, Json,
        };
        command.SetAction((parsed, cancel) => Task.Run(() => Session.Guard(parsed, () => Print(parsed)), cancel));
        return command;
    }

    private static int Print(ParseResult parsed)
    {
        var folder = parsed.GetRequiredValue(Folder);
        if (!Directory.Exists(folder))
            throw new InputException($"{folder}: no such folder; {NearNames.PathHint(folder)}name one that runs were written to");
        using var narrator = new Narrator(quiet: false, parsed.GetValue(Session.Verbose));
        var found = RunFolder.Under(folder, 3, e => narrator.Warn(Printable.Line(e.Message))).Select(Listed.Of)
            .Where(run => parsed.GetValue(All) || run.State != "finished").ToList();
        if (parsed.GetValue(Json))
        {
            Terminal.Print(JsonSerializer.Serialize(found.Select(run => new
            {
                folder = run.Folder,
                model = run.Model,
                shard = run.Shard,
                started = run.Started,
                answered = run.Answered,
                requests = run.Requests,
                state = run.State,
            }), Terminal.Json));
            return Session.Done;
        }
        var table = new Terminal.Table(6, "Run", "Model", "Shard", "Started", "Answered", "State");
        foreach (var run in found)
            table.Add(
                run.Folder, run.Model, run.Shard ?? "", run.Started.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
                run.Answered is { } answered ? $"{answered} of {run.Requests?.ToString(CultureInfo.InvariantCulture) ?? "?"}" : "", run.State);
        table.Print();
        return Session.Done;
    }

    /// <summary>A run as it is listed.</summary>
    /// <param name="State">finished, answered (a shard that waits for a merge), unreadable, or unfinished.</param>
    private sealed record Listed(
        string Folder, string Model, string? Shard, DateTimeOffset Started, long? Answered, long? Requests, string State)
    {
        public static Listed Of(RunFolder run)
        {
            var (state, isReadable) = run.IsFinished ? (null, true) : Look(run.Path);
            var isAnswered = run.Manifest.Shard is not null && state is { Requests: { } all } && state.KeptRequests >= all;
            return new(
                run.Path, run.Manifest.Key.Provenance.Model, run.Manifest.Shard?.ToString(), run.Manifest.Started,
                state?.KeptRequests, state?.Requests, run.IsFinished ? "finished" : !isReadable ? "unreadable" : isAnswered ? "answered" : "unfinished");
        }

        /// <summary>One that cannot be read, or goes while it is looked at, does not hide the others.</summary>
        private static (JournalState? State, bool IsReadable) Look(string folder)
        {
            try
            {
                return (AnswerJournal.Peek(folder), true);
            }
            catch (Exception e) when (e is InputException or IOException or UnauthorizedAccessException)
            {
                return (null, false);
            }
        }
    }
}
