using System.Text.Json;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Reports;
using Cognito.Eval.Reports.Html;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>Two made-up runs on disk, and the datasets they asked.</summary>
internal sealed class TwoRuns : IDisposable
{
    public const string Script = "</script><script>window.pwned = 'script'</script>";
    public const string Image = "<img src=x onerror=\"window.pwned='image'\">";
    public const string Hostile = "Hostile: " + Script + Image + " '\"&amp; \u202e \0 \ud83d";

    private readonly TemporaryFolder folder = new();

    public TwoRuns(string first = "first", string second = "second")
    {
        var random = new Random(7);
        folder.Write("data/arc_challenge/test.jsonl", string.Concat(Enumerable.Range(0, 70).Select(i => JsonSerializer.Serialize(new
        {
            id = $"q{i}",
            question = i == 3 ? Hostile.Replace("\ud83d", "", StringComparison.Ordinal) : $"What is number {i}?",
            choices = new { text = new[] { $"one {i}", "two", i == 3 ? Image : "three", "four" }, label = new[] { "A", "B", "C", "D" } },
            answerKey = $"{(char)('A' + i % 4)}",
        }) + "\n")));
        folder.Write("data/gsm8k/test.jsonl", string.Concat(Enumerable.Range(0, 30).Select(i => JsonSerializer.Serialize(new
        {
            question = $"Ann has {i} apples and buys 2. How many?",
            answer = $"She has {i} + 2.\n#### {i + 2}",
        }) + "\n")));
        First = Make("1", first, random, skill: 1.5);
        Second = Make("2", second, random, skill: 0.5);
    }

    public string First { get; }

    public string Second { get; }

    public string Data => Path.Combine(folder.Path, "data");

    public string At(string name) => Path.Combine(folder.Path, name);

    /// <summary>The two, and the first once more.</summary>
    public IReadOnlyList<ReportedRun> Runs(int count = 2) => ReportedRun.Read(new[] { First, Second, First }[..count]);

    /// <summary>Writes the page of the runs.</summary>
    public string Page(bool texts = true, int runs = 2)
    {
        var shown = Runs(runs);
        var read = texts ? DocTexts.Read([.. shown.Select(run => run.Run)], TaskSet.Leaderboard.Tasks, DataRoot.Open(Data)) : null;
        var path = At($"report-{runs}-{texts}.html");
        File.WriteAllText(path, HtmlReport.Render(shown, TaskSet.Leaderboard.Columns, read));
        return path;
    }

    public void Dispose() => folder.Dispose();

    private string Make(string name, string model, Random random, double skill)
    {
        var graded = TaskSet.Leaderboard.Select(["arc,gsm8k"]).Tasks.Select(task =>
        {
            var asked = Questions.Ask(task, DataRoot.Open(Data), LeaderboardV1.Rules, shots: 0);
            return new GradedTask(asked, [.. asked.Docs.Select(doc => Answered(task, doc, random, skill))], 1);
        }).ToList();
        var run = Tally.Count(graded, LeaderboardV1.Rules, TaskSet.Leaderboard, new() { Model = model }, null, [$"made up {Image}"]);
        foreach (var task in graded)
            DetailsFile.Write(At(name), task.Questions.Task.Name, [.. task.Docs.Select(doc => DocDetail.From(task.Questions.Task, doc))]);
        return RunFile.Write(run, At(name));
    }

    private static GradedDoc Answered(EvalTask task, AskedDoc asked, Random random, double skill)
    {
        Reply[] replies = asked.Doc is MultipleChoice choice
            ? [.. choice.Choices.Select((_, i) => new Likelihood(-5 + (i == choice.Gold ? skill : 0) - 4 * random.NextDouble(), false))]
            : [new Completion(asked.Row == 5 ? Hostile : random.NextDouble() < skill / 2 ? $" So #### {asked.Row + 2}" : " So #### 0")];
        return new(asked, replies, 0, LeaderboardV1.Rules.Grade(task, asked.Doc, replies))
        {
            Tokens = [.. replies.Select(_ => new RequestTokens(50 + asked.Row, 3))],
        };
    }
}
