using Cognito.Eval.Planning;

namespace Cognito.Eval.Models;

/// <summary>What answering cost, added up while it goes on.</summary>
public sealed class AnswerAccount
{
    private readonly Dictionary<string, StageRecord> _stages = [];
    private readonly Dictionary<string, double> _seconds = [];

    /// <summary>By stage.</summary>
    public IReadOnlyDictionary<string, StageRecord> Stages => _stages;

    /// <summary>Wall time by task; a batch's time is shared out by tokens.</summary>
    public IReadOnlyDictionary<string, double> Seconds => _seconds;

    /// <summary>By task, what routers did at scored positions; none where that was not recorded.</summary>
    public IReadOnlyDictionary<string, RoutingSums> Routing { get; internal set; } = new Dictionary<string, RoutingSums>();

    /// <summary>How often memory ran out and batches were halved.</summary>
    public int Halvings { get; internal set; }

    public void AddSeconds(string task, double seconds) => _seconds[task] = _seconds.GetValueOrDefault(task) + seconds;

    public void AddStage(string stage, StageRecord more) => _stages[stage] = _stages.GetValueOrDefault(stage, new(0, 0, 0, 0)) + more;
}

/// <summary>A stage's work: requests, how many were distinct, tokens through the model, seconds.</summary>
public sealed record StageRecord(int Requests, int Distinct, long ForwardTokens, double Seconds)
{
    public static StageRecord operator +(StageRecord a, StageRecord b) =>
        new(a.Requests + b.Requests, a.Distinct + b.Distinct, a.ForwardTokens + b.ForwardTokens, a.Seconds + b.Seconds);
}
