using System.Diagnostics;
using System.IO.Compression;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Comparison;
using Cognito.Eval.Datasets;
using Cognito.Eval.Reports;
using Cognito.Eval.Reports.Html;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>The page of runs of full size.</summary>
public sealed partial class HtmlReportTests
{
    [Fact]
    public void Two_full_size_runs_make_a_page_of_15_MB()
    {
        using var folder = new TemporaryFolder();
        var runs = new[] { 1, 2 }.Select(seed => FullSize.Write(Path.Combine(folder.Path, $"{seed}"), seed)).ToList();
        var clock = Stopwatch.StartNew();
        var page = HtmlReport.Render(ReportedRun.Read(runs), TaskSet.Leaderboard.Columns);
        var (seconds, bytes) = (clock.Elapsed.TotalSeconds, System.Text.Encoding.UTF8.GetByteCount(page));
        TestContext.Current.SendDiagnosticMessage($"{seconds:0.0} s, {bytes / 1e6:0.0} MB");
        Assert.Equal(28659, Documents(page)["tasks"]!.AsArray().Sum(task => task!["ids"]!.AsArray().Count));
        Assert.InRange(bytes, 1_000_000, 15_000_000);
    }
}
