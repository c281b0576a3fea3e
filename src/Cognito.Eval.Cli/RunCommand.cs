using System.CommandLine;
using Cognito.Eval.Tasks;
using Cognito.Eval.Torch;

namespace Cognito.Eval.Cli;

/// <summary><c>cognito-eval</c> itself: scores a checkpoint.</summary>
internal static class RunCommand
{
    private static readonly Option<string[]> Tasks = new("--tasks", "-t")
    {
        Description = "Tasks to ask: names, patterns (mmlu_*), all; commas or repeats.",
        DefaultValueFactory = _ => ["all"],
        HelpName = "LIST",
    };

    private static readonly Option<string?> Model = Inputs.Model(), Data = Inputs.Data(), LimitOption = Inputs.LimitOption();
    private static readonly Option<int?> Shots = Inputs.Shots();
    private static readonly Option<bool> Json = Inputs.Json();

    private static readonly Option<string> Output = new("--output", "-o")
    {
        Description = "Folder of the results; each run makes <model>/<run>/results.json in it.",
        DefaultValueFactory = _ => "results",
        HelpName = "DIR",
    };

    private static readonly Option<string?> Device = new("--device")
    {
        Description = "cpu, cuda or cuda:N. Default: a CUDA device if there is one.",
        HelpName = "D",
    };

    private static readonly Option<string?> Dtype = new("--dtype")
    {
        Description = "float32, bfloat16 or float16. Default: the checkpoint's on CUDA, float32 on the CPU.",
        HelpName = "T",
    };

    private static readonly Option<string> LogProbDtype = new("--logprob-dtype")
    {
        Description = "Type of log-probabilities: float32, or model, which rounds as the leaderboard did.",
        DefaultValueFactory = _ => "float32",
        HelpName = "T",
    };

    private static readonly Option<int?> MaxLength = new("--max-length")
    {
        Description = "Most tokens of a prompt; longer ones lose their oldest. Default: the checkpoint's.",
        HelpName = "N",
    };

    private static readonly Option<int?> BatchTokens = new("--batch-tokens")
    {
        Description = "Most tokens that go through the model together. Default: 4096 on the CPU, 16384 on CUDA.",
        HelpName = "N",
    };

    private static readonly Option<int?> Threads = new("--threads")
    {
        Description = "CPU threads. Default: one a core.",
        HelpName = "N",
    };

    private static readonly Option<string?> LibTorch = new("--libtorch")
    {
        Description = "Folder of an existing libtorch, such as torch/lib of a Python wheel. Default: COGNITO_LIBTORCH.",
        HelpName = "DIR",
    };

    private static readonly Option<bool> Quiet = new("--quiet", "-q") { Description = "No progress on stderr." };

    public static RootCommand Create()
    {
        Dtype.AcceptOnlyFromAmong("float32", "bfloat16", "float16");
        LogProbDtype.AcceptOnlyFromAmong("float32", "model");
        Tasks.AllowMultipleArgumentsPerToken = true;
        var root = new RootCommand(
            "Scores a language-model checkpoint on the six tasks of the Open LLM Leaderboard v1, with the leaderboard's own "
            + "questions, and prints its table.")
        {
            Tasks, Model, Data, Shots, LimitOption, Output, Device, Dtype, LogProbDtype, MaxLength, BatchTokens, Threads,
            LibTorch, Quiet, Json,
        };
        root.SetAction((parsed, cancel) => Task.Run(() => Session.Guard(parsed, () => Score(parsed, cancel))));
        return root;
    }

    private static int Score(ParseResult parsed, CancellationToken cancel)
    {
        Require(parsed, MaxLength, 2, 1 << 24);
        Require(parsed, BatchTokens, 1, 1 << 24);
        Require(parsed, Threads, 1, 1024);
        var limit = parsed.GetValue(LimitOption) is { } text ? Limit.Parse(text) : (Limit?)null;
        var tasks = TaskRegistry.Select(parsed.GetRequiredValue(Tasks));
        var (folder, embedded) = Inputs.ModelFolder(parsed.GetValue(Model));
        var data = Inputs.DataFolder(parsed.GetValue(Data), embedded);
        RunWatch.RequireWritable(parsed.GetRequiredValue(Output));
        using var narrator = new Narrator(parsed.GetValue(Quiet));
        if (embedded)
            narrator.Say($"no --model: using the embedded checkpoint cognito-nano ({folder})");
        narrator.Say($"data: {(data.IsSamples ? "the embedded samples, " : "")}{data.Folder}");

        var checkpoint = Checkpoint.Open(folder, parsed.GetValue(Dtype), parsed.GetValue(MaxLength));
        var (asked, notes) = Inputs.Ask(tasks, data, parsed.GetValue(Shots), limit);
        if (asked.Any(task => task.Docs[0].Doc is FreeForm))
            GenerationGroups.Room(Protocol.LeaderboardV1, checkpoint.MaxLength ?? checkpoint.Config.MaxLength);
        foreach (var note in notes)
            narrator.Warn(note);
        cancel.ThrowIfCancellationRequested();

        var watch = new RunWatch(parsed.GetValue(Threads) ?? Environment.ProcessorCount);
        using var loaded = checkpoint.Load(
            parsed.GetValue(LibTorch), parsed.GetValue(Device), parsed.GetRequiredValue(LogProbDtype), watch.Threads,
            parsed.GetValue(BatchTokens), cancel);
        narrator.Say($"model: {checkpoint.Name}, {loaded.Provenance.Dtype} on {loaded.Provenance.Device}, "
            + $"{asked.Sum(a => a.Docs.Count)} documents of {asked.Count} tasks");
        var scorer = new Scorer(
            checkpoint.Tokenizer.Tokenizer, loaded.Model, Protocol.LeaderboardV1, checkpoint.EndIds,
            checkpoint.Tokenizer.EndText, loaded.Provenance.BatchTokens!.Value, checkpoint.Tokenizer.EndId);
        scorer.Progressed += narrator.Progress;
        var graded = Evaluation.Answer(asked, scorer, cancel, watch.Stages);

        var provenance = loaded.WithWeights(data.IsSamples ? "samples" : "datasets");
        var run = Tally.Count(graded, TaskRegistry.Columns, provenance, limit, notes) with
        {
            Circumstances = watch.Stop(graded, folder, data.Folder),
        };
        var path = RunFile.Write(run, RunWatch.Folder(parsed.GetRequiredValue(Output), checkpoint.Name, watch.Started));
        narrator.Clear();
        if (parsed.GetValue(Json))
            Console.Write(RunFile.ToJson(run));
        else
            RunTable.Print(run);
        narrator.Say($"written: {path}");
        return Session.Done;
    }

    private static void Require(ParseResult parsed, Option<int?> option, int least, int most)
    {
        if (parsed.GetValue(option) is { } value && (value < least || value > most))
            throw new InputException($"{option.Name} {value}: give a whole number of at least {least} and at most {most}");
    }
}
