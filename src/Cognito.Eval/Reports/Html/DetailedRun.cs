using Cognito.Eval.Files;
using Cognito.Eval.Results;

namespace Cognito.Eval.Reports.Html;

/// <summary>A run with what it kept of each document.</summary>
/// <param name="Details">task → documents; tasks without details are missing.</param>
internal sealed record DetailedRun(
    Run Run, string Label, IReadOnlyDictionary<string, IReadOnlyList<DocDetail>> Details)
{
    /// <exception cref="InputException">A file of details is damaged, or another run's.</exception>
    public static DetailedRun Read(ReportedRun reported)
    {
        var tasks = reported.Run.Tasks.ToArray();
        var read = new IReadOnlyList<DocDetail>?[tasks.Length];
        // Exceptions as they are, the first task's first.
        var errors = new InputException?[tasks.Length];
        Parallel.For(0, tasks.Length, i =>
        {
            try
            {
                read[i] = DetailsReader.Read(reported.Folder, tasks[i].Key, tasks[i].Value);
            }
            catch (InputException e)
            {
                errors[i] = e;
            }
        });
        if (errors.FirstOrDefault(error => error is not null) is { } error)
            throw error;
        return new(reported.Run, reported.Label, tasks.Index().Where(task => read[task.Index] is not null)
            .ToDictionary(task => task.Item.Key, task => read[task.Index]!));
    }

    /// <summary>The label amid other words: a name that turns the direction of letters turns its own alone.</summary>
    public string Isolated => $"\u2068{Label}\u2069";

    /// <summary>The documents of some tasks.</summary>
    public IEnumerable<DocDetail> Of(IEnumerable<string> tasks) =>
        tasks.SelectMany(task => Details.GetValueOrDefault(task) ?? []);
}
