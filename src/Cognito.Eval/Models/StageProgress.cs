using System.Diagnostics;

namespace Cognito.Eval.Models;

/// <summary>A stage's progress, step by step; answers that were kept take no time.</summary>
internal sealed class StageProgress
{
    private readonly IProgress<Progress>? _told;
    private readonly string _stage;
    private readonly long _all;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private long _done, _kept, _tokens;
    private bool _isComputed;

    /// <param name="all">The stage's work, in the unit of <see cref="Progress.Done"/>.</param>
    public StageProgress(IProgress<Progress>? told, string stage, long all)
    {
        (_told, _stage, _all) = (told, stage, all);
        told?.Report(new(stage, "", 0, all, 0, 0));
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
        _told?.Report(new(_stage, task, _done, _all, _tokens, _kept));
    }
}
