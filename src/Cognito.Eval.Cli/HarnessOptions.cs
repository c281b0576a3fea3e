using System.Globalization;
using As = Cognito.Eval.Cli.HarnessLine.Answer.As;
using LeftOut = Cognito.Eval.Cli.HarnessLine.Answer.LeftOut;
using Refused = Cognito.Eval.Cli.HarnessLine.Answer.Refused;

namespace Cognito.Eval.Cli;

/// <summary>The options of lm-evaluation-harness' <c>lm-eval run</c> that are not ours by name, and what each is here.</summary>
internal static class HarnessOptions
{
    /// <summary>An option's fewest and most values, and what becomes of it.</summary>
    public sealed record Entry(int Least, int Most, Func<string[], HarnessLine.Answer> Answer);

    private const string NothingSent = "nothing is sent anywhere; `cognito-eval report` writes csv, json and lm-evaluation-harness' own files",
        Journal = "answers are kept in the run's journal under --output, and the same command goes on with it",
        NoCode = "no code of a checkpoint or a task is run",
        Seeds = "a protocol draws its examples with its own seed (lm-eval-0.4 1234, leaderboard-v1 42), and nothing else is drawn",
        AsIs = "prompts are asked as they are, without a chat's frame";

    public static IReadOnlyDictionary<string, Entry> Known { get; } = new Dictionary<string, Entry>
    {
        ["num_fewshot"] = new(1, 1, values => new As("--num-fewshot", values[0])),
        ["limit"] = new(1, 1, values => new As("--limit", values[0])),
        ["output_path"] = new(1, 1, values => OutputPath(values[0])),
        ["log_samples"] = new(0, 0, _ => new As("--details", "full")),
        ["include_path"] = new(1, 1, values => new As("--task-path", values[0])),
        ["batch_size"] = new(1, 1, _ => new LeftOut(HarnessModel.Batches)),
        ["max_batch_size"] = new(1, 1, _ => new LeftOut(HarnessModel.Batches)),
        ["use_cache"] = new(1, 1, _ => new LeftOut(Journal)),
        ["cache_requests"] = new(0, 1, _ => new LeftOut(Journal)),
        ["check_integrity"] = new(0, 0, _ => new LeftOut("each run checks rows and requests by their digests")),
        ["write_out"] = new(0, 0, _ => new LeftOut("`cognito-eval prompt TASK` shows what the model sees")),
        ["show_config"] = new(0, 0, _ => new LeftOut("results.json holds the settings of each task")),
        ["verbosity"] = new(1, 1, values => values[0].Equals("DEBUG", StringComparison.OrdinalIgnoreCase)
            ? new As("--verbose") : new LeftOut("--verbose tells more, --quiet less")),
        ["trust_remote_code"] = new(0, 0, _ => new LeftOut(NoCode)),
        ["confirm_run_unsafe_code"] = new(0, 0, _ => new LeftOut(NoCode)),
        ["wandb_args"] = new(1, int.MaxValue, _ => new LeftOut(NothingSent)),
        ["wandb_config_args"] = new(1, int.MaxValue, _ => new LeftOut(NothingSent)),
        ["trackio_args"] = new(1, int.MaxValue, _ => new LeftOut(NothingSent)),
        ["hf_hub_log_args"] = new(1, int.MaxValue, _ => new LeftOut(NothingSent)),
        ["seed"] = new(1, 1, values => Seed(values[0])),
        ["gen_kwargs"] = new(1, int.MaxValue, GenKwargs),
        ["fewshot_as_multiturn"] = new(0, 1, values => values is ["false" or "False" or "0" or "no"] ? new LeftOut(AsIs) : new Refused(AsIs)),
        ["apply_chat_template"] = new(0, 1, _ => new Refused(AsIs)),
        ["system_instruction"] = new(1, 1, _ => new Refused(AsIs)),
        ["predict_only"] = new(0, 0, _ => new Refused("answers are written with their scores, never without", "--details", "full")),
        ["samples"] = new(1, 1, _ => new Refused("documents are chosen by --limit N alone, the first ones of each task")),
        ["metadata"] = new(1, 1, _ => new Refused("a task file's own metadata is all that is read")),
        ["config"] = new(1, 1, _ => new Refused("options stand on the command line, not in a file")),
    };

    private static readonly Dictionary<string, string> Short = new()
    {
        ["-M"] = "model",
        ["-a"] = "model_args",
        ["-f"] = "num_fewshot",
        ["-b"] = "batch_size",
        ["-s"] = "log_samples",
        ["-c"] = "use_cache",
        ["-L"] = "limit",
        ["-E"] = "samples",
        ["-C"] = "config",
        ["-v"] = "verbosity",
        ["-w"] = "write_out",
        ["-x"] = "predict_only",
    };

    /// <summary>The harness's name of an option, by either of its spellings; null where it has none.</summary>
    public static string? Name(string? typed) => typed is null ? null
        : Short.TryGetValue(typed, out var name) ? name
        : typed is "-m" ? "model"
        : typed.StartsWith("--", StringComparison.Ordinal) && typed[2..].Replace('-', '_') is var own && (own is "model" or "model_args" || Known.ContainsKey(own)) ? own
        : null;

    private static HarnessLine.Answer OutputPath(string path) => path.EndsWith(".json", StringComparison.OrdinalIgnoreCase)
        ? new Refused("results are a folder, of which `cognito-eval report RUN --format lm-eval` makes the harness's files",
            "--output", Path.GetDirectoryName(path) is { Length: > 0 } folder ? folder : "results")
        : new As("--output", path);

    /// <summary>Of its four seeds the last one draws examples; the others move nothing that is asked here.</summary>
    private static HarnessLine.Answer Seed(string seeds)
    {
        const string Drawn = "1234";
        var each = seeds.Split(',', StringSplitOptions.TrimEntries);
        return (each.Length is 1 or 4 ? each[^1] : Drawn) == Drawn && each.Length is 1 or 3 or 4
            ? new LeftOut(Seeds)
            : new Refused(Seeds);
    }

    private static HarnessLine.Answer GenKwargs(string[] values)
    {
        var other = HarnessModel.Pairs(values).Where(pair => pair switch
        {
            { Key: "do_sample", Value: "False" or "false" } => false,
            { Key: "temperature", Value: var degree } => !double.TryParse(degree, CultureInfo.InvariantCulture, out var value) || value != 0,
            _ => true,
        }).Select(pair => pair.Key).ToList();
        return other.Count == 0 ? new LeftOut("answers are generated greedily")
            : new Refused($"{string.Join(", ", other)}: each task says how its answers are generated, a task file by its generation_kwargs");
    }
}
