using Cognito.Eval.Benchmarks;
using Cognito.Eval.Data;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>How much a task may hold, and the option that lifts it.</summary>
public sealed class RowBoundsTests : IDisposable
{
    private static readonly EvalTask Winogrande = TaskSet.Leaderboard.Select(["winogrande"]).Tasks.Single();
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("rows.jsonl", "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n{\"a\":4}\n")]
    [InlineData("rows.json", "[{\"a\":1},{\"a\":2},{\"a\":3},{\"a\":4}]")]
    [InlineData("rows.csv", "a\n1\n2\n3\n4\n")]
    public void Rows_beyond_the_bound_are_refused_while_they_are_read(string name, string text)
    {
        var path = folder.Write(name, text);
        List<Row> Read(int rows) => name.EndsWith("csv", StringComparison.Ordinal)
            ? CsvRows.Read(path, bounds: Of(rows)) : JsonRows.Read(path, Of(rows));
        Assert.Equal(4, Read(4).Count);
        var message = Assert.Throws<InputException>(() => Read(3)).Message;
        Assert.Equal($"{path}: more than 3 rows of one split; take fewer rows, or lift the bounds with --unbounded", message);
    }

    [Fact]
    public void A_row_group_of_more_rows_than_may_be_is_refused_before_it_is_read()
    {
        var file = Fixture.Path("parquet", "rows.jsonl");
        var parquet = Directory.EnumerateFiles(Path.GetDirectoryName(file)!, "*.parquet").Order(StringComparer.Ordinal).First();
        var rows = ParquetRows.Read(parquet).Count;
        Assert.Equal(rows, ParquetRows.Read(parquet, bounds: Of(rows)).Count);
        Assert.Contains("more than", Assert.Throws<InputException>(() => ParquetRows.Read(parquet, bounds: Of(rows - 1))).Message);
    }

    [Fact]
    public void A_splits_characters_and_a_tasks_requests_and_prompts_are_bounded()
    {
        string Refused(RowBounds bounds) => Assert.Throws<InputException>(() => Asked(bounds)).Message;
        var asked = Asked(RowBounds.Usual);
        var (requests, prompts) = (asked.Requests.Count(), asked.Docs.Sum(doc => doc.Requests.Sum(
            request => (long)request.Context.Length + ((LogLikelihood)request).Continuation.Length)));
        Assert.Equal(asked.Digest, Asked(new(int.MaxValue, requests, prompts)).Digest);
        Assert.Contains($"winogrande: more than {requests - 1:N0} requests", Refused(RowBounds.None with { Requests = requests - 1 }));
        Assert.Contains($"more than {prompts - 1:N0} characters of prompts", Refused(RowBounds.None with { Characters = prompts - 1 }));
        Assert.Contains("more than 100 characters of one split", Refused(RowBounds.None with { Characters = 100 }));
        Assert.Contains("more than 5 rows of one split", Refused(RowBounds.None with { Rows = 5 }));
    }

    private static Questions Asked(RowBounds bounds) =>
        Questions.Ask(Winogrande, DataRoot.Open(Fixture.Samples) with { Bounds = bounds }, LeaderboardV1.Rules);

    private static RowBounds Of(int rows) => RowBounds.None with { Rows = rows };
}
