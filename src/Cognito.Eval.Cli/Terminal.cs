using System.Text.Encodings.Web;
using System.Text.Json;
using Spectre.Console;

namespace Cognito.Eval.Cli;

/// <summary>Two consoles: results on stdout, progress on stderr.</summary>
internal static class Terminal
{
    public static IAnsiConsole Out { get; } = Console(System.Console.Out, System.Console.IsOutputRedirected);

    public static IAnsiConsole Error { get; } = Console(System.Console.Error, System.Console.IsErrorRedirected);

    public static JsonSerializerOptions Json { get; } = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static Table Table(params string[] columns)
    {
        var table = new Table().Border(TableBorder.Markdown);
        foreach (var column in columns)
            table.AddColumn(new TableColumn(Markup.Escape(column)).NoWrap());
        return table;
    }

    public static void Print(Table table) => Out.Write(table);

    private static IAnsiConsole Console(TextWriter writer, bool redirected)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        // Nothing is wrapped or cut in a file or a pipe.
        if (redirected)
            console.Profile.Width = 1000;
        return console;
    }
}
