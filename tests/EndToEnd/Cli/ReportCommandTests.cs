using Cognito.Eval.Results;

namespace Cognito.Eval.Tests;

/// <summary><c>report</c> as a user runs it, and the details that a run keeps for it.</summary>
public sealed class ReportCommandTests : IDisposable
{
    private readonly CommandLine line = new();

    public void Dispose() => line.Dispose();

    private string Run(params string[] more)
    {
        var outcome = line.Run(["-t", "winogrande,gsm8k", "--limit", "2", "--device", "cpu", "-q", .. more]);
        Assert.True(outcome.Code == 0, outcome.Error);
        return Directory.EnumerateDirectories(line.At("results", "cognito-nano")).Order(StringComparer.Ordinal).Last();
    }

    [Fact]
    public void A_run_of_the_samples_becomes_a_page_with_their_questions()
    {
        var run = Run();
        Assert.Equal(["gsm8k.parquet", "winogrande.parquet"], Directory.GetFiles(Path.Combine(run, "details")).Select(Path.GetFileName).Order());
        var record = RunFile.Read(run).Tasks["winogrande"];
        Assert.All(DetailsReader.Read(run, "winogrande", record)!, doc => Assert.All(doc.ChoiceTokens, tokens => Assert.True(tokens > 0)));
        Assert.All(DetailsReader.Read(run, "gsm8k", RunFile.Read(run).Tasks["gsm8k"])!, doc => Assert.InRange(doc.GeneratedTokens!.Value, 1, 256));
        var outcome = line.Run("report", run, "--format", "html", "--output", "page/report.html");
        Assert.Equal((0, "", "written: page/report.html\n"), (outcome.Code, outcome.Out, outcome.Error));
        var page = File.ReadAllText(line.At("page", "report.html"));
        Assert.Contains("<h1><bdi>cognito-nano</bdi></h1>", page);
        Assert.Contains("words of question", page);
        Assert.Equal(page, line.Run("report", run, "--format", "html").Out);
    }

    [Fact]
    public void A_run_of_the_samples_passes_against_itself_and_is_shared()
    {
        var run = Run("--details", "full");
        var gate = line.Run("gate", "-b", run, "-c", run);
        Assert.Equal(0, gate.Code);
        Assert.StartsWith("Gate: pass\n", gate.Out);
        var shared = line.Run("report", run, "--format", "every-eval-ever");
        Assert.Equal(0, shared.Code);
        Assert.StartsWith("note: who ran it is not known", shared.Error);
        Assert.Empty(new SchemaFile(Fixture.Path("every-eval-ever", "eval.schema.json")).Validate(shared.Out));
        var markdown = line.Run("report", run, "--format", "markdown").Out;
        Assert.StartsWith("cognito-nano has scores of Winogrande and GSM8K, and no average. It is no leaderboard score; the notes say why.\n\n| Benchmark ", markdown);
    }

    [Fact]
    public void A_run_without_details_becomes_a_page_that_says_so()
    {
        var run = Run("--details", "none");
        Assert.False(Directory.Exists(Path.Combine(run, "details")));
        var page = line.Run("report", run, "--format", "html").Out;
        Assert.Contains("no details/ beside results.json", page);
        Assert.DoesNotContain("<h2>Margins</h2>", page);
    }

    [Fact]
    public void Full_details_hold_the_prompts()
    {
        var run = Run("--details", "full");
        Assert.Contains("full_prompt", System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(DetailsFile.Path(run, "gsm8k"))));
    }

    [Fact]
    public void Broken_details_are_one_line_on_stderr()
    {
        var run = Run();
        File.WriteAllText(DetailsFile.Path(run, "winogrande"), "PAR1 nothing PAR1");
        Refused("winogrande.parquet", "report", run, "--format", "html");
        Refused("is of one run", "report", run, run);
        Refused("--data is for --format html and lm-eval", "report", run, "--data", ".");
        Refused("no such file", "report", run, "nowhere", "--format", "html");
        Refused("cannot be written", "report", run, "--format", "csv", "--output", run);
    }

    private void Refused(string fact, params string[] args)
    {
        var outcome = line.Run(args);
        Assert.Equal((2, ""), (outcome.Code, outcome.Out));
        Assert.Contains(fact, Assert.Single(outcome.Error.TrimEnd('\n').Split('\n')));
    }
}
