using System.Globalization;
using System.Text.Json;
using Cognito.Eval.Files;
using As = Cognito.Eval.Cli.HarnessLine.Answer.As;
using LeftOut = Cognito.Eval.Cli.HarnessLine.Answer.LeftOut;
using Refused = Cognito.Eval.Cli.HarnessLine.Answer.Refused;

namespace Cognito.Eval.Cli;

/// <summary>lm-evaluation-harness' <c>--model</c> and <c>--model_args</c>: which model, and how it is run.</summary>
internal static class HarnessModel
{
    public const string Batches = "batches are as many tokens as memory holds, and no score depends on them but for rounding; --batch-tokens N sets them";

    private const string Kernels = "kernels and memory are chosen here, and no score depends on them but for rounding",
        Quantised = "quantised weights are not read; name a checkpoint in bfloat16, float16 or float32",
        OneServer = "a server's model is asked by its address";

    private static readonly string[] Local = ["hf", "hf-auto", "huggingface"];

    private static readonly string[] Others =
    [
        "anthropic-chat", "anthropic-chat-completions", "anthropic-completions", "dummy", "ggml", "gguf", "habana", "hf-audiolm-qwen", "hf-mistral3",
        "hf-multimodal", "ipex", "litellm", "litellm-chat", "litellm-chat-completions", "local-chat-completions", "local-completions", "mamba_ssm",
        "megatron_lm", "nemo_lm", "neuronx", "onnxruntime-genai", "openai-chat-completions", "openai-completions", "openvino", "sglang",
        "sglang-generate", "steered", "textsynth", "trtllm", "vllm", "vllm-vlm", "watsonx_llm", "winml",
    ];

    /// <summary>Whether --model names a kind of model, as the harness has it, and not a checkpoint.</summary>
    public static bool IsKind(string name) => (Local.Contains(name) || Others.Contains(name)) && !Directory.Exists(name);

    /// <summary>key=value, with commas or in several words, or one JSON object.</summary>
    /// <exception cref="InputException">A word is neither.</exception>
    public static IReadOnlyList<KeyValuePair<string, string>> Pairs(IReadOnlyList<string> words)
    {
        if (words is [['{', ..] text])
            try
            {
                using var json = JsonDocument.Parse(text);
                return [.. json.RootElement.EnumerateObject().Select(key => KeyValuePair.Create(key.Name, key.Value.ToString()))];
            }
            catch (JsonException e)
            {
                throw new InputException($"{text}: no JSON ({Fact.Of(e)}); give key=value,key=value", e);
            }
        return [.. words.SelectMany(word => word.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Select(pair =>
            pair.Split('=', 2) is [var key, var value] ? KeyValuePair.Create(key.Trim(), value.Trim())
                : throw new InputException($"{pair}: no key=value; give key=value,key=value"))];
    }

    /// <param name="kind">Null where none was named: the harness takes hf then.</param>
    /// <param name="isNamed">Whether the line names a checkpoint in our words.</param>
    public static IEnumerable<(string Word, HarnessLine.Answer Answer)> Read(
        string? kind, IReadOnlyList<KeyValuePair<string, string>> args, bool isNamed)
    {
        var said = args.GroupBy(arg => arg.Key).ToDictionary(same => same.Key, same => same.Last().Value);
        return kind switch
        {
            null or "hf" or "hf-auto" or "huggingface" => Checkpoint(kind, said, isNamed),
            "local-completions" => Server(said),
            _ => [($"--model {kind}", Other(kind, said))],
        };
    }

    private static IEnumerable<(string, HarnessLine.Answer)> Checkpoint(string? kind, Dictionary<string, string> said, bool isNamed)
    {
        if (said.TryGetValue("pretrained", out var name))
        {
            var revision = said.GetValueOrDefault("revision", "main");
            var isFolder = Directory.Exists(name);
            yield return ("pretrained", new As("--model", revision == "main" || isFolder || name.Contains('@') ? name : $"{name}@{revision}"));
            if (isFolder && said.ContainsKey("revision"))
                yield return ($"revision={revision}", new LeftOut("a folder has no revisions"));
        }
        else if (!isNamed)
            yield return ($"--model {kind ?? "hf"}", new Refused("no checkpoint is named: a folder, or org/name on the hub", "--model", "DIR"));
        if (!said.ContainsKey("dtype"))
            yield return ("dtype=auto", OfDtype);
        foreach (var (key, value) in said.Where(it => it.Key is not ("pretrained" or "revision")))
            yield return ($"{key}={value}", OfCheckpoint(key, value, name));
    }

    private static LeftOut OfDtype => new("a checkpoint runs in its own type on CUDA here too, but in float32 on the CPU; --dtype sets it");

    private static bool Is(string value) => value.Equals("true", StringComparison.OrdinalIgnoreCase) || value == "1";

    private static bool IsNo(string value) => value.Equals("false", StringComparison.OrdinalIgnoreCase) || value is "0" or "" or "None" or "none";

    /// <param name="none">What the harness does where nothing is said.</param>
    private static HarnessLine.Answer Bos(string value, string none) =>
        Is(value) ? new As("--bos", "yes") : value is "" or "None" or "none" ? new As("--bos", none) : IsNo(value) ? new As("--bos", "no")
            : new Refused("neither True nor False", "--bos", "yes");

    /// <summary>A key of hf's model_args.</summary>
    private static HarnessLine.Answer OfCheckpoint(string key, string value, string? pretrained) => key switch
    {
        "dtype" => value == "auto" ? OfDtype : new As("--dtype", Words.Dtype(value)),
        "device" => new As("--device", value),
        "max_length" => new As("--max-length", value),
        "add_bos_token" => Bos(value, none: "auto"),
        "softmax_dtype" when Words.Dtype(value) == "float32" => new As("--logprob-dtype", "float32"),
        "tokenizer" when value == pretrained => new LeftOut("it is the checkpoint's own"),
        "tokenizer" => new Refused("the tokenizer is read from the checkpoint's folder; put its files there"),
        "trust_remote_code" => new LeftOut("no code of a checkpoint is run"),
        "batch_size" or "max_batch_size" => new LeftOut(Batches),
        "parallelize" when !IsNo(value) => new Refused("name the cards, and --split deals the layers to them", "--device", "cuda:0,cuda:1", "--split"),
        "backend" when value is "default" or "causal" => new LeftOut("every checkpoint is a causal one"),
        "use_fast_tokenizer" when Is(value) => new LeftOut("tokenizers are read from either file, id for id"),
        "logits_cache" or "low_cpu_mem_usage" or "attn_implementation" or "device_map" or "max_memory_per_gpu" or "max_cpu_memory" or "offload_folder" =>
            new LeftOut(Kernels),
        "parallelize" or "truncation" or "load_in_8bit" or "load_in_4bit" or "gptqmodel" or "autogptq" or "peft" or "delta" or "gguf_file"
            or "mixed_precision_dtype" or "enable_thinking" or "subfolder" or "softmax_dtype" or "prefix_token_id" when IsNo(value) => new LeftOut("it asks for nothing"),
        "load_in_8bit" or "load_in_4bit" or "gptqmodel" or "autogptq" or "gguf_file" or "quantization_config" => new Refused(Quantised),
        "peft" or "delta" => new Refused("adapters are not applied; merge it into the checkpoint, and name that"),
        "subfolder" => new Refused("name the folder itself with --model"),
        _ => new Refused("no option here; leave it out"),
    };

    private static IEnumerable<(string, HarnessLine.Answer)> Server(Dictionary<string, string> said)
    {
        const int Default = 2048;
        if (said.TryGetValue("base_url", out var address))
            yield return ("base_url", new As("--model", Root(address)));
        else
            yield return ("--model local-completions", new Refused($"{OneServer}, which base_url names", "--model", "http://HOST:PORT"));
        if (said.TryGetValue("model", out var model) || said.TryGetValue("pretrained", out model))
            yield return ("model", new As("--served-model", model));
        if (!said.ContainsKey("add_bos_token"))
            yield return ("add_bos_token", new As("--bos", "no"));
        // The harness keeps a token of the length to be generated.
        var length = int.TryParse(said.GetValueOrDefault("max_length"), CultureInfo.InvariantCulture, out var given) ? given : Default;
        yield return ("max_length", new As("--max-length", (length - 1).ToString(CultureInfo.InvariantCulture)));
        foreach (var (key, value) in said.Where(it => it.Key is not ("base_url" or "model" or "pretrained" or "max_length")))
            yield return ($"{key}={value}", OfServer(key, value));
    }

    private static string Root(string address) => (string[])["/completions", "/chat/completions", "/v1"] is var ends
        ? ends.Aggregate(address.TrimEnd('/'), (its, end) => its.EndsWith(end, StringComparison.Ordinal) ? its[..^end.Length] : its) : address;

    private static HarnessLine.Answer OfServer(string key, string value) => key switch
    {
        "tokenizer" => new As("--tokenizer", value),
        "num_concurrent" => new As("--concurrency", value),
        "add_bos_token" => Bos(value, none: "no"),
        "batch_size" or "max_retries" or "timeout" or "tokenized_requests" => new LeftOut("requests are sent in ids, repeated and waited for as the server answers"),
        "tokenizer_backend" when value == "huggingface" => new LeftOut("the tokenizer is the checkpoint's own"),
        "trust_remote_code" => new LeftOut("no code of a checkpoint is run"),
        "seed" => new LeftOut("answers are generated greedily"),
        _ => new Refused("no option here; leave it out"),
    };

    private static Refused Other(string kind, Dictionary<string, string> said)
    {
        var model = said.GetValueOrDefault("pretrained") ?? said.GetValueOrDefault("model") ?? "MODEL";
        return kind switch
        {
            "vllm" => new($"{OneServer}; start it with `vllm serve {model}`", "--model", "http://localhost:8000", "--tokenizer", model),
            "sglang" or "sglang-generate" => new(
                $"{OneServer}; start it with `python -m sglang.launch_server --model-path {model}`", "--model", "http://localhost:30000", "--tokenizer", model),
            "gguf" or "ggml" => new($"{OneServer}; start llama-server with the file", "--model", "http://localhost:8080", "--tokenizer", "DIR"),
            "dummy" => new("every run asks a model; the embedded one is small"),
            _ when kind.Contains("chat", StringComparison.Ordinal) || kind.StartsWith("openai", StringComparison.Ordinal) || kind.StartsWith("anthropic", StringComparison.Ordinal) =>
                new("a chat's interface gives no log-probabilities of a prompt; name a server that does", "--model", "http://HOST:PORT"),
            _ => new("no kind of model here; name the checkpoint, a folder or org/name on the hub", "--model", model == "MODEL" ? "DIR" : model),
        };
    }
}
