using Cognito.Eval.Files;
using Cognito.Eval.Results;
using Cognito.Eval.Torch.Weights;

namespace Cognito.Eval.Cli;

/// <summary>What follows when all is graded: details, results.json, the table.</summary>
internal static class Finish
{
    /// <summary>Writes a run into its folder: its details first, so that a results.json never lacks them.</summary>
    /// <param name="details">none, scores or full.</param>
    public static void Write(Run run, IReadOnlyList<GradedTask> graded, string folder, string details)
    {
        if (details != "none")
            foreach (var task in graded)
                DetailsFile.Write(folder, task.Questions.Task.Name,
                    [.. task.Docs.Select(doc => DocDetail.From(task.Questions.Task, doc, prompts: details == "full"))]);
        RunFile.Write(run with { Circumstances = run.Circumstances! with { Details = details } }, folder);
    }

    /// <summary>Prints a run that is written, and says where.</summary>
    /// <exception cref="OutputException">stdout takes no more; the message says where the results are.</exception>
    public static void Print(Run run, string results, bool json, Narrator narrator)
    {
        try
        {
            Print(run, json, narrator);
        }
        catch (OutputException e)
        {
            throw new OutputException($"{e.Message}; the results are in {results}", e);
        }
        narrator.Say($"written: {results}");
    }

    /// <summary>
    /// A finished run's results, if they are this checkpoint's (all of its weights are read to know) and it kept no less of
    /// each document.
    /// </summary>
    public static Run? Earlier(RunFolder place, Checkpoint checkpoint, string details, CancellationToken cancel)
    {
        string[] levels = ["none", "scores", "full"];
        var run = RunFile.Read(place.Results);
        if (Array.IndexOf(levels, run.Circumstances?.Details ?? "none") < Array.IndexOf(levels, details))
            return null;
        using var weights = WeightFiles.Open(checkpoint.Folder);
        return weights.Hash(cancel).GetAwaiter().GetResult() == run.Provenance.WeightsSha256 ? run : null;
    }

    public static void Print(Run run, bool json, Narrator narrator)
    {
        narrator.Clear();
        if (json)
            Console.Write(RunFile.ToJson(run));
        else
            RunTable.Print(run);
    }
}

/// <summary>The run was interrupted; the message says what is kept.</summary>
internal sealed class InterruptedException(string line) : OperationCanceledException(line);
