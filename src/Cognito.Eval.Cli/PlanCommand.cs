using System.CommandLine;
using System.Diagnostics;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Files;
using Cognito.Eval.Models;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;
using Cognito.Eval.Tokenizers;
using Cognito.Eval.Torch.Architectures;

namespace Cognito.Eval.Cli;

/// <summary><c>cognito-eval plan</c>: what a run would do, without the model.</summary>
internal static class PlanCommand
{
    private static readonly Option<string?> Model = Inputs.Model(), Data = Inputs.Data();
    private static readonly Option<string?> LimitOption = Inputs.LimitOption();
    private static readonly Option<int?> Shots = Inputs.Shots();
    private static readonly Option<bool> Json = Inputs.Json();

    private static readonly Option<string> Dtype = new("--dtype")
    {
        Description = "Type of the weights, for the estimate of memory: float32, bfloat16 or float16.",
        DefaultValueFactory = _ => "float32",
        HelpName = "T",
    };

    private static readonly Option<double?> Rate = new("--tokens-per-second")
    {
        Description = "Estimate the time at this rate, such as a run's progress shows.",
        HelpName = "R",
    };

    private static readonly Option<bool> NoTokens = new("--no-tokens")
    {
        Description = "Only ask the questions: their numbers and digests, without a tokenizer.",
    };

    public static Command Create()
    {
        Words.OneOf(Dtype, Words.Dtypes);
        var command = new Command(
            "plan",
            "Count the tokens that a run would put through the model, and estimate memory and time; loads no weights.")
        {
            RunOptions.Tasks, TaskFileOptions.Paths, TaskFileOptions.Allow, RunOptions.ProtocolName, RunOptions.Bos, Model, Data, Shots, LimitOption, NoTokens, RunOptions.MaxLength, RunOptions.BatchTokens, Dtype, Rate,
            Fetching.Offline, RunOptions.Unbounded, Json,
        };
        command.SetAction((parsed, cancel) => Task.Run(() => Session.Guard(parsed, () => Print(parsed, cancel))));
        return command;
    }

    private static int Print(ParseResult parsed, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        var (maxLength, batchTokens) = (parsed.GetValue(RunOptions.MaxLength), parsed.GetValue(RunOptions.BatchTokens) ?? 2048);
        var rate = parsed.GetValue(Rate);
        RunOptions.Check(parsed);
        if (rate is { } given && !(given > 0 && double.IsFinite(given)))
            throw new InputException($"--tokens-per-second {given}: give a number above 0");
        var protocol = TaskFileOptions.ProtocolOf(parsed);
        var tasks = TaskFileOptions.SetOf(parsed, protocol).Select(parsed.GetRequiredValue(RunOptions.Tasks));
        var limit = Inputs.LimitOf(parsed.GetValue(LimitOption));
        var named = Inputs.Named(parsed.GetValue(Model));
        using var narrator = new Narrator(quiet: false, parsed.GetValue(Session.Verbose));
        TaskFileOptions.Tell(parsed, tasks, narrator);
        using var fetching = new Fetching(narrator, parsed.GetValue(Fetching.Offline));
        var data = Inputs.Rows(parsed.GetValue(Data), named, tasks.Tasks, fetching, RunOptions.Bounds(parsed), cancel);
        var options = new EvaluationOptions { Data = data, Protocol = protocol, Shots = parsed.GetValue(Shots), Limit = limit };
        if (parsed.GetValue(NoTokens))
            return QuestionsAlone(Evaluator.Ask(tasks, options), narrator, parsed.GetValue(Json));
        var folder = named.Fetch(fetching, weights: false, cancel);
        var tokenizer = CheckpointTokenizer.Open(folder, protocol.Tokenization);
        narrator.Warn(tokenizer);
        // Without a model, a tokenizer and its maximum length are all that planning needs.
        var config = maxLength is null || RegularFile.Exists(Path.Combine(folder, "config.json"))
            ? ModelConfig.Read(folder)
            : null;
        var asked = Evaluator.Ask(tasks, options);
        foreach (var note in asked.Notes.Concat(config?.Notes ?? []))
            narrator.Warn(note);
        var length = maxLength ?? config!.MaxLength;
        var prepared = new PreparedRequests(
            asked.Requests, new(tokenizer.Tokenizer, protocol, length, batchTokens, new(tokenizer.EndId) { Start = tokenizer.Start })
            {
                ModelVocabulary = config?.VocabularySize,
            });
        if (asked.Generates && config?.Generation.Require().Record is { } settings)
            narrator.Warn($"{settings}");
        var report = PlanReport.Create(asked, prepared, config, parsed.GetRequiredValue(Dtype), batchTokens, length, rate);
        narrator.Say($"planned in {clock.Elapsed.TotalSeconds:0.0} s");
        if (parsed.GetValue(Json))
            report.PrintJson();
        else
            report.Print();
        return Session.Done;
    }

    private static int QuestionsAlone(AskedTasks asked, Narrator narrator, bool json)
    {
        foreach (var note in asked.Notes)
            narrator.Warn(note);
        if (json)
            PlanReport.PrintQuestionsJson(asked);
        else
            PlanReport.PrintQuestions(asked);
        return Session.Done;
    }
}
