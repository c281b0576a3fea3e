namespace Cognito.Eval.Cli;

/// <summary>What follows when all is graded: details, results.json, the table.</summary>
internal static class Finish
{
    /// <summary>Writes a run into its folder and prints it.</summary>
    /// <param name="details">none, scores or full.</param>
    public static void Write(
        Run run, IReadOnlyList<GradedTask> graded, string folder, string details, bool json, Narrator narrator)
    {
        if (details != "none")
            foreach (var task in graded)
                DetailsFile.Write(folder, task.Questions.Task.Name,
                    [.. task.Docs.Select(doc => DocDetail.Of(task.Questions.Task, doc, prompts: details == "full"))]);
        var path = RunFile.Write(run, folder);
        Print(run, json, narrator);
        narrator.Say($"written: {path}");
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
