using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Cognito.Eval.Files;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Reports.Html;

/// <summary>
/// Runs as one HTML page that opens from disk and asks nothing of a network: scores, plots, and every document. What
/// comes from models and datasets is text in it, never markup; its security policy lets nothing run but its own script.
/// </summary>
public static class HtmlReport
{
    /// <summary>The others are compared with the first run.</summary>
    /// <param name="texts">Questions and choices; null where the datasets were not given.</param>
    /// <exception cref="InputException">A run's details are damaged.</exception>
    public static string Render(IReadOnlyList<ReportedRun> reported, IReadOnlyList<Column> columns, DocTexts? texts = null)
    {
        DetailedRun[] runs = [.. reported.Select(DetailedRun.Read)];
        var scores = new RunScores(runs, columns);
        Section?[] sections =
        [
            ScoreSection.Create(scores), DifferenceSection.Create(scores), PlotSection.Subjects(scores), PlotSection.Calibrations(scores),
            PlotSection.Margins(scores), PlotSection.Lengths(scores), RoutingSection.Create(scores), BrowserSection.Create(scores, texts), ProvenanceSection.Create(runs),
        ];
        return Page(
            string.Join(", ", runs.Select(run => run.Label)), Title(runs), Subtitle(runs), Verdict(scores, columns), [.. sections.OfType<Section>()]).Text;
    }

    /// <param name="name">What the page is of, as text.</param>
    /// <param name="verdict">What the page comes to, in a sentence or two.</param>
    internal static HtmlText Page(string name, HtmlText heading, string subtitle, HtmlText verdict, Section[] sections)
    {
        var (style, script) = (Resource("report.css"), string.Concat(Scripts.Select(Resource)));
        var policy = $"default-src 'none'; style-src {Hash(style)}; script-src {Hash(script)}; "
            + "base-uri 'none'; form-action 'none'";
        return HtmlText.From($"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="{new HtmlText(policy)}">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>{name}: evaluation report</title>
            <style>{new HtmlText(style)}</style>
            </head>
            <body>
            <a class="skip" href="#main">Skip to the scores</a>
            <header>
            <h1>{heading}</h1>
            {verdict}
            <p class="sub">{subtitle}</p>
            <nav aria-label="Sections"><ul>{sections.Select(section => section.Link)}</ul></nav>
            </header>
            <main id="main" tabindex="-1">
            {sections.Select(section => section.Html)}
            </main>
            <footer><p>Made by cognito-eval {Version} from the runs' result files. Intervals are of 95 %.</p></footer>
            <script>{new HtmlText(script)}</script>
            </body>
            </html>

            """);
    }

    private static HtmlText Title(DetailedRun[] runs)
    {
        string Before(int run) => run == 0 ? "" : run < runs.Length - 1 ? ", " : " <span class=\"pm\">and</span> ";
        return HtmlText.All(runs.Select((run, i) => HtmlText.From($"{new HtmlText(Before(i))}<bdi>{run.Label}</bdi>")));
    }

    private static HtmlText Verdict(RunScores scores, IReadOnlyList<Column> columns) => scores.Runs is [var only]
        ? HtmlText.From($"<p class=\"verdict\"><bdi>{only.Label}</bdi> {VerdictText.Of("", only.Run, columns).TrimStart()}</p>\n")
        : HtmlText.All(VerdictText.Of(scores.Runs[0].Isolated, [.. scores.Pairs.Select(pair => (pair.Second.Isolated, pair.Comparison))])
            .Select(sentences => HtmlText.From($"<p class=\"verdict\">{sentences}</p>\n")));

    private static string Subtitle(DetailedRun[] runs)
    {
        var run = runs.Select(run => run.Run).MaxBy(run => run.Tasks.Values.Sum(task => task.Documents))!;
        var documents = run.Tasks.Values.Sum(task => task.Documents);
        var asked = documents == 0 ? "Numbers without documents"
            : $"{Words.Count(documents)} documents of {Words.Count(run.Tasks.Count)} tasks";
        return $"{asked}, protocol {run.Provenance.Protocol ?? "unknown"}.";
    }

    private static string Version => typeof(HtmlReport).Assembly.GetName().Version?.ToString(3) ?? "";

    /// <summary>One script of them, in this order.</summary>
    private static readonly string[] Scripts = ["parts.js", "csv.js", "tips.js", "document.js", "report.js"];

    private static string Resource(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }

    private static string Hash(string text) =>
        $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}'";
}
