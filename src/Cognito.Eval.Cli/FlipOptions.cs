using System.CommandLine;
using System.Text;
using Cognito.Eval.Comparison;
using Cognito.Eval.Files;
using Cognito.Eval.Reports;
using Cognito.Eval.Results;

namespace Cognito.Eval.Cli;

/// <summary>compare's <c>--flips</c> and <c>--csv</c>: which documents changed between two runs.</summary>
internal static class FlipOptions
{
    private static readonly Option<int?> Flips = new("--flips")
    {
        Description = "Of two runs: also show the N documents that lost most, and the N that gained most, "
            + "with prompts and choices where details are kept.",
        HelpName = "N",
    };

    private static readonly Option<string?> Table = new("--csv")
    {
        Description = "Of two runs: also write every document whose score changed, the worst first, to this file.",
        HelpName = "FILE",
    };

    public static IReadOnlyList<Option> Options { get; } = [Flips, Table];

    /// <summary>The first of them that is asked for; null where none is.</summary>
    public static Option? Asked(ParseResult parsed) => Options.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false });

    /// <summary>What is shown of them, after the file was written; nothing where none is asked for.</summary>
    /// <param name="folders">Of the two runs.</param>
    public static string Text(ParseResult parsed, IReadOnlyList<(string Name, Run Run)> runs, IReadOnlyList<string> folders)
    {
        if (Asked(parsed) is null)
            return "";
        var shown = parsed.GetValue(Flips);
        if (shown < 0)
            throw new InputException($"--flips {shown}: give how many documents to show, 0 or more");
        var flips = Flip.Between(runs[0].Run, folders[0], runs[1].Run, folders[1]);
        if (parsed.GetValue(Table) is { } path)
        {
            OutputFile.Write(path, file => file.Write(Encoding.UTF8.GetBytes(FlipText.Csv(flips))), "name another file with --csv");
            Terminal.Tell($"written: {path}");
        }
        return shown is { } most ? "\n" + FlipText.Markdown(flips, most) : "";
    }
}
