using Cognito.Eval.Cli;

namespace Cognito.Eval.Tests;

/// <summary>Mistyped command lines, and those of lm-evaluation-harness: what each says.</summary>
public sealed class CommandLinesTests : IDisposable
{
    private const string All = "`cognito-eval --help` lists all", NotFetched = "nothing may be fetched (--offline, HF_HUB_OFFLINE)";
    private readonly CommandLine line = new();

    public CommandLinesTests()
    {
        line.Copy(CommandLine.Nano, "checkpoints/nano");
        line.Write("results/nano/1/results.json", "{}");
        line.Write("policy.yaml", "");
    }

    public void Dispose() => line.Dispose();

    [Theory]
    // An option that nobody knows, also after a list.
    [InlineData("--tsks arc", "--tsks: no such option of `cognito-eval`; did you mean --tasks? " + All)]
    [InlineData("--tasks arc --bogus 3", "--bogus: no such option of `cognito-eval`; " + All)]
    [InlineData("--tasks arc hellaswag --limt=5", "--limt: no such option of `cognito-eval`; did you mean --limit? " + All)]
    [InlineData("-t arc -y", "-y: no such option of `cognito-eval`; " + All)]
    [InlineData("-model checkpoints/nano", "-model: no such option of `cognito-eval`; did you mean --model? " + All)]
    [InlineData("--shots 5", "--shots: no such option of `cognito-eval`; did you mean --num-fewshot? " + All)]
    [InlineData("--checkpoint checkpoints/nano", "--checkpoint: no such option of `cognito-eval`; did you mean --model? " + All)]
    [InlineData("--watch results", "--watch: no such option of `cognito-eval`; it is an option of `cognito-eval gate`; " + All)]
    [InlineData("data fetch --tasks arc --modl org/name", "--modl: no such option of `cognito-eval data fetch`; did you mean --model? `cognito-eval data fetch --help` lists all")]
    [InlineData("gate --polcy policy.yaml", "--polcy: no such option of `cognito-eval gate`; did you mean --policy? `cognito-eval gate --help` lists all")]
    // A word that is no command.
    [InlineData("reprot results", "reprot: no such command; did you mean report? " + All)]
    [InlineData("help pln", "pln: no such command; did you mean plan? " + All)]
    [InlineData("data fetsh", "fetsh: no such command; did you mean fetch? `cognito-eval data --help` lists all")]
    [InlineData("tasks arc", "arc: no such command; `cognito-eval tasks --help` lists all")]
    [InlineData("arc", "arc: no command; it names tasks, so write: cognito-eval --tasks arc")]
    [InlineData("piqa", "piqa: no command; it names a task, so write: cognito-eval --protocol lm-eval-0.4 --tasks piqa")]
    [InlineData("checkpoints/nano", "checkpoints/nano: no command; it is a checkpoint's folder, so write: cognito-eval --model checkpoints/nano")]
    [InlineData("results", "results: no command; it has results of runs, so write: cognito-eval report results")]
    [InlineData("quiz.yaml", "quiz.yaml: no command; it looks like a task file, so write: cognito-eval --task-path quiz.yaml")]
    [InlineData("http://localhost:8000", "http://localhost:8000: no command; it is an address, so write: cognito-eval --model http://localhost:8000")]
    // Words that an option takes, tasks and paths.
    [InlineData("report results --format tabel", "--format tabel: did you mean table? it is one of card, table, ")]
    [InlineData("--dtype bfloat", "--dtype bfloat: did you mean bfloat16? it is one of float32, bfloat16, float16; " + All)]
    [InlineData("--protocol lm-evl", "--protocol lm-evl: no such protocol; did you mean lm-eval? give leaderboard-v1, ")]
    [InlineData("--tasks winogrand", "--tasks winogrand: no such task; did you mean winogrande? `cognito-eval tasks` lists all, --task-path takes files of more")]
    [InlineData("--tasks quiz.yaml", "--tasks quiz.yaml: a task file or a folder of them, which --task-path takes; write: --task-path quiz.yaml")]
    [InlineData("--tasks truthfulqa_mc2", "--tasks truthfulqa_mc2: --protocol lm-eval-0.4 asks it; the leaderboard's mc2 is truthfulqa_mc")]
    [InlineData("--tasks openllm", "--tasks openllm: --protocol lm-eval-0.4-openllm asks it as lm-evaluation-harness does; the leaderboard's own six are \"all\"")]
    [InlineData("--model ./chekpoints/nano", "./chekpoints/nano: no such folder, and no id on the hub such as org/name or org/name@revision; did you mean ./checkpoints/nano? ")]
    [InlineData("--data checkpionts", "checkpionts: no such folder; did you mean checkpoints? give --data the folder that holds the datasets")]
    [InlineData("report resutls", "resutls: no such file; did you mean results? give a results.json or the folder of a run")]
    [InlineData("gate -b results -c results --policy polcy.yaml", "polcy.yaml: no such file; did you mean policy.yaml? --policy names a YAML file")]
    [InlineData("--threads many", "Cannot parse argument 'many' for option '--threads' as a whole number; " + All)]
    // Without a network.
    [InlineData("--model checkpoints/nano --tasks arc", NotFetched + "; with a network once: cognito-eval data fetch, or give --data DIR, a folder that has the datasets")]
    [InlineData("prompt piqa", "piqa: asked as lm-eval-0.4 asks it; leaderboard-v1 has no task of that name\n", NotFetched, "or give --data DIR")]
    // lm-evaluation-harness' own.
    [InlineData("--model hf --model_args pretrained=checkpoints/nano,dtype=bfloat16,trust_remote_code=True --tasks hellaswag,arc_challenge --num_fewshot 5 --batch_size auto:4 --log_samples --output_path out --limit 0.1 --device cpu",
        "taken as: cognito-eval --model checkpoints/nano --dtype bfloat16 --details full --output out --tasks hellaswag,arc_challenge --num-fewshot 5 --limit 0.1 --device cpu --protocol lm-eval-0.4 --logprob-dtype model\n",
        "note: trust_remote_code=True is left out: no code of a checkpoint is run\n",
        "note: --batch_size auto:4 is left out: batches are as many tokens as memory holds, and no score depends on them but for rounding; --batch-tokens N sets them\n")]
    [InlineData("run --model hf --model_args pretrained=org/name,revision=abc,tokenizer=org/name --tasks openllm -s --use_cache here --seed 0,1234,1234,1234",
        "taken as: cognito-eval --model org/name@abc --details full --tasks openllm --protocol lm-eval-0.4-openllm --logprob-dtype model\n",
        "note: dtype=auto is left out: a checkpoint runs in its own type on CUDA here too, but in float32 on the CPU; --dtype sets it\n",
        "note: tokenizer=org/name is left out: it is the checkpoint's own\n",
        "note: --use_cache here is left out: answers are kept in the run's journal under --output, and the same command goes on with it\n",
        "note: --seed 0,1234,1234,1234 is left out: a protocol draws its examples with its own seed (lm-eval-0.4 1234, leaderboard-v1 42), and nothing else is drawn\n")]
    [InlineData("--model local-completions --model_args model=org/name,base_url=http://localhost:1/v1/completions,num_concurrent=8 --tasks gsm8k",
        "taken as: cognito-eval --model http://localhost:1 --served-model org/name --bos no --max-length 2047 --concurrency 8 --tasks gsm8k --protocol lm-eval-0.4\n")]
    [InlineData("--model hf --model_args pretrained=org/name --tasks leaderboard",
        "--tasks leaderboard: in lm-evaluation-harness that is the second leaderboard (BBH, GPQA, IFEval, MATH, MMLU-Pro, MuSR), which is not asked here; the first one's six are --protocol lm-eval-0.4-openllm, ")]
    [InlineData("--model hf --model_args pretrained=org/name,parallelize=True --tasks mmlu",
        "parallelize=True: name the cards, and --split deals the layers to them; write: cognito-eval --model org/name --tasks mmlu --protocol lm-eval-0.4 --logprob-dtype model --device cuda:0,cuda:1 --split")]
    [InlineData("--model vllm --model_args pretrained=org/name --tasks mmlu",
        "--model vllm: a server's model is asked by its address; start it with `vllm serve org/name`; write: cognito-eval --tasks mmlu --protocol lm-eval-0.4 --model http://localhost:8000 --tokenizer org/name")]
    [InlineData("--model hf --model_args pretrained=org/name,load_in_4bit=True,speed=3 --tasks arc",
        "load_in_4bit=True: quantised weights are not read; name a checkpoint in bfloat16, float16 or float32; speed=3: no option here; leave it out; write: cognito-eval --model org/name --tasks arc --protocol ")]
    [InlineData("--tasks gsm8k --gen_kwargs temperature=0.8,do_sample=True --apply_chat_template",
        "--gen_kwargs temperature=0.8,do_sample=True: temperature, do_sample: each task says how its answers are generated, a task file by its generation_kwargs; "
        + "--apply_chat_template: prompts are asked as they are, without a chat's frame; write: cognito-eval --tasks gsm8k")]
    [InlineData("--tasks arc --predict_only --output_path out/x.json",
        "--predict_only: answers are written with their scores, never without; --output_path out/x.json: results are a folder, of which `cognito-eval report RUN --format lm-eval` makes the harness's files; "
        + "write: cognito-eval --tasks arc --details full --output out")]
    [InlineData("--tasks arc --seed 42 --include_path files", "--seed 42: a protocol draws its examples with its own seed (lm-eval-0.4 1234, leaderboard-v1 42), and nothing else is drawn; write: cognito-eval --task-path files --tasks arc")]
    [InlineData("--tasks mmlu_stem --num_fewshot 5", "--tasks mmlu_stem: --protocol lm-eval-0.4 has that group; the leaderboard's MMLU is one column")]
    [InlineData("validate --tasks arc", "validate: `cognito-eval tasks` reads task files and says which cannot be asked; write: cognito-eval tasks --task-path DIR")]
    public void A_mistyped_or_foreign_line_says_what_was_meant(string typed, params string[] says)
    {
        var outcome = line.Run(typed.Split(' '));
        TestContext.Current.TestOutputHelper?.WriteLine(outcome.Error);
        Assert.Equal((2, ""), (outcome.Code, outcome.Out));
        foreach (var fact in says)
            Assert.Contains(fact, outcome.Error);
        Assert.Single(outcome.Error.Split('\n'), said => said.StartsWith("cognito-eval: ", StringComparison.Ordinal));
        Assert.False(Directory.Exists(line.At("out")));
    }

    /// <summary>Without a word of it on stderr: nothing was taken for something else.</summary>
    [Theory]
    [InlineData("run --num_fewshot 5 --max_length 99", "--num-fewshot 5 --max-length 99")]
    [InlineData("--dtype bf16", "--dtype bfloat16")]
    [InlineData("--dtype=torch.float16 -q", "--dtype=float16 -q")]
    [InlineData("plan --dtype fp32", "plan --dtype float32")]
    [InlineData("version", "--version")]
    [InlineData("help data fetch", "data fetch --help")]
    [InlineData("help", "--help")]
    [InlineData("--limit -5 --tasks a b -qk5", "--limit -5 --tasks a b -qk5")]
    public void Other_spellings_are_the_same_thing(string typed, string same)
    {
        var read = TypedLine.Read(Commands.Create(), typed.Split(' '));
        Assert.Equal(same, string.Join(' ', read.Args));
        Assert.Empty(read.Said);
    }

    [Theory]
    [InlineData("ls tasks", "tasks --protocol lm-eval-0.4")]
    [InlineData("-L 5 -f 2 -M hf -a pretrained=org/name,dtype=fp16 -t arc", "--model org/name --dtype float16 --limit 5 --num-fewshot 2 -t arc --protocol lm-eval-0.4 --logprob-dtype model")]
    [InlineData("--verbosity DEBUG --tasks arc", "--verbose --tasks arc")]
    [InlineData("plan --tasks arc -s -o out", "plan --tasks arc -o out", "-o: no such option of `cognito-eval plan`; ")]
    [InlineData("plan --log_samples --tasks arc", "plan --tasks arc", null, "note: --log_samples is left out: --details is of a run")]
    [InlineData("""--model_args {"pretrained":"org/name","max_length":99,"add_bos_token":true,"softmax_dtype":"float32"} --protocol 0.4""",
        "--model org/name --max-length 99 --bos yes --logprob-dtype float32 --protocol 0.4")]
    [InlineData("-a pretrained=org/name,dtype=fp16,add_bos_token=1", "--model org/name --dtype float16 --bos yes --protocol lm-eval-0.4 --logprob-dtype model")]
    [InlineData("-a pretrained=org/name,dtype=fp16,add_bos_token=False", "--model org/name --dtype float16 --bos no --protocol lm-eval-0.4 --logprob-dtype model")]
    [InlineData("-a pretrained=org/name,dtype=fp16,add_bos_token=None", "--model org/name --dtype float16 --bos auto --protocol lm-eval-0.4 --logprob-dtype model")]
    [InlineData("""--model_args {"pretrained":"org/name","dtype":"fp16","add_bos_token":null}""", "--model org/name --dtype float16 --bos auto --protocol lm-eval-0.4 --logprob-dtype model")]
    [InlineData("-a pretrained=org/name,add_bos_token=perhaps", "", "add_bos_token=perhaps: neither True nor False; write: cognito-eval --model org/name --protocol ")]
    [InlineData("-M local-completions -a base_url=http://localhost:1,add_bos_token=none", "--model http://localhost:1 --max-length 2047 --bos no --protocol lm-eval-0.4")]
    [InlineData("--model checkpoints/nano --model_args dtype=half peft=None --include_path files",
        "--dtype float16 --task-path files --model checkpoints/nano --protocol lm-eval-0.4 --logprob-dtype model", null, "note: peft=None is left out: it asks for nothing")]
    public void Habits_of_the_harness_are_said_in_our_words(string typed, string same, string? refused = null, string? note = null)
    {
        if (refused is not null)
        {
            Assert.StartsWith(refused, Assert.Throws<Files.InputException>(() => TypedLine.Read(Commands.Create(), typed.Split(' '))).Message);
            return;
        }
        var read = TypedLine.Read(Commands.Create(), typed.Split(' '));
        Assert.Equal(same, string.Join(' ', read.Args));
        Assert.Equal($"taken as: cognito-eval {same}", read.Said[0]);
        if (note is not null)
            Assert.Contains(note, read.Said);
    }

    [Fact]
    public void No_option_of_the_harness_is_dropped_in_silence()
    {
        var known = Commands.Options(Commands.Create()).SelectMany(option => option.Aliases.Append(option.Name)).ToHashSet();
        foreach (var (name, option) in HarnessOptions.Known)
        {
            string[] values = [.. Enumerable.Repeat("a=1", option.Least)];
            var spelled = known.Contains($"--{name.Replace('_', '-')}");
            try
            {
                var read = TypedLine.Read(Commands.Create(), [$"--{name}", .. values]);
                Assert.True(spelled || read.Said.Count == 1 && read.Args.Count > 0 || read.Said.Any(said => said.StartsWith($"note: --{name}", StringComparison.Ordinal)), name);
            }
            catch (Files.InputException e)
            {
                Assert.True(e.Message.StartsWith($"--{name}", StringComparison.Ordinal) && e.Message.Contains("; write: cognito-eval", StringComparison.Ordinal), e.Message);
            }
        }
    }
}
