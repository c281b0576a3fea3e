using System.CommandLine;
using Cognito.Eval.Data;
using Cognito.Eval.Files;
using Cognito.Eval.Protocols;

namespace Cognito.Eval.Cli;

/// <summary>Options of every command that runs, or plans, what a model does.</summary>
internal static class RunOptions
{
    public static readonly Option<string[]> Tasks = new("--tasks", "-t")
    {
        Description = "Tasks: names, patterns (mmlu_*), all (the protocol's six); commas or repeats.",
        DefaultValueFactory = _ => ["all"],
        AllowMultipleArgumentsPerToken = true,
        HelpName = "LIST",
    };

    public static readonly Option<string> ProtocolName = new("--protocol")
    {
        Description = "Whose rules the questions follow: leaderboard-v1; lm-eval-0.4, lm-evaluation-harness today; lm-eval-0.4-openllm, its group.",
        DefaultValueFactory = _ => Protocol.Default.Name,
        HelpName = "P",
    };

    public static readonly Option<string?> Bos = new("--bos")
    {
        Description = "lm-eval-0.4: a beginning-of-text token before prompts: auto, as the tokenizer does it; yes; no, as before 0.4.9.2. "
            + "Default: auto.",
        HelpName = "B",
    };

    /// <summary>The protocol, with what is set of it.</summary>
    public static Protocol ProtocolOf(ParseResult parsed) => WithBos(Protocol.Parse(parsed.GetRequiredValue(ProtocolName)), parsed.GetValue(Bos));

    /// <summary>A protocol with its rule of beginnings as it was given; null leaves it as it is.</summary>
    public static Protocol WithBos(Protocol protocol, string? bos) => (protocol, bos) switch
    {
        (_, null) => protocol,
        (LmEval04 rules, _) => rules with { Bos = Enum.Parse<BosRule>(bos, ignoreCase: true) },
        _ => throw new InputException($"--bos {bos}: {protocol.Name} never adds a token; leave --bos out, or give --protocol lm-eval-0.4"),
    };

    public static readonly Option<string?> Device = new("--device")
    {
        Description = "cpu, cuda or cuda:N; a run takes several, cuda:0,cuda:1, each with a copy of the model or with --split a part. Default: CUDA "
            + "if there is a card.",
        HelpName = "D",
    };

    public static readonly Option<string?> Split = new("--split")
    {
        Description = "Deal the model's layers over the devices of --device. N: over N of them, and each N hold a copy; auto: where the "
            + "weights do not fit each device. Default: a copy on each.",
        Arity = ArgumentArity.ZeroOrOne,
        HelpName = "N|auto",
    };

    /// <summary>As <see cref="Torch.LocalModelOptions.Split"/>; without a value all devices hold one copy.</summary>
    public static string? SplitOf(ParseResult parsed) => parsed.GetResult(Split) is null ? null : parsed.GetValue(Split) ?? "all";

    public static readonly Option<string?> Dtype = new("--dtype")
    {
        Description = "float32 (fp32), bfloat16 (bf16) or float16 (fp16). Default: the checkpoint's on CUDA, float32 on the CPU.",
        HelpName = "T",
    };

    public static readonly Option<int?> MaxLength = new("--max-length")
    {
        Description = "Most tokens of a prompt; longer ones lose their oldest. Default: the checkpoint's.",
        HelpName = "N",
    };

    public static readonly Option<int?> BatchTokens = new("--batch-tokens")
    {
        Description = "Most tokens that go through the model together. Default: by the memory that is free.",
        HelpName = "N",
    };

    public static readonly Option<int?> Threads = new("--threads")
    {
        Description = "CPU threads. Default: one a core.",
        HelpName = "N",
    };

    public static readonly Option<string?> LibTorch = new("--libtorch")
    {
        Description = "Folder of an existing libtorch, such as torch/lib of a Python wheel. Default: COGNITO_LIBTORCH.",
        HelpName = "DIR",
    };

    public static readonly Option<bool> Unbounded = new("--unbounded")
    {
        Description = "Take as many rows, requests and characters of a task as there are; else at most 200,000, 1,000,000 and "
            + "268,435,456.",
    };

    public static readonly Option<bool> Quiet = new("--quiet", "-q") { Description = "No progress on stderr." };

    /// <summary>How much a task may hold.</summary>
    public static RowBounds Bounds(ParseResult parsed) => parsed.GetValue(Unbounded) ? RowBounds.None : RowBounds.Usual;

    static RunOptions()
    {
        Words.OneOf(Dtype, Words.Dtypes);
        Words.OneOf(Bos, "auto", "yes", "no");
        Tasks.CompletionSources.Add(CompletionCommand.Tasks);
        ProtocolName.CompletionSources.Add(Protocol.Default.Name, LmEval04.Rules.Name, LmEval04.OpenLlm.Name);
    }

    /// <summary>Refuses numbers that no run can have.</summary>
    public static void Check(ParseResult parsed)
    {
        const int MostTokens = 1 << 24, MostThreads = 1024;
        Require(parsed, MaxLength, 2, MostTokens);
        Require(parsed, BatchTokens, 1, MostTokens);
        Require(parsed, Threads, 1, MostThreads);
    }

    public static void Require(ParseResult parsed, Option<int?> option, int least, int most)
    {
        if (parsed.GetValue(option) is { } value && (value < least || value > most))
            throw new InputException($"{option.Name} {value}: give a whole number of at least {least} and at most {most}");
    }
}
