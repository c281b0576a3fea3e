using Cognito.Eval.Planning;

namespace Cognito.Eval.Models;

/// <summary>The stages of a part of the work with what they cost, as far as they are planned.</summary>
internal sealed class StageCosts(PreparedRequests plans, AnswerOptions options)
{
    private IReadOnlyList<StageCost>? _whole;

    /// <summary>In their order, rounding last.</summary>
    public IReadOnlyList<StageCost> Get()
    {
        if (_whole is not null)
            return _whole;
        StageCost[] stages =
        [
            .. plans.Pairs.Count == 0 ? [] : (StageCost[])[Scored(plans.LogLikelihoods, options.IsExact ? Stages.Rounding : Stages.LogLikelihoods)],
            .. plans.Texts.Count == 0 ? [] : (StageCost[])[Scored(plans.Rolling, options.IsExact ? Stages.RollingRounding : Stages.Rolling)],
            .. plans.Generated.Select(Generated),
            .. options.AskedAgain == 0 || options.IsExact ? [] : (StageCost[])[new(Stages.Rounding, AskedAgain, Generates: false)],
        ];
        if (stages.All(stage => stage.Tokens is not null))
            _whole = stages;
        return stages;
    }

    private StageCost Scored(Task<Plan> plan, string name) =>
        new(name, plan.IsCompletedSuccessfully ? Cost(Stages.Create(plan.Result, name)) : null, Generates: false);

    private StageCost Generated(PreparedGeneration task) => task.Plan.IsCompletedSuccessfully && Stages.Create(task.Plan.Result) is var stage
        ? new(stage.Name, Cost(stage), Generates: true) : new("", null, Generates: true);

    private long Cost<TBatch>(Stage<TBatch> stage) => options.Part.Of(stage.Costs).Sum(b => stage.Costs[b]);

    /// <summary>Requests of the sample are as long as all are on average, and share nothing.</summary>
    private long? AskedAgain
    {
        get
        {
            if (!plans.LogLikelihoods.IsCompletedSuccessfully || !plans.Rolling.IsCompletedSuccessfully)
                return null;
            var all = plans.LogLikelihoods.Result.Total + plans.Rolling.Result.Total;
            return options.AskedAgain * all.RequestTokens / Math.Max(1, all.Requests) / options.Part.Count;
        }
    }
}
