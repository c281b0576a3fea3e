using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;
using DuckDB.NET.Data;

namespace Cognito.Eval.Tests;

/// <summary>details/&lt;task&gt;.parquet: what a run keeps of each document, read back by us and by DuckDB.</summary>
public sealed class DetailsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>A few documents of a task, answered by a function of document and request.</summary>
    internal static GradedTask Graded(string name, int limit, Func<int, int, Reply> answer)
    {
        var task = TaskSet.Leaderboard.Select([name]).Tasks.Single();
        var asked = Questions.Ask(task, new DataRoot(Fixture.Path("mini", "data")), LeaderboardV1.Rules, limit: new Limit(limit));
        return new(asked, [.. asked.Docs.Select((doc, d) =>
        {
            Reply[] replies = [.. doc.Requests.Select((_, i) => answer(d, i))];
            return new GradedDoc(doc, replies, d % 2, LeaderboardV1.Rules.Grade(task, doc.Doc, replies))
            {
                Tokens = [.. replies.Select((_, i) => new RequestTokens(100 + d, 1 + i))],
            };
        })], 1.5);
    }

    private static Likelihood Score(int doc, int request) => new(-1.25 - (doc * 7 + request * 3) % 5, request == 0);

    private DocDetail[] Written(GradedTask graded, bool prompts = false)
    {
        var task = graded.Questions.Task;
        DocDetail[] docs = [.. graded.Docs.Select(doc => DocDetail.From(task, doc, prompts))];
        DetailsFile.Write(folder.Path, task.Name, docs);
        return docs;
    }

    private List<object?[]> Duck(string sql)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql.Replace("DETAILS", $"read_parquet('{folder.Path}/details/*.parquet', union_by_name=true)", StringComparison.Ordinal);
        using var reader = command.ExecuteReader();
        var rows = new List<object?[]>();
        while (reader.Read())
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : reader.GetValue(i))]);
        return rows;
    }

    private static TaskRecord Record(GradedTask graded) =>
        Tally.Count([graded], LeaderboardV1.Rules, TaskSet.Leaderboard, new() { Model = "m" }, null, []).Tasks[graded.Questions.Task.Name];

    [Fact]
    public void DuckDB_reads_what_was_written()
    {
        var docs = Written(Graded("arc", 6, Score));
        var rows = Duck("select doc_id, gold, prediction, acc, acc_norm, margin, choice_logprobs, choice_lengths, choice_tokens, "
            + "choice_greedy, prompt_tokens, truncated from DETAILS");
        Assert.Equal(6, rows.Count);
        foreach (var (row, doc) in rows.Zip(docs))
        {
            Assert.Equal([doc.DocId, doc.Gold, doc.Prediction, doc.Scores["acc"], doc.Scores["acc_norm"], doc.Margin], row[..6]);
            Assert.Equal(doc.ChoiceLogprobs, (IEnumerable<double>)row[6]!);
            Assert.Equal(doc.ChoiceLengths, (IEnumerable<int>)row[7]!);
            Assert.Equal(doc.ChoiceTokens, (IEnumerable<int>)row[8]!);
            Assert.Equal(doc.ChoiceGreedy, (IEnumerable<bool>)row[9]!);
            Assert.Equal([doc.PromptTokens, doc.Truncated], row[10..]);
        }
        Assert.Equal([[docs.Average(doc => doc.Scores["acc_norm"])]], Duck("select avg(acc_norm) from DETAILS"));
    }

    [Fact]
    public void DuckDB_reads_the_tasks_of_a_run_together()
    {
        Written(Graded("arc", 3, Score));
        Written(Graded("truthfulqa", 2, Score));
        Written(Graded("gsm8k", 2, (_, _) => new Completion(" So it is 4.\n#### 4")));
        var rows = Duck("select count(*), count(gold), count(labels), count(generated_text), min(predicted_answer) from DETAILS");
        Assert.Equal(["7", "5", "2", "2", "4"], rows[0].Select(value => $"{value}"));
    }

    [Theory]
    [InlineData("arc")]
    [InlineData("hellaswag")]
    [InlineData("mmlu_abstract_algebra")]
    [InlineData("truthfulqa")]
    [InlineData("winogrande")]
    public void What_was_written_is_read_back(string name)
    {
        var graded = Graded(name, 5, Score);
        var docs = Written(graded);
        var read = DetailsReader.Read(folder.Path, graded.Questions.Task.Name, Record(graded))!;
        Assert.Equal(docs.Select(Plain), read.Select(Plain));
        Assert.All(docs, doc => Assert.Equal(
            doc.Scores.GetValueOrDefault(graded.Questions.Task.Headline == "mc2" ? "mc1" : graded.Questions.Task.Headline) > 0.5,
            doc.Gold == doc.Prediction));
        Assert.All(docs, doc => Assert.Equal(doc.Gold == doc.Prediction, doc.Margin > 0 || (doc.Margin == 0 && doc.Prediction == doc.Gold)));
    }

    [Fact]
    public void Generated_text_is_read_back_as_it_was()
    {
        string[] texts = ["", " 2 + 2 = 4\n#### 4", "\0 \u2028 </script> 😀", " half a pair \ud83d"];
        var graded = Graded("gsm8k", 4, (doc, _) => new Completion(texts[doc]));
        Written(graded);
        var read = DetailsReader.Read(folder.Path, "gsm8k", Record(graded))!;
        Assert.Equal([.. texts[..3], " half a pair \ufffd"], read.Select(doc => doc.GeneratedText));
        Assert.Equal([null, "4", null, null], read.Select(doc => doc.PredictedAnswer));
        Assert.All(read, doc => Assert.NotNull(doc.GoldAnswer));
    }

    [Fact]
    public void Likelihoods_that_are_no_numbers_are_kept()
    {
        double[] odd = [double.NaN, double.NegativeInfinity, -1, double.PositiveInfinity];
        var graded = Graded("hellaswag", 2, (_, i) => new Likelihood(odd[i % 4], false));
        Written(graded);
        Assert.Equal(odd, DetailsReader.Read(folder.Path, "hellaswag", Record(graded))![0].ChoiceLogprobs);
    }

    [Fact]
    public void The_same_documents_make_the_same_bytes()
    {
        var graded = Graded("winogrande", 5, Score);
        Written(graded);
        var path = DetailsFile.Path(folder.Path, "winogrande");
        var first = File.ReadAllBytes(path);
        Written(graded);
        Assert.Equal(first, File.ReadAllBytes(path));
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(path)!)); // no temporary file stays
    }

    [Fact]
    public void Prompts_are_kept_only_on_request()
    {
        Written(Graded("arc", 2, Score));
        Assert.DoesNotContain("full_prompt", Duck("describe select * from DETAILS").Select(row => row[0]));
        var graded = Graded("arc", 2, Score);
        Written(graded, prompts: true);
        var rows = Duck("select full_prompt, choices from DETAILS");
        Assert.Equal(graded.Docs.Select(doc => doc.Asked.Requests[0].Context), rows.Select(row => row[0]));
        Assert.Equal(((MultipleChoice)graded.Docs[0].Asked.Doc).Choices, (IEnumerable<string>)rows[0][1]!);
        Written(Graded("winogrande", 2, Score), prompts: true);
        Assert.Equal("2", $"{Duck("select len(full_prompts) from DETAILS where full_prompts is not null")[0][0]}");
    }

    [Fact]
    public void Details_of_other_documents_and_broken_ones_are_refused_in_one_line()
    {
        var graded = Graded("arc", 4, Score);
        var record = Record(graded);
        Assert.Null(DetailsReader.Read(folder.Path, "arc_challenge", record));
        Written(Graded("arc", 3, Score));
        Assert.Contains("not those of the run", Refusal());
        var path = DetailsFile.Path(folder.Path, "arc_challenge");
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..100]);
        Assert.Contains("not a whole Parquet file", Refusal());
        DetailsFile.Write(folder.Path, "arc_challenge",
            [.. graded.Docs.Select(doc => DocDetail.From(graded.Questions.Task, doc) with { Gold = 77 })]);
        Assert.Contains("\"gold\"", Refusal());

        string Refusal()
        {
            var message = Assert.Throws<InputException>(() => DetailsReader.Read(folder.Path, "arc_challenge", record)).Message;
            Assert.DoesNotContain('\n', message);
            return message;
        }
    }

    [Fact]
    public void A_task_is_not_looked_for_outside_the_details()
    {
        var graded = Graded("arc", 3, Score);
        Written(graded);
        Directory.CreateDirectory(Path.Combine(folder.Path, "other", "details"));
        var other = Path.Combine(folder.Path, "other");
        Assert.True(File.Exists(DetailsFile.Path(other, "../../details/arc_challenge")));
        Assert.Null(DetailsReader.Read(other, "../../details/arc_challenge", Record(graded)));
    }

    private static string Plain(DocDetail doc) => System.Text.Json.JsonSerializer.Serialize(doc);
}
