using System.Text.Json;
using System.Text.RegularExpressions;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>
/// src/Cognito.Eval/Comparison/clusters.json against the rules that it follows from, over the published rows. After a
/// change of a rule COGNITO_EVAL_APPROVE=1 writes it.
/// </summary>
public sealed partial class ClusterTableTests
{
    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();

    private static string[] Words(string text) => [.. Word().Matches(text.ToLowerInvariant()).Select(word => word.Value)];

    /// <summary>Neighbours that have at least half of their distinct words in common.</summary>
    private static IEnumerable<int[]> Twins(IReadOnlyList<string> sentences)
    {
        var words = sentences.Select(sentence => Words(sentence).ToHashSet()).ToList();
        return Enumerable.Range(0, words.Count - 1)
            .Where(i => 2 * words[i].Intersect(words[i + 1]).Count() >= words[i].Union(words[i + 1]).Count())
            .Select(i => new[] { i, i + 1 });
    }

    /// <summary>
    /// Questions with 40 words in a row in common, unless more than a tenth of the subject has them: those are
    /// instructions.
    /// </summary>
    private static IEnumerable<int[]> Passages(IReadOnlyList<string> questions)
    {
        const int Long = 40;
        var having = new Dictionary<string, HashSet<int>>();
        foreach (var (row, question) in questions.Index())
            if (Words(question) is { Length: >= Long } words)
                for (var i = 0; i + Long <= words.Length; i++)
                {
                    var said = string.Join(' ', words, i, Long);
                    (having.TryGetValue(said, out var rows) ? rows : having[said] = []).Add(row);
                }
        // Of each row, the first that it hangs together with.
        var first = Enumerable.Range(0, questions.Count).ToArray();
        int Find(int row) => first[row] == row ? row : first[row] = Find(first[row]);
        foreach (var rows in having.Values.Where(rows => rows.Count > 1 && rows.Count <= Math.Max(2, questions.Count / 10)))
            foreach (var row in rows)
            {
                var (one, other) = (Find(rows.Min()), Find(row));
                first[Math.Max(one, other)] = Math.Min(one, other);
            }
        return first.Select((_, row) => row).GroupBy(Find).Where(group => group.Count() > 1).Select(group => group.ToArray());
    }

    [Fact]
    public void The_table_follows_from_the_published_rows()
    {
        var root = DataRoot.Open(Shared.Path("data"));
        var table = new List<string>();
        var (twins, together) = (0, 0);
        foreach (var task in TaskSet.Leaderboard.Select(["winogrande,mmlu"]).Tasks)
        {
            var split = root.Read(task.Dataset, task.Split);
            var isPaired = task.Name == "winogrande";
            int[][] groups = isPaired
                ? [.. Twins([.. split.Rows.Select(row => row.Text("sentence"))])]
                : [.. Passages([.. split.Rows.Select(row => row.Text("question"))])];
            twins += isPaired ? groups.Length : 0;
            together += isPaired ? 0 : groups.Sum(group => group.Length);
            Assert.Equal(groups.Sum(group => group.Length), groups.SelectMany(group => group).Distinct().Count());
            if (groups.Length > 0)
                table.Add($" \"{split.Sha256}\": {{\"task\": \"{task.Name}\", \"cluster\": \"{(isPaired ? "twins" : "passage")}\", "
                    + $"\"rows\": {JsonSerializer.Serialize(groups)}}}");
        }
        Assert.Equal((284, 882), (twins, together));
        var path = Path.Combine(Fixture.Repository, "src", "Cognito.Eval", "Comparison", "clusters.json");
        var text = "{\n" + string.Join(",\n", table) + "\n}\n";
        if (Environment.GetEnvironmentVariable("COGNITO_EVAL_APPROVE") == "1")
            File.WriteAllText(path, text);
        Assert.Equal(File.ReadAllText(path), text);
    }
}
