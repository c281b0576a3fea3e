using System.CommandLine;
using System.Text.Json;

namespace Cognito.Eval.Cli;

/// <summary><c>cognito-eval compare</c>: what differs between runs, and how sure that is.</summary>
internal static class CompareCommand
{
    public static Command Create()
    {
        var runs = new Argument<string[]>("RUN") { Arity = ArgumentArity.OneOrMore };
        var command = new Command("compare", "Compare.") { runs };
        command.SetAction(parsed => Session.Guard(parsed, () =>
        {
            var r = parsed.GetRequiredValue(runs).Select(RunFile.Read).ToList();
            Console.WriteLine(JsonSerializer.Serialize(Comparison.Of(r[0], r[1]), Terminal.Json));
            Console.WriteLine(JsonSerializer.Serialize(Measured.Of(r[0]), Terminal.Json));
            return 0;
        }));
        return command;
    }
}
