using System.CommandLine;
using System.Text.Json;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;
using Cognito.Eval.Tokenizers;

namespace Cognito.Eval.Cli;

/// <summary><c>cognito-eval prompt</c>: what the model sees, to the character.</summary>
internal static class PromptCommand
{
    /// <summary>Stands between what is given and what is scored.</summary>
    private const string Border = "┃";

    public static Command Create()
    {
        var task = new Argument<string>("TASK") { Description = "A task's name.", HelpName = "TASK" };
        task.CompletionSources.Add(CompletionCommand.Tasks);
        var doc = new Option<int>("--doc", "-n") { Description = "Place of the document in evaluation order, from 0.", HelpName = "N" };
        var (model, data, shots, json) = (Inputs.Model(), Inputs.Data(), Inputs.Shots(), Inputs.Json());
        var command = new Command(
            "prompt", $"Show what the model sees of a document; {Border} is the border between context and continuation.")
        {
            task, TaskFileOptions.Paths, TaskFileOptions.Allow, RunOptions.ProtocolName, RunOptions.Bos, doc, shots, data, model, Fetching.Offline, RunOptions.Unbounded, json,
        };
        command.SetAction((parsed, cancel) => Task.Run(() => Session.Guard(parsed, () =>
        {
            using var narrator = new Narrator(quiet: false, parsed.GetValue(Session.Verbose));
            using var fetching = new Fetching(narrator, parsed.GetValue(Fetching.Offline));
            var protocol = TaskFileOptions.ProtocolOf(parsed, parsed.GetRequiredValue(task));
            if (protocol.Name != TaskFileOptions.ProtocolOf(parsed).Name)
                narrator.Say($"{parsed.GetRequiredValue(task)}: asked as {protocol.Name} asks it; {Protocol.Default.Name} has no task of that name");
            var only = Only(TaskFileOptions.SetOf(parsed, protocol), parsed.GetRequiredValue(task));
            var named = Inputs.Named(parsed.GetValue(model));
            var root = Inputs.Rows(parsed.GetValue(data), named, [only], fetching, RunOptions.Bounds(parsed), cancel);
            var tokenizer = CheckpointTokenizer.Open(named.Fetch(fetching, weights: false, cancel), protocol.Tokenization);
            narrator.Warn(tokenizer);
            var asked = Questions.Ask(only, root, protocol, only.ShotOrder == ShotOrder.None && only.Reads is not null ? null : parsed.GetValue(shots));
            foreach (var note in asked.Notes)
                narrator.Warn(note);
            return Print(asked, parsed.GetValue(doc), tokenizer, parsed.GetValue(json));
        })));
        return command;
    }

    private static EvalTask Only(TaskSet tasks, string name) => tasks.Select([name]).Tasks is [var task] ? task : throw new InputException(
        $"{name}: names several tasks; prompt shows one, such as {tasks.Select([name]).Tasks[0]}");

    private static int Print(Questions asked, int index, CheckpointTokenizer tokenizer, bool json)
    {
        var (task, protocol) = (asked.Task, asked.Protocol);
        if (index < 0 || index >= asked.Docs.Count)
            throw new InputException($"--doc {index}: {task} has documents 0 to {asked.Docs.Count - 1}");
        var doc = asked.Docs[index];
        if (json)
            Terminal.Print(JsonSerializer.Serialize(new
            {
                task = task.Name,
                doc_index = index,
                doc_id = doc.Row,
                requests = doc.Requests.Select(request => Describe(request, tokenizer, protocol)),
            }, Terminal.Json));
        else
            Show(asked, index, doc, tokenizer);
        return Session.Done;
    }

    private static object Describe(Request request, CheckpointTokenizer tokenizer, Protocol protocol) => request switch
    {
        LogLikelihood r when tokenizer.Encode(r, protocol) is var span => new
        {
            context = r.Context,
            continuation = r.Continuation,
            context_tokens = span.Context.Length,
            continuation_tokens = span.Continuation.Length,
        },
        LogLikelihoodRolling r => new { context = "", continuation = r.Text, continuation_tokens = tokenizer.Tokenizer.EncodeToIds(r.Text).Count },
        GreedyUntil r => new { context = r.Context, until = r.Stops, context_tokens = tokenizer.Encode(r, protocol).Length },
        _ => throw new ArgumentException("a kind of request that is not shown", nameof(request)),
    };

    public static void Show(Questions asked, int index, AskedDoc doc, CheckpointTokenizer tokenizer)
    {
        Terminal.Say(
            $"{asked.Task.Name}, document {index} of {asked.Docs.Count} (row {doc.Row} of {asked.Task.Split}), {asked.Shots} shots");
        var exact = Terminal.Exact;
        foreach (var same in doc.Requests.GroupBy(request => request.Context))
        {
            exact.Write(same.Key);
            foreach (var (i, request) in same.Index())
            {
                if (i > 0)
                    exact.Write("…");
                exact.WriteLine(Border + Continuation(request));
            }
            Terminal.Say(Tokens(same, tokenizer, asked.Protocol));
            exact.WriteLine();
        }
    }

    private static string Continuation(Request request) => request switch
    {
        LogLikelihood r => r.Continuation,
        LogLikelihoodRolling r => r.Text,
        GreedyUntil r => $" (generates until {string.Join(", ", r.Stops.Select(stop => JsonSerializer.Serialize(stop, Terminal.Json)))})",
        _ => "",
    };

    private static string Tokens(IEnumerable<Request> requests, CheckpointTokenizer tokenizer, Protocol protocol) => requests.First() switch
    {
        LogLikelihood first => $"{tokenizer.Encode(first, protocol).Context.Length} tokens {Border} "
            + string.Join(", ", requests.Select(request => tokenizer.Encode((LogLikelihood)request, protocol).Continuation.Length)),
        LogLikelihoodRolling first => $"{tokenizer.Tokenizer.EncodeToIds(first.Text).Count} tokens, all of them scored",
        GreedyUntil first => $"{tokenizer.Encode(first, protocol).Length} tokens",
        _ => "",
    };
}
