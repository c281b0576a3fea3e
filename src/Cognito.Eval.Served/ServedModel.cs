using System.Runtime.CompilerServices;
using System.Text.Json;
using Cognito.Eval.Files;
using Cognito.Eval.Journal;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Tasks;
using Cognito.Eval.Tokenizers;
using Microsoft.Extensions.Logging;

namespace Cognito.Eval.Served;

/// <summary>A model that a server has, as a model of requests. Texts become tokens here; the server sees ids.</summary>
public sealed class ServedModel : ILanguageModel
{
    /// <summary>What the fingerprint is kept under, among a journal's answers.</summary>
    private const string FingerprintKey = "served/fingerprint";

    /// <summary>A document's tree is a batch, so that answers are kept document by document.</summary>
    private static readonly Budget OneByOne = new(1, 1);

    private readonly PlannedModel _planned;
    private readonly ServedTokenModel _tokens;
    private readonly Recognition _recognition;
    private readonly ServedHttp _http;

    private ServedModel(PlannedModel planned, ServedTokenModel tokens, Recognition recognition, ServedHttp http, double rounding) =>
        (_planned, _tokens, _recognition, _http, SeenRounding) = (planned, tokens, recognition, http, rounding);

    public ModelIdentity Identity => _planned.Identity;

    public ModelLimits Limits => _planned.Limits;

    public Budget Budget => OneByOne;

    public double SeenRounding { get; }

    /// <summary>Requests that were made, and how long their answers took, added up.</summary>
    public (long Sent, TimeSpan Waited) Account => _http.Account;

    /// <summary>Asks a server what it is, and tries it.</summary>
    /// <param name="tokenizer">The served model's own.</param>
    /// <exception cref="InputException">It would not answer as it should; the message names the check, the fact and the fix.</exception>
    /// <exception cref="ServedException">It does not answer.</exception>
    public static async Task<ServedModel> OpenAsync(
        ServerAddress address, CheckpointTokenizer tokenizer, ServedModelOptions options, CancellationToken cancel = default)
    {
        var http = new ServedHttp(address, options);
        try
        {
            var facts = await ServerFacts.FindAsync(http, options, cancel);
            var probe = new Probe(address, tokenizer.Tokenizer, options);
            var probed = await probe.RunAsync(Engines(http, facts, tokenizer), options.Needs, cancel);
            return Create(address, tokenizer, options, http, probe, probed);
        }
        catch
        {
            http.Dispose();
            throw;
        }
    }

    /// <summary>What a server calls its model, and what it made it from, where it says that: one of them may name the tokenizer.</summary>
    /// <exception cref="InputException">It has no such model.</exception>
    /// <exception cref="ServedException">It does not answer.</exception>
    public static async Task<(string Model, string? Root)> NameAsync(ServerAddress address, ServedModelOptions options, CancellationToken cancel = default)
    {
        using var http = new ServedHttp(address, options);
        var facts = await ServerFacts.FindAsync(http, options, cancel);
        return (facts.Model, facts.Root);
    }

    public async Task PrepareAsync(IReadOnlyList<Request> requests, AnswerOptions options, CancellationToken cancel)
    {
        Recognise(options.Journal);
        await _planned.PrepareAsync(requests, options, cancel);
    }

    public async IAsyncEnumerable<Answer> AnswerAsync(
        IReadOnlyList<Request> requests, AnswerOptions options, [EnumeratorCancellation] CancellationToken cancel)
    {
        Recognise(options.Journal);
        _tokens.IsAlone = options.IsExact;
        await foreach (var answer in _planned.AnswerAsync(requests, options, cancel))
            yield return answer;
    }

    /// <summary>What the fixed prompt's log-probabilities were when the run began.</summary>
    public Task<ModelFingerprint> FingerprintAsync(CancellationToken cancel) =>
        Task.FromResult(new ModelFingerprint(_recognition.First.Sha256(), []) { Served = _recognition.First });

    public void Dispose()
    {
        _planned.Dispose();
        _http.Dispose();
    }

    /// <summary>What a journal has is of the model that it says; what it has not yet will be of this one.</summary>
    private void Recognise(AnswerJournal? journal)
    {
        if (journal is null)
            return;
        if (journal.Find(FingerprintKey) is { } kept && Read(kept.Replies) is { } fingerprint)
            _recognition.Adopt(fingerprint);
        else if (journal != _told)
            journal.Add(new(FingerprintKey, "", 0, JsonSerializer.Serialize(_recognition.First)));
        _told = journal;
    }

    private AnswerJournal? _told;

    private static ServedFingerprint? Read(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<ServedFingerprint>(text) is { LogProbabilities: not null, Tolerance: >= 0 and <= Probe.Bound } read ? read : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The engine that a server says it is; of one that does not say, all that speak over its address.</summary>
    private static IReadOnlyList<Engine> Engines(ServedHttp http, ServerFacts facts, CheckpointTokenizer tokenizer) => facts.OwnedBy switch
    {
        ServerFacts.OfVllm => [new Vllm(http, facts)],
        ServerFacts.OfSglang => [new Sglang(http, facts)],
        ServerFacts.OfLlama => [new LlamaServer(http, facts)],
        _ => [new Vllm(http, facts), new Sglang(http, facts), new OpenAi(http, facts, tokenizer.Tokenizer)],
    };

    private static ServedModel Create(
        ServerAddress address, CheckpointTokenizer tokenizer, ServedModelOptions options, ServedHttp http, Probe probe, Probed probed)
    {
        var (engine, facts) = (probed.Engine, probed.Engine.Facts);
        var maxLength = MaxLength(address, options, engine);
        var vocabulary = Math.Max(facts.Vocabulary ?? 0, tokenizer.VocabularySize);
        IReadOnlyList<int> endIds = options.EndIds.Count > 0 ? options.EndIds : [tokenizer.EndId];
        var recognition = new Recognition(address, probed.Fingerprint ?? new([], 0),
            cancel => probed.Fingerprint is null ? Task.FromResult<double[]>([]) : probe.LookAsync(engine, cancel), options);
        var tokens = new ServedTokenModel(engine, recognition, address, maxLength, vocabulary, endIds, options.Concurrency);
        var planner = new Planner(tokenizer.Tokenizer, options.Protocol, maxLength, OneByOne, new(tokenizer.EndId, endIds, tokenizer.EndText) { Start = tokenizer.Start })
        {
            ModelVocabulary = facts.Vocabulary,
        };
        return new(new(IdentityOf(address, tokenizer, options, probed, endIds), planner, tokens)
        {
            Logger = options.Logger,
            Limits = new(maxLength) { Scores = options.Needs.Scores, Rolls = options.Needs.Scores },
        }, tokens, recognition, http, probed.Farthest);
    }

    private static ModelIdentity IdentityOf(
        ServerAddress address, CheckpointTokenizer tokenizer, ServedModelOptions options, Probed probed, IReadOnlyList<int> endIds)
    {
        var (engine, facts) = (probed.Engine, probed.Engine.Facts);
        var name = facts.Model.TrimEnd('/', '\\').Split('/', '\\')[^1];
        return new()
        {
            Name = name.Length is > 0 and < 200 && PlainName.Is(name) ? name : "served",
            Place = $"{address}",
            Given = $"{address}",
            TokenizerSha256 = tokenizer.Sha256,
            TokenizerNote = tokenizer.Note,
            Start = tokenizer.Start,
            Tokenization = tokenizer.Rules,
            Remarks = options.Remarks,
            EndIds = endIds,
            Device = "server",
            LogProbDtype = null,
            Versions = facts.Version is { } version ? new Dictionary<string, string> { [engine.Name] = version } : [],
            Served = new(engine.Name, facts.Version, facts.Model, facts.Root, options.Needs.Scores ? engine.Recipe : null,
                options.Needs.Scores ? engine.ChoiceRecipe : null, options.Needs.Generates ? engine.GenerationRecipe : null),
            Weights = facts.Root ?? facts.Model,
            Build = $"{typeof(ServedModel).Assembly.ManifestModule.ModuleVersionId}",
        };
    }

    private static int MaxLength(ServerAddress address, ServedModelOptions options, Engine engine)
    {
        var most = engine.Facts.MaxTokens - engine.Beyond;
        if (most < 2)
            throw new InputException($"{address}: the server takes {engine.Facts.MaxTokens} tokens at a time, too few to ask anything; start it with more");
        if (options.MaxLength > most)
            throw new InputException($"--max-length {options.MaxLength}: the server takes {engine.Facts.MaxTokens} tokens, of which a request needs "
                + $"{engine.Beyond} itself; give at most {most}, or start it with more");
        return options.MaxLength ?? most
            ?? throw new InputException($"{address}: the server does not say how many tokens it takes; give --max-length N");
    }
}
