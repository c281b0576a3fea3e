using System.Text.Encodings.Web;
using System.Text.Json;
using Cognito.Eval.Files;
using Spectre.Console;

namespace Cognito.Eval.Cli;

/// <summary>
/// The two streams: results on stdout, progress on stderr. This is the only place that writes to them as they are; all else
/// writes by way of <see cref="PrintableWriter"/>, which <see cref="Begin"/> puts in <see cref="Console"/>'s place.
/// </summary>
internal static class Terminal
{
    private static readonly TextWriter RawOut = Outlet.Out, RawError = Outlet.Error;
    private static readonly IAnsiConsole Coloured = Spectre(RawError, Console.IsErrorRedirected);

    public static JsonSerializerOptions Json { get; } = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>From here on nothing that is written commands a terminal.</summary>
    public static void Begin()
    {
        Console.SetOut(new PrintableWriter(RawOut));
        Console.SetError(new PrintableWriter(RawError));
    }

    /// <summary>
    /// A text to the byte, for files and other programs; a terminal gets what commands it spelled out.
    /// </summary>
    public static TextWriter Exact => Console.IsOutputRedirected ? RawOut : new PrintableWriter(RawOut);

    /// <summary>A line of results.</summary>
    public static void Line(string line) => Console.Write(OneLine(line) + "\n");

    /// <summary>Results of several lines, such as JSON, in which foreign texts have no line ends.</summary>
    public static void Print(string text) => Console.Write(text + "\n");

    /// <summary>A line on stderr without a colour.</summary>
    public static void Tell(string line) => Console.Error.Write(OneLine(line) + "\n");

    /// <summary>Whether a line of stderr can be renewed in place.</summary>
    public static bool IsLive => !Console.IsErrorRedirected && Coloured.Profile.Capabilities.Ansi;

    // Removes what stands right of the cursor and below it; ends lines at the terminal's edge, and breaks them there again.
    private const string Erase = "\u001b[J", Cut = "\u001b[?7l", Wrap = "\u001b[?7h";

    /// <summary>
    /// Writes a line over the one before. The cursor stays where the line begins, so that the next one takes its place also
    /// where a terminal that became narrower has broken it.
    /// </summary>
    public static void Renew(string line) =>
        RawError.Write($"\r{Erase}{Cut}{Cells.Cut(OneLine(line).Replace('\t', ' '), LineWidth)}\r{Wrap}");

    /// <summary>Removes the renewed line.</summary>
    public static void Clear() => RawError.Write("\r" + Erase);

    /// <summary>The most columns of a renewed line: with the last one some terminals begin another line.</summary>
    public static int LineWidth => Math.Max(1, (TerminalSize.OfError ?? 80) - 1);

    /// <summary>How many columns a text takes.</summary>
    public static int Width(string text) => text.GetCellWidth();

    /// <summary>Results with tables in Markdown's form, which a terminal shows no wider than it is.</summary>
    public static void Show(string text) => Console.Write(FittedTable.Fit(text, TerminalSize.OfOut));

    /// <summary>A line of progress on stderr.</summary>
    public static void Say(string line) => Say(line, Color.Grey);

    /// <summary>A line on stderr that is not to be missed.</summary>
    public static void Warn(string line) => Say(line, Color.Yellow);

    private static void Say(string line, Color color) => Coloured.Write(new Text(OneLine(line) + "\n", color));

    private static string OneLine(string line) => Printable.Lines(line.ReplaceLineEndings(" "));

    /// <summary>A long note cut for reading, between words where it has any; results.json has it whole.</summary>
    public static string Short(string note)
    {
        const int Most = 150;
        if (note.Length <= Most)
            return note;
        var cut = note.LastIndexOf(' ', Most) is > 0 and var space ? space : char.IsHighSurrogate(note[Most - 1]) ? Most - 1 : Most;
        return note[..cut] + " ... (all in results.json)";
    }

    /// <summary>A table on stdout in Markdown's form; columns without a text are numbers and stand right.</summary>
    internal sealed class Table
    {
        private readonly Spectre.Console.Table _table = new Spectre.Console.Table().Border(TableBorder.Markdown);

        /// <param name="texts">How many of the first columns are text; the rest stand right.</param>
        public Table(int texts, params string[] columns)
        {
            foreach (var (i, column) in columns.Index())
                _table.AddColumn(new TableColumn(Cell(column)) { NoWrap = true, Alignment = i < texts ? null : Justify.Right });
        }

        public Table Add(params string[] cells)
        {
            _table.AddRow(cells.Select(Cell));
            return this;
        }

        public void Print()
        {
            // Spectre pads the Markdown border with empty lines of spaces.
            using var text = new StringWriter();
            Spectre(text, redirected: true).Write(_table);
            var lines = text.ToString().Split('\n').Select(line => line.TrimEnd()).Where(line => line.Length > 0);
            Show(string.Concat(lines.Select(line => line + "\n")));
        }

        /// <summary>A text, never Spectre's markup, on one line and in its cell.</summary>
        private static Text Cell(string cell) => new(Printable.Line(cell).Replace("|", "\\|", StringComparison.Ordinal));
    }

    private static IAnsiConsole Spectre(TextWriter writer, bool redirected)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            // Spectre does not know these writers for the console's own.
            Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = redirected ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
        });
        // Lines are wrapped by the terminal, which copies them as one.
        console.Profile.Width = 10_000;
        return console;
    }
}
