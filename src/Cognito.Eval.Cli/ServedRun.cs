using System.CommandLine;
using Cognito.Eval.Files;
using Cognito.Eval.Hub;
using Cognito.Eval.Models;
using Cognito.Eval.Protocols;
using Cognito.Eval.Served;
using Cognito.Eval.Tasks;
using Cognito.Eval.Tokenizers;
using Cognito.Eval.Torch.Architectures;

namespace Cognito.Eval.Cli;

/// <summary>A run whose model a server has: its options, and how it is opened.</summary>
internal sealed class ServedRun
{
    public static readonly Option<string?> Model = new("--served-model")
    {
        Description = "Of a server: which of its models. Default: its only one.",
        HelpName = "NAME",
    };

    public static readonly Option<string?> Tokenizer = new("--tokenizer")
    {
        Description = "Of a server: its model's tokenizer, a folder or an id on the hub. Default: by the name that the server gives.",
        HelpName = "DIR|ID",
    };

    public static readonly Option<string?> ApiKeyEnv = new("--api-key-env")
    {
        Description = "Of a server: the environment variable that holds its key.",
        HelpName = "VAR",
    };

    public static readonly Option<int?> Concurrency = new("--concurrency")
    {
        Description = "Of a server: most requests in flight. Default: 32.",
        HelpName = "N",
    };

    private const int MostAtOnce = 1024;

    private static readonly Option[] Own = [Model, Tokenizer, ApiKeyEnv, Concurrency];

    /// <summary>What the server has chosen.</summary>
    private static readonly Option[] Local = [RunOptions.Device, RunOptions.Dtype, RunOptions.BatchTokens, RunOptions.Threads, RunOptions.LibTorch];

    private readonly ParseResult _parsed;
    private readonly ServerAddress _address;
    private readonly string? _key;

    private ServedRun(ParseResult parsed, ServerAddress address, string? key) => (_parsed, _address, _key) = (parsed, address, key);

    /// <summary>What has no folder and is on no hub.</summary>
    public static NamedModel Named => new(null, null, IsEmbedded: false);

    /// <summary>Null where --model names no server.</summary>
    /// <param name="local">Further options that only a checkpoint has.</param>
    /// <exception cref="InputException">An option does not suit what --model names.</exception>
    public static ServedRun? Parse(ParseResult parsed, string? model, IEnumerable<Option> local)
    {
        bool IsGiven(Option option) => parsed.GetResult(option) is { Implicit: false };
        RunOptions.Require(parsed, Concurrency, 1, MostAtOnce);
        if (!ServerAddress.IsMeant(model))
            return Own.FirstOrDefault(IsGiven) is { } own ? throw new InputException(
                $"{own.Name}: of a model that a server has; --model names its address, http://HOST:PORT, or leave {own.Name} out") : null;
        if (Local.Concat(local).FirstOrDefault(IsGiven) is { } other)
            throw new InputException($"{other.Name}: the server of --model has the model, and chooses that itself; leave {other.Name} out"
                + (other.Name == "--shard" ? ", and give --concurrency for more at a time" : ""));
        string? key = null;
        if (parsed.GetValue(ApiKeyEnv) is { } variable)
        {
            key = Environment.GetEnvironmentVariable(variable)?.Trim();
            if (string.IsNullOrEmpty(key))
                throw new InputException($"--api-key-env {variable}: no such variable is set, or it is empty; set it to the server's key");
            if (!key.All(c => c is > ' ' and < '\x7f'))
                throw new InputException($"--api-key-env {variable}: holds spaces or characters that no key has; copy the key again");
        }
        return new(parsed, ServerAddress.Parse(model!), key);
    }

    /// <summary>Opens the tokenizer, and tries the server.</summary>
    public ILanguageModel Open(AskedTasks asked, Fetching fetching, Narrator narrator, CancellationToken cancel)
    {
        var protocol = asked.Options.Protocol;
        var folder = FolderOfTokenizer(fetching, narrator, cancel);
        var tokenizer = CheckpointTokenizer.Open(folder, protocol.Tokenization);
        var needs = new ServedNeeds(asked.Questions.Any(task => !task.Generates), asked.Generates);
        var (endIds, remarks) = Ends(folder, tokenizer, needs);
        return ServedModel.OpenAsync(_address, tokenizer, Options(narrator, protocol, needs, endIds, remarks), cancel).GetAwaiter().GetResult();
    }

    private ServedModelOptions Options(
        Narrator narrator, Protocol protocol, ServedNeeds needs, IReadOnlyList<int> endIds, IReadOnlyList<string> remarks) => new()
        {
            Model = _parsed.GetValue(Model),
            ApiKey = _key,
            Concurrency = _parsed.GetValue(Concurrency) ?? new ServedModelOptions().Concurrency,
            MaxLength = _parsed.GetValue(RunOptions.MaxLength),
            Protocol = protocol,
            EndIds = endIds,
            Remarks = remarks,
            Needs = needs,
            Say = narrator.Say,
            Logger = narrator.Logger,
        };

    private string FolderOfTokenizer(Fetching fetching, Narrator narrator, CancellationToken cancel)
    {
        if (_parsed.GetValue(Tokenizer) is { } given)
            return Directory.Exists(given) ? Path.GetFullPath(given)
                : HubRepo.Model(given) is { } repo ? fetching.Checkpoint(repo, weights: false, cancel)
                : throw new InputException($"--tokenizer {given}: no such folder, and no id on the hub such as org/name; {NearNames.PathHint(given)}give one of both");
        var (model, root) = ServedModel.NameAsync(
            _address, Options(narrator, Protocol.Default, new(Scores: false, Generates: false), [], []), cancel).GetAwaiter().GetResult();
        foreach (var name in new[] { root, model }.OfType<string>())
            if (Directory.Exists(name))
                return Path.GetFullPath(name);
            else if (HubRepo.Model(name) is { } repo)
                return fetching.Checkpoint(repo, weights: false, cancel);
        throw new InputException($"{_address}: the server calls its model {QuotedName.Plain(model)}, which is no folder here and no id on the hub; "
            + "--tokenizer names the folder or id of the model's tokenizer");
    }

    /// <summary>What ends an answer, as the files beside the tokenizer say; and what they ask for that a server does not do.</summary>
    private static (IReadOnlyList<int> Ids, IReadOnlyList<string> Remarks) Ends(string folder, CheckpointTokenizer tokenizer, ServedNeeds needs)
    {
        var config = Path.Combine(folder, "config.json");
        if (!needs.Generates)
            return ([], []);
        if (!RegularFile.Exists(config))
            return ([], [$"no config.json beside the tokenizer: an answer ends with the tokenizer's {QuotedName.Plain(tokenizer.EndText)} alone"]);
        var generation = GenerationConfigFile.Read(folder, ConfigFile.Read(config), tokenizer.VocabularySize, tokenizer.EndId);
        var unapplied = generation.Refusal is not null ? "settings that greedy decoding does not have" : generation.Record?.Settings;
        return (generation.EndIds, unapplied is null ? []
            : [$"generation_config.json asks for {unapplied}, which is not applied: a served model's answers are the arg max of its logits"]);
    }
}
