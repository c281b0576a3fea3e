using Cognito.Eval.Files;
using Cognito.Eval.Results;

namespace Cognito.Eval.Cli;

/// <summary>What follows when a run is written: the table, and where its results are.</summary>
internal static class Finish
{
    /// <summary>Prints a run, and says where it is.</summary>
    /// <exception cref="OutputException">stdout takes no more; the message says where the results are.</exception>
    public static void Print(Run run, bool json, Narrator narrator)
    {
        narrator.Clear();
        var written = narrator.Written!;
        try
        {
            if (json)
                Console.Write(RunFile.ToJson(run));
            else
                RunTable.Print(run);
        }
        catch (OutputException e)
        {
            throw new OutputException($"{e.Message}; the results are in {written.Path}", e);
        }
        narrator.Say(written.IsEarlier ? $"answered before: {written.Path}; --fresh asks again" : $"written: {written.Path}");
    }
}
