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

    public static void Print(Table table)
    {
        // Spectre pads the Markdown border with empty lines of spaces.
        using var text = new StringWriter();
        var console = Console(text, redirected: true);
        console.Write(table);
        var lines = text.ToString().Split('\n').Select(line => line.TrimEnd()).Where(line => line.Length > 0);
        System.Console.Out.Write(string.Concat(lines.Select(line => line + "\n")));
    }

    /// <summary>A long note cut for reading, between words where it has any; results.json has it whole.</summary>
    public static string Short(string note)
    {
        const int Most = 150;
        if (note.Length <= Most)
            return note;
        var cut = note.LastIndexOf(' ', Most) is > 0 and var space ? space : char.IsHighSurrogate(note[Most - 1]) ? Most - 1 : Most;
        return note[..cut] + " ... (all in results.json)";
    }

    private static IAnsiConsole Console(TextWriter writer, bool redirected)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        // Nothing is wrapped or cut in a file or a pipe.
        if (redirected)
            console.Profile.Width = 1000;
        return console;
    }
}
