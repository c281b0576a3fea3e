using System.CommandLine;
using System.CommandLine.Completions;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Cli;
using Cognito.Eval.Comparison;
using Cognito.Eval.Reports;
using Cognito.Eval.Reports.Html;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;
using YamlDotNet.Serialization;

namespace Cognito.Eval.Tests;

/// <summary>A score that is no number is no score: every format says so where the score stands.</summary>
public sealed class NotFiniteFormatTests : IDisposable
{
    private const string Subject = "hendrycksTest-anatomy";

    private static readonly Run Broken = MadeRuns.Nano.With("gsm8k", task => task with { NotFiniteRequests = 7 })
        .With(Subject, task => task with { NotFiniteRequests = 3 });

    private readonly CommandLine line = new();

    private readonly string sound, broken;

    public NotFiniteFormatTests() => (sound, broken) =
        (RunFile.Write(MadeRuns.Early.Timed(), line.At("sound")), RunFile.Write(Broken.Timed(), line.At("broken")));

    public void Dispose() => line.Dispose();

    private static IEnumerable<string> Formats(Command command) => command.Options.Single(option => option.Name == "--format")
        .GetCompletions(CompletionContext.Empty).Select(format => format.Label);

    private string Printed(int code, params string[] args)
    {
        var outcome = line.Run(args);
        Assert.True(outcome.Code == code, outcome.Error);
        return outcome.Out;
    }

    /// <summary>What the command writes into a file; within this process, since there are many.</summary>
    private string Reported(string run, string format)
    {
        Assert.Equal(0, ReportCommand.Create().Parse([run, "--format", format, "--output", line.At("report")]).Invoke());
        return File.ReadAllText(line.At("report"));
    }

    /// <summary>The lines that hold each of the words.</summary>
    private static IEnumerable<string> Lines(string text, params string[] words) =>
        text.Split('\n').Where(line => words.All(word => line.Contains(word, StringComparison.Ordinal)));

    [Fact]
    public void Report_shows_the_count_beside_the_score_in_every_format()
    {
        // lm-eval is of runs of another protocol: LmEvalFilesTests.
        foreach (var format in Formats(ReportCommand.Create()).Except(["lm-eval"]))
        {
            var text = Reported(broken, format);
            Action holds = format switch
            {
                "table" or "markdown" => () => Assert.Single(Lines(text, "GSM8k (5-", "(7 not finite)")),
                "card" => () => Assert.Equal(2, Lines(text, "(7 not finite)").Count()),
                "yaml" => () => Assert.Equal(["accuracy (3 not finite) (not a leaderboard score)", "accuracy (7 not finite) (not a leaderboard score)"], Names(text)),
                "eval-results" => () => Assert.Single(Lines(text, "notes:", "7 of 200 requests answered from what is no finite number")),
                "html" => () => Assert.Contains("<strong> (7 not finite)</strong></td>", text),
                "csv" => () => Assert.Equal("7", Cell(text, "GSM8K")),
                "every-eval-ever" => () => Assert.Equal(["7"], JsonNode.Parse(text)!["evaluation_results"]!.AsArray()
                    .Where(result => (string)result!["evaluation_name"]! == "gsm8k").Select(result => (string?)result!["score_details"]!["details"]!["not_finite_requests"])),
                "json" => () => Assert.Equal(7, (int)JsonNode.Parse(text)!["tasks"]!["gsm8k"]!["not_finite_requests"]!),
                _ => () => Assert.Fail($"nothing is known of --format {format}"),
            };
            holds();
            Assert.DoesNotContain("not finite", Reported(sound, format));
            Assert.DoesNotContain("\"not_finite_requests\"", Reported(sound, format));
        }
    }

    /// <summary>Names of the model-index' metrics that say it.</summary>
    private static IEnumerable<string> Names(string yaml) =>
        Lines(yaml, "name:", "not finite").Select(line => new DeserializerBuilder().Build().Deserialize<Dictionary<string, string>>(line.Trim())["name"]);

    /// <summary>The cell of the count in a line of the column's scores.</summary>
    private static string Cell(string csv, string column)
    {
        Assert.Equal("not_finite_requests", csv.Split('\n')[0].Split(',')[Count]);
        return Lines(csv, $",column,{column},").Single().Split(',')[Count];
    }

    private const int Count = 10;

    [Fact]
    public void Compare_shows_the_count_beside_the_score_in_every_format()
    {
        foreach (var format in Formats(CompareCommand.Create()))
        {
            var text = Printed(0, "compare", sound, broken, "--format", format, "--subjects");
            if (format == "csv")
                Assert.Equal(["0,7", "0,3", "0,3", "0,10"], [.. Ends("GSM8K,GSM8K"), .. Ends("MMLU,MMLU"), .. Ends("MMLU," + Subject), .. Ends(",Average")]);
            else if (format == "json")
                Assert.Equal([3, 7], JsonNode.Parse(text)![0]!["columns"]!.AsArray().Select(column => (int?)column!["candidate_not_finite"]).OfType<int>());
            else
                Assert.Equal(4, Lines(text, "| ", " not finite)").Count()); // MMLU, the subject, GSM8K, the average

            IEnumerable<string> Ends(string name) => Lines(text, $",{name},").Select(row => string.Join(',', row.Split(',')[20..22]));
        }
        var many = Printed(0, "compare", sound, sound, broken);
        Assert.Equal(3 + 1 + 3, Lines(many, " not finite)").Count()); // scores, the trend, and the matrix
    }

    [Fact]
    public void Gate_shows_the_count_beside_the_verdict_in_every_format()
    {
        const string Said = "(candidate: 7 not finite)";
        var text = Printed(1, "gate", "--baseline", sound, "--candidate", broken, "--junit", "gate.xml");
        Assert.Single(Lines(text, "| GSM8K ", Said));
        var cases = XElement.Load(line.At("gate.xml")).Descendants("testcase");
        Assert.Contains(Said, cases.Single(test => test.Attribute("name")!.Value == "GSM8K").Element("system-out")!.Value);
        Assert.Contains("gsm8k 7 of 200", cases.Single(test => test.Attribute("name")!.Value == "not a number").Element("failure")!.Value);
        var json = JsonNode.Parse(Printed(1, "gate", "--baseline", sound, "--candidate", broken, "--json"))!;
        Assert.Contains(Said, (string)json["criteria"]!.AsArray().Single(criterion => (string)criterion!["name"]! == "GSM8K")!["reason"]!);
        var outcome = line.Run([("GITHUB_STEP_SUMMARY", line.At("summary.md"))], "gate", "--baseline", sound, "--candidate", broken, "--step-summary");
        Assert.Equal((1, "## " + text), (outcome.Code, File.ReadAllText(line.At("summary.md"))));
    }

    [Fact]
    public void The_page_marks_differences_and_subjects_too()
    {
        var page = HtmlReport.Render([new(MadeRuns.Early, ".", "sound"), new(Broken, ".", "broken")], TaskSet.Leaderboard.Columns, null);
        Assert.Equal(2, page.Split("(7 not finite)").Length - 1); // the score, and the difference
        Assert.Equal(3, page.Split("(3 not finite)").Length - 1); // and the subject
    }

    [Fact]
    public void The_count_of_what_was_not_measured_here_is_not_known()
    {
        var reported = Broken with { Provenance = Broken.Provenance with { Kind = HarnessFile.Kind } };
        var csv = ScoreTables.Csv([new(reported, ".", "theirs"), new(MadeRuns.Nano, ".", "ours")], TaskSet.Leaderboard.Columns);
        Assert.Equal(["", "0"], Lines(csv, ",column,GSM8K,").Select(row => row.Split(',')[Count]));
    }
}
