using System.CommandLine;
using System.CommandLine.Help;
using System.Data.Common;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Cognito.Eval.Files;
using Cognito.Eval.Hub;
using Cognito.Eval.Journal;
using Cognito.Eval.Served;
using Cognito.Eval.Torch.Native;

namespace Cognito.Eval.Cli;

/// <summary>A command's beginning and end: parsing, one-line errors, exit codes.</summary>
internal static partial class Session
{
    public const int Done = 0, BadInput = 2, Failed = 3, Interrupted = 130;

    /// <summary>Tells each decision, and where an error came from, on every command.</summary>
    public static readonly Option<bool> Verbose = new("--verbose")
    {
        Description = "Tell each decision on stderr, and with an error where it came from.",
        Recursive = true,
    };

    public static async Task<int> Invoke(RootCommand root, string[] args)
    {
        try
        {
            var line = TypedLine.Read(root, args);
            foreach (var said in line.Said)
                Terminal.Tell(said);
            var parsed = root.Parse(line.Args);
            // Help is given, and a half-written line completed, whatever else it holds.
            if (parsed.Action is not HelpAction && parsed.Errors.Count > 0 && root.Directives.All(directive => parsed.GetResult(directive) is null))
                return Complain(UnknownWord.Find(parsed) ?? Fault(parsed), BadInput);
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = TimeSpan.FromSeconds(10),
            });
        }
        catch (InputException e)
        {
            return Complain(e.Message, BadInput);
        }
        catch (OutputException e)
        {
            // Help that nobody takes.
            return Complain(e.Message, Failed);
        }
    }

    private static int Complain(string line, int code)
    {
        Terminal.Tell($"cognito-eval: {Printable.Line(line)}");
        return code;
    }

    private static string Fault(ParseResult parsed) =>
        $"{Plain(parsed.Errors[0].Message).TrimEnd('.')}; `{Commands.Name(parsed.CommandResult.Command)} --help` lists all";

    /// <summary>The parser's message without .NET's names of types.</summary>
    private static string Plain(string message) => TypeName().Replace(message, name => name.Value switch
    {
        var type when type.Contains("Int", StringComparison.Ordinal) => "a whole number",
        var type when type.Contains("Double", StringComparison.Ordinal) => "a number",
        _ => "a value of its kind",
    }).Replace("as expected type", "as", StringComparison.Ordinal);

    [GeneratedRegex("'System\\.[^']*'")]
    private static partial Regex TypeName();

    /// <summary>Runs a command's work; an exception becomes one line on stderr and an exit code.</summary>
    public static int Guard(ParseResult parsed, Func<int> work)
    {
        NativeTorch.Fetch = LibTorch(parsed);
        try
        {
            return work();
        }
        catch (Exception e)
        {
            var (line, code) = Describe(e);
            Terminal.Tell($"cognito-eval: {Printable.Line(line)}");
            if (parsed.GetValue(Verbose))
                Console.Error.Write($"{e}\n");
            return code;
        }
    }

    /// <summary>How a command that loads a model comes by a libtorch that is not there yet.</summary>
    private static LibTorchFetch LibTorch(ParseResult parsed) => new()
    {
        IsOffline = () => HubSettings.FromEnvironment(parsed.GetValue(Fetching.Offline)).IsOffline,
        Say = line =>
        {
            if (!parsed.GetValue(RunOptions.Quiet))
                Terminal.Say(line);
        },
        Trace = line =>
        {
            if (parsed.GetValue(Verbose))
                Terminal.Tell($"trace: {line}");
        },
    };

    private static (string Line, int Code) Describe(Exception e) => e switch
    {
        AggregateException { InnerException: { } inner } => Describe(inner),
        InputException => (e.Message, BadInput),
        InterruptedException => (e.Message, Interrupted),
        CheckpointChangedException => ($"{e.Message}; run again", Failed),
        HubInterruptedException => (e.Message, Interrupted),
        JournalException => (e.Message, Failed),
        OutputException => (e.Message, Failed),
        HubException => (e.Message, Failed),
        ServedException => (e.Message, Failed),
        OperationCanceledException => ("interrupted; nothing was written", Interrupted),
        UnauthorizedAccessException => ($"{Named(e)}{Fact.Of(e)}; check its permissions", BadInput),
        InsufficientMemoryException => (e.Message, Failed),
        DbException => ("a run's journal cannot be read or written; see that the disk has room and the folder may be written", Failed),
        // TorchSharp's message goes on with a native stack trace.
        ExternalException => ($"the model failed while running: {e.Message.Split('\n')[0]}", Failed),
        IOException or OutOfMemoryException => ($"failed while running: {Named(e)}{Fact.Of(e)} (--verbose shows where)", Failed),
        _ => ("failed while running: an error of cognito-eval's own; --verbose shows where, please report it with that", Failed),
    };

    private static string Named(Exception e) => Fact.File(e) is { } file ? $"{file}: " : "";
}
