using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Cli;
using Cognito.Eval.Comparison;
using Cognito.Eval.Files;
using Cognito.Eval.Protocols;
using Cognito.Eval.Reports;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;
using Cognito.Eval.Tokenizers.Bpe;

namespace Cognito.Eval.Tests;

/// <summary>tokenizer.json, and what compare, gate and report read.</summary>
internal sealed partial class FuzzTargets
{
    private static byte[][] JsonTokenizers()
    {
        var (llama, spaces) = (ByteLevelJson.Of(), ByteLevelJson.Of(ByteLevelJson.ByteLevel(regex: true, space: true),
            ByteLevelJson.Added(ByteLevelJson.FirstAdded, ByteLevelJson.End),
            ByteLevelJson.Added(ByteLevelJson.FirstAdded + 1, "</s>", special: false, normalized: true, left: true, right: true),
            ByteLevelJson.Added(ByteLevelJson.FirstAdded + 2, "ab", word: true)));
        spaces["normalizer"] = JsonNode.Parse("""
            {"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Replace","pattern":{"String":"x"},"content":"yy"}]}
            """);
        spaces["post_processor"] = JsonNode.Parse("""{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A"}}],"pair":[],"special_tokens":{}}""");
        return [.. new[] { llama, spaces, WithCharacters() }.Select(json => JsonSerializer.SerializeToUtf8Bytes(json))];
    }

    private static byte[] ConfigBeside => """
        {"add_bos_token":true,"eos_token":{"__type":"AddedToken","content":"<|end_of_text|>","lstrip":false},"added_tokens_decoder":{"273":{"content":"<|end_of_text|>"}},
        "clean_up_tokenization_spaces":true,"add_prefix_space":false,"split_special_tokens":false,"tokenizer_class":"LlamaTokenizerFast"}
        """u8.ToArray();

    /// <summary>The kind that came from SentencePiece: characters merge, and bytes stand for what has no token.</summary>
    private static JsonObject WithCharacters()
    {
        var json = ByteLevelJson.Of();
        var vocab = new JsonObject();
        foreach (var text in Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>").Concat(["▁", "a", "b", "c", "ab", "▁a", "▁ab"]))
            vocab[text] = vocab.Count;
        json["model"]!["vocab"] = vocab;
        json["model"]!["merges"] = JsonNode.Parse("""[["a","b"],["▁","a"],["▁","ab"]]""");
        json["model"]!["byte_fallback"] = true;
        json["added_tokens"] = new JsonArray(ByteLevelJson.Added(263, ByteLevelJson.End));
        json["pre_tokenizer"] = JsonNode.Parse("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":true}""");
        json["decoder"] = JsonNode.Parse("""
            {"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},
            {"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}
            """);
        return json;
    }

    private void ReadJsonTokenizer(byte[] bytes)
    {
        var tokenizer = JsonTokenizer.Load(folder.Write("tokenizer.json", bytes));
        foreach (var text in Texts)
            tokenizer.Decode(tokenizer.EncodeToIds(text));
    }

    private static byte[][] HarnessResults() =>
    [
        Bytes("mini", "main_example", "truthfulqa.json"),
        """
        {"results":{"gsm8k":{"alias":"gsm8k","exact_match,strict-match":0.5,"exact_match_stderr,strict-match":0.1,"exact_match,flexible-extract":0.25},
        "arc_challenge":{"acc,none":0.25,"acc_stderr,none":0.07,"acc_norm,none":0.3,"acc_norm_stderr,none":0.0734}},
        "configs":{},"versions":{"gsm8k":3},"n-shot":{"gsm8k":5,"arc_challenge":25},"n-samples":{"gsm8k":{"original":40,"effective":20},
        "arc_challenge":{"original":40,"effective":40}},"config":{"model":"hf","model_args":"pretrained=some/model","limit":null,"model_dtype":"float32"},
        "git_hash":"b281b09","transformers_version":"4.44.0","lm_eval_version":"0.4.9","model_name":"some/model","max_length":2048}
        """u8.ToArray(),
    ];

    private void ReadHarness()
    {
        folder.Write("samples_gsm8k_d1.jsonl", HarnessSampleLines()[0]);
        var run = RunInputs.Read(Path.Combine(folder.Path, "results_d1.json"));
        ModelCard.Table(run, TaskSet.Leaderboard.Columns);
        ModelCard.Render(run, TaskSet.Leaderboard.Columns);
        RunFile.ToJson(run);
        Measured.FromRun(run);
        if (run.Tasks.Count > 0)
            RunComparison.Create(run, run);
    }

    private static byte[][] HarnessSampleLines() =>
    [
        Logged(doc => $$$"""{ "gen_args_0":{"arg_0":"Question: {{{doc}}}\nAnswer:","arg_1":{"until":["Question:","</s>"],"do_sample":false} } }"""),
        Logged(doc => $$"""[["Question: {{doc}}\nAnswer:"," 42"],["Question: {{doc}}\nAnswer:",{"until":["x"]}]]"""),
    ];

    private static byte[] Logged(Func<int, string> arguments) => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 6).Select(doc =>
        $$"""{"doc_id":{{doc}},"doc":{"q":"a"},"target":"7","arguments":{{arguments(doc)}},"filter":"strict-match","exact_match":{{doc % 2}}.0}""" + "\n")));

    private void ReadSamples(byte[] bytes)
    {
        folder.Write("samples_gsm8k_d1.jsonl", bytes);
        HarnessSamples.Beside(Path.Combine(folder.Path, "results_d1.json"), "gsm8k", TaskSet.Leaderboard.Select(["gsm8k"]).Tasks.Single(), "exact_match", "strict-match");
    }

    private static byte[][] Policies() =>
    [
        """{"delta":{"ARC":1.5,"Average":0.5},"require":["ARC","GSM8K"],"minimum":{"ARC":25},"changed":12.5,"undecided":"fail"}"""u8.ToArray(),
        "delta:\n  Average: 0.5 # points\n  hellaswag: 1e0\nrequire: [ARC, 'GSM8K']\nminimum: {Average: 30}\nchanged: 5\nundecided: pass\n"u8.ToArray(),
        "delta: &a\n  Average: 1\nminimum: *a\nrequire:\n- !!str ARC\n- |\n  GSM8K\n"u8.ToArray(),
    ];

    /// <summary>JSON is YAML.</summary>
    private static byte[] ChangedPolicy(byte[] policy, Random random) =>
        policy[0] == '{' ? JsonSyntax.Change(policy, random) : Strange.Bytes(policy, random, Policies()[random.Next(3)]);

    /// <summary>Details of a task with one right choice, of one with several true answers, and of one that generates.</summary>
    private FuzzTarget Details()
    {
        var (seeds, records) = (new List<byte[]>(), new List<TaskRecord>());
        foreach (var name in (string[])["arc", "truthfulqa", "gsm8k"])
        {
            var graded = DetailsTests.Graded(name, 4, (doc, request) => name == "gsm8k"
                ? new Completion($" It is {doc}.\n#### {doc}") : new Likelihood(-1.25 - (doc * 7 + request * 3) % 5, request == 0));
            var task = graded.Questions.Task;
            DetailsFile.Write(folder.Path, task.Name, [.. graded.Docs.Select(doc => DocDetail.From(task, doc, false))]);
            seeds.Add(File.ReadAllBytes(DetailsFile.Path(folder.Path, task.Name)));
            records.Add(Tally.Count([graded], LeaderboardV1.Rules, TaskSet.Leaderboard, new() { Model = "m" }, null, []).Tasks[task.Name]);
        }
        var path = DetailsFile.Path(folder.Path, "changed");
        return new("details", seeds, ParquetSyntax.Change, bytes =>
        {
            File.WriteAllBytes(path, bytes);
            var choices = ChoiceDetail.Read(folder.Path, "changed");
            if (choices is not null)
                ChoiceShift.Create("column", [(choices, choices)]);
            // Which of them it was before is not known: it must fit one.
            var refusals = new List<InputException>();
            foreach (var record in records)
                try
                {
                    DetailsReader.Read(folder.Path, "changed", record);
                    return;
                }
                catch (InputException e)
                {
                    refusals.Add(e);
                }
            throw refusals[0];
        }, new(4 * ParquetBound.Fixed, 4 * ParquetBound.Each));
    }
}
