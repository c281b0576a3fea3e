using System.Runtime.CompilerServices;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cognito.Eval.Models;

/// <summary>
/// A model of tokens as one of requests: texts become tokens, tokens a plan, the plan is answered by way of a journal, and
/// what comes back becomes replies.
/// </summary>
/// <param name="planner">Plans for the model; its protocol gives way to that of the options, and its budget where they tell one.</param>
public sealed class PlannedModel(ModelIdentity identity, Planner planner, ITokenModelSource source) : ILanguageModel
{
    private Task<ITokenModel>? _loading;
    private readonly Dictionary<(IReadOnlyList<Request> Requests, Budget Budget, Protocol Protocol), PreparedRequests> _prepared = [];

    public PlannedModel(ModelIdentity identity, Planner planner, ITokenModel model) : this(identity, planner, new LoadedSource(model))
    {
    }

    public ModelIdentity Identity => identity;

    public Planner Planner => planner;

    public ModelLimits Limits { get; init; } = new(planner.MaxLength);

    public Budget Budget => planner.Budget;

    /// <summary>Told of each plan, at the level Debug.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>Plans in the background while weights are loaded.</summary>
    public async Task PrepareAsync(IReadOnlyList<Request> requests, AnswerOptions options, CancellationToken cancel)
    {
        Prepare(requests, options);
        await LoadAsync(cancel);
    }

    public async IAsyncEnumerable<Answer> AnswerAsync(
        IReadOnlyList<Request> requests, AnswerOptions options, [EnumeratorCancellation] CancellationToken cancel)
    {
        var plans = Prepare(requests, options);
        var work = new PlanExecution(await LoadAsync(cancel), options, new StageCosts(plans, options).Get, cancel);
        if (options is { Journal: { } journal, IsExact: false })
            // All of a run's are known before they are planned.
            journal.Requests = options.Part == Shard.Whole ? requests.Count
                : (await plans.StagesAsync(options.IsExact)).Sum(stage => stage.RequestsOf(options.Part));
        var (pairs, texts) = options.IsExact ? (Stages.Rounding, Stages.RollingRounding) : (Stages.LogLikelihoods, Stages.Rolling);
        if (plans.Pairs.Count > 0)
            foreach (var answer in work.Score(Told(await plans.LogLikelihoods, pairs), plans.Pairs, pairs))
                yield return answer;
        if (plans.Texts.Count > 0)
            foreach (var answer in work.Score(Told(await plans.Rolling, texts), plans.Texts, texts))
                yield return answer;
        foreach (var task in plans.Generated)
            foreach (var answer in work.Generate(Told(await task.Plan), task.Places))
                yield return answer;
    }

    private Plan Told(Plan plan, string stage)
    {
        if (Logger.IsEnabled(LogLevel.Debug))
        {
            var (total, shared) = (plan.Total, plan.Batches.SelectMany(batch => batch.Trees).Select(tree => tree.SharedPrefix).OfType<SharedPrefix>().Distinct());
            Logger.LogDebug("plan of {Stage}: {Requests} requests, {Distinct} distinct, in {Batches} batches; {Tokens} tokens go through the model for "
                + "{Asked}, {Shared} shared prefixes of {SharedTokens} among them", stage, total.Requests, total.Distinct, plan.Batches.Count,
                total.ForwardTokens, total.RequestTokens, shared.Count(), shared.Sum(prefix => prefix.Tokens.Length));
        }
        return plan;
    }

    private GenerationPlan Told(GenerationPlan plan)
    {
        Logger.LogDebug("plan of {Stage}: {Prompts} prompts in {Batches} batches", Stages.Generation(plan.Task), plan.Prompts.Count, plan.Batches.Count);
        return plan;
    }

    public Task<ModelFingerprint> FingerprintAsync(CancellationToken cancel) => source.FingerprintAsync(cancel);

    /// <summary>How many batches of a part the journal has no answer to.</summary>
    internal async Task<int> MissingAsync(IReadOnlyList<Request> requests, AnswerOptions options) =>
        (await Prepare(requests, options).StagesAsync(options.IsExact)).Sum(stage => stage.Missing(new(options.Journal), options.Part));

    /// <summary>The same weights under another tokenizer's plans; what they share is this one's to dispose.</summary>
    internal PlannedModel With(ModelIdentity other, Planner its) => new(other, its, new SharedSource(this)) { Limits = Limits, Logger = Logger };

    /// <summary>Drops the plans of requests that will not be asked again.</summary>
    internal void Forget(IReadOnlyList<Request> requests)
    {
        foreach (var key in _prepared.Keys.Where(key => key.Requests == requests).ToList())
            _prepared.Remove(key);
    }

    public void Dispose() => source.Dispose();

    /// <summary>One that failed or was cancelled is tried again.</summary>
    private Task<ITokenModel> LoadAsync(CancellationToken cancel) =>
        _loading is null or { IsCompleted: true, IsCompletedSuccessfully: false } ? _loading = source.LoadAsync(cancel) : _loading;

    private PreparedRequests Prepare(IReadOnlyList<Request> requests, AnswerOptions options)
    {
        var budget = options.IsExact ? Budget.Exact : options.Budget ?? Budget;
        var key = (requests, budget, options.Protocol);
        return _prepared.TryGetValue(key, out var known) ? known
            : _prepared[key] = new(requests, planner with { Budget = budget, Protocol = options.Protocol });
    }

    /// <summary>Another's.</summary>
    private sealed class SharedSource(PlannedModel owner) : ITokenModelSource
    {
        public Task<ITokenModel> LoadAsync(CancellationToken cancel) => owner.LoadAsync(cancel);

        public Task<ModelFingerprint> FingerprintAsync(CancellationToken cancel) => owner.FingerprintAsync(cancel);

        public void Dispose()
        {
        }
    }

    /// <summary>One that is there already. What it is of is known by its name alone.</summary>
    private sealed class LoadedSource(ITokenModel model) : ITokenModelSource
    {
        public Task<ITokenModel> LoadAsync(CancellationToken cancel) => Task.FromResult(model);

        public Task<ModelFingerprint> FingerprintAsync(CancellationToken cancel) => Task.FromResult(new ModelFingerprint("", []));

        public void Dispose() => model.Dispose();
    }
}

/// <summary>Where a model of tokens comes from, once it is needed. What it has loaded it disposes.</summary>
public interface ITokenModelSource : IDisposable
{
    /// <summary>Loads it; asked again only where it failed.</summary>
    /// <exception cref="Files.InputException">Its files are not sound.</exception>
    Task<ITokenModel> LoadAsync(CancellationToken cancel);

    /// <summary>As <see cref="ILanguageModel.FingerprintAsync"/>.</summary>
    Task<ModelFingerprint> FingerprintAsync(CancellationToken cancel);
}
