using Cognito.Eval.Models;
using Cognito.Eval.Planning;

namespace Cognito.Eval.Cli;

/// <summary>
/// How far a run is over all of its stages, and how long it still takes: each stage by its own speed, those to come by the
/// speed of their kind, as the plan has their tokens.
/// </summary>
internal sealed class RunEstimate
{
    // By whether tokens come one by one.
    private readonly Dictionary<bool, (double Seconds, double Tokens)> _before = [];
    private IReadOnlyList<StageCost> _stages = [], _run = [];
    private Progress _now;
    private double _began, _at;
    private int _number;

    public void Take(Progress progress, TimeSpan at)
    {
        var isAnother = progress.Stage != _now.Stage || progress.Done == 0;
        if (isAnother)
        {
            // Of a stage that is over.
            if (Cost(_number) is { } cost && Kind(_number) is { } kind)
                _before[kind] = (_before.GetValueOrDefault(kind).Seconds + _at - _began, _before.GetValueOrDefault(kind).Tokens + Computed(cost));
            _began = at.TotalSeconds;
        }
        (_stages, _number) = (progress.Stages ?? [], progress.Number);
        if (progress.Stage is not (Stages.Rounding or Stages.RollingRounding))
            _run = [.. _stages.Where(stage => stage.Name != Stages.Rounding)];
        else if (_number > 0)
            // The sample that is computed once more comes without the stages before it.
            (_stages, _number) = ([.. _run, .. _stages], _run.Count + _number);
        (_now, _at) = (progress, at.TotalSeconds);
    }

    /// <summary>As "stage 1 of 3"; empty where there is one.</summary>
    public string Place => _number > 0 && _stages.Count > 1 ? $"stage {_number} of {_stages.Count}" : "";

    public Progress Now => _now;

    /// <summary>Tokens a second of this stage.</summary>
    public double Speed => _now.Tokens / Math.Max(0.001, _at - _began);

    /// <summary>Of all stages by their tokens, of this one where these are not known; in percent.</summary>
    public double Percent
    {
        get
        {
            var part = (double)_now.Done / Math.Max(1, _now.All);
            if (_number == 0 || _stages.Any(stage => stage.Tokens is null) || _stages.Sum(stage => stage.Tokens!.Value) is not (> 0 and var all))
                return 100 * part;
            return 100 * (_stages.Take(_number - 1).Sum(stage => (double)stage.Tokens!.Value) + part * _stages[_number - 1].Tokens!.Value) / all;
        }
    }

    /// <summary>Null while nothing was computed.</summary>
    public TimeSpan? Left
    {
        get
        {
            var (done, left) = (_now.Done - _now.Kept, _now.All - _now.Done);
            if (done <= 0 && left > 0)
                return null;
            var seconds = left <= 0 ? 0 : (_at - _began) / done * left;
            for (var number = Math.Max(1, _number) + 1; number <= _stages.Count; number++)
                seconds += (Cost(number) ?? 0) * PerToken(Kind(number)!.Value);
            return TimeSpan.FromSeconds(Math.Min(seconds, 1e9));
        }
    }

    /// <summary>Whether stages follow that are not planned yet.</summary>
    public bool IsMore => _stages.Skip(_number).Any(stage => stage.Tokens is null);

    private double PerToken(bool kind)
    {
        var known = Kinds.ToDictionary(it => it.Kind, it => it.Speed);
        return known.TryGetValue(kind, out var speed) || known.TryGetValue(!kind, out speed) ? speed : 0;
    }

    private IEnumerable<(bool Kind, double Speed)> Kinds =>
        from kind in (bool[])[false, true]
        let before = _before.GetValueOrDefault(kind)
        let isNow = Kind(_number) == kind && Cost(_number) is not null
        let tokens = before.Tokens + (isNow ? Computed(Cost(_number)!.Value) : 0)
        where tokens > 0
        select (kind, (before.Seconds + (isNow ? _at - _began : 0)) / tokens);

    private double Computed(long cost) => cost * (double)(_now.Done - _now.Kept) / Math.Max(1, _now.All);

    private long? Cost(int number) => number > 0 && number <= _stages.Count ? _stages[number - 1].Tokens : null;

    private bool? Kind(int number) => number > 0 && number <= _stages.Count ? _stages[number - 1].Generates : null;
}
