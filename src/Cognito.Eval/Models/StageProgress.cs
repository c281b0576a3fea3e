using System.Diagnostics;

namespace Cognito.Eval.Models;

/// <summary>A stage's progress, step by step; answers that were kept take no time.</summary>
internal sealed class StageProgress
{
    private readonly IProgress<Progress>? _told;
    private readonly string _stage;
    private readonly long _all;
    private readonly Func<IReadOnlyList<StageCost>> _stages;
    private readonly string _key;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private long _done, _kept, _tokens;
    private bool _isComputed;

    /// <param name="stage">What is shown.</param>
    /// <param name="key">Its name among the stages.</param>
    /// <param name="all">The stage's work, in the unit of <see cref="Progress.Done"/>.</param>
    /// <param name="stages">All that are planned so far.</param>
    public StageProgress(
        IProgress<Progress>? told, string stage, string key, long all, Func<IReadOnlyList<StageCost>> stages)
    {
        (_told, _stage, _key, _all, _stages) = (told, stage, key, all, stages);
        Report("");
    }

    /// <summary>Seconds since the last step.</summary>
    public double Elapsed => _clock.Elapsed.TotalSeconds;

    /// <summary>Notes which answers were computed here.</summary>
    public IEnumerable<T> Computed<T>(IEnumerable<T> answers)
    {
        foreach (var answer in answers)
        {
            _isComputed = true;
            yield return answer;
        }
    }

    public void Next(string task, long work, long tokens)
    {
        _done += work;
        if (_isComputed)
            _tokens += tokens;
        else
            _kept += work;
        _isComputed = false;
        _clock.Restart();
        Report(task);
    }

    private void Report(string task)
    {
        if (_told is null)
            return;
        var stages = _stages();
        _told.Report(new(_stage, task, _done, _all, _tokens, _kept)
        {
            Stages = stages,
            Number = 1 + stages.Index().Where(stage => stage.Item.Name == _key).Select(stage => stage.Index).FirstOrDefault(-1),
        });
    }
}
