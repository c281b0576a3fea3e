using System.Text.RegularExpressions;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Reports.Html;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

public sealed class RoutingSectionTests : IDisposable
{
    private readonly TwoRuns made = new();

    public void Dispose() => made.Dispose();

    private static RoutingRecord Record(long tokens, params (double First, double Entropy)[] layers) => new(tokens,
        [.. layers.Select(layer => new RoutingLayer([layer.First / 2, 1 - layer.First / 2], [layer.First, 1 - layer.First], layer.Entropy))]);

    private string Page(int runs, params (string Task, RoutingRecord Routing)[] routing)
    {
        var read = made.Runs(runs).ToList();
        read[0] = read[0] with { Run = read[0].Run with { Routing = routing.ToDictionary(task => task.Task, task => task.Routing) } };
        return HtmlReport.Render(read, TaskSet.Leaderboard.Columns);
    }

    private static string Section(string page) => Regex.Match(page, "<section id=\"routing\">.*?</section>", RegexOptions.Singleline).Value;

    [Fact]
    public void Runs_without_routing_have_no_such_section() =>
        Assert.DoesNotContain("id=\"routing\"", HtmlReport.Render(made.Runs(), TaskSet.Leaderboard.Columns), StringComparison.Ordinal);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Each_layers_shares_weights_and_entropy_are_drawn_and_listed(int runs)
    {
        var section = Section(Page(runs, ("arc_challenge", Record(40, (0.25, 0.5), (0.875, 0.125)))));
        Assert.Contains("href=\"#routing\"", Page(runs, ("arc_challenge", Record(40, (0.25, 0.5)))), StringComparison.Ordinal);
        Assert.Equal(2, Regex.Count(section, "<svg"));
        Assert.Contains("25.0 to 87.5", section, StringComparison.Ordinal);
        Assert.Contains("0.125 to 0.500 (all experts alike: 0.693)", section, StringComparison.Ordinal);
        var cells = Regex.Matches(section, "<td class=\"num\"[^>]*>([^<]*)</td>").Select(cell => cell.Groups[1].Value);
        Assert.Equal(["0", "0.125", "0.875", "25.0", "75.0", "0.500", "1", "0.438", "0.562", "87.5", "12.5", "0.125"], cells);
    }

    [Fact]
    public void Subjects_of_a_column_are_pooled_by_their_tokens_and_tasks_told_apart()
    {
        var read = made.Runs(1).Single();
        var arc = read.Run.Tasks["arc_challenge"];
        var run = read with
        {
            Run = read.Run with
            {
                Tasks = new Dictionary<string, TaskRecord>(read.Run.Tasks) { ["hendrycksTest-a"] = arc with { Column = "MMLU" }, ["hendrycksTest-b"] = arc with { Column = "MMLU" } },
                Results = read.Run.Results.Concat(["hendrycksTest-a", "hendrycksTest-b"], task => read.Run.Results["arc_challenge"]),
                Leaderboard = read.Run.Leaderboard! with { Columns = new Dictionary<string, double?>(read.Run.Leaderboard!.Columns) { ["MMLU"] = 30 } },
                Routing = new Dictionary<string, RoutingRecord>
                {
                    ["arc_challenge"] = Record(10, (0.1, 0.3)),
                    ["hendrycksTest-a"] = Record(30, (0.2, 0.6)),
                    ["hendrycksTest-b"] = Record(10, (0.6, 0.2)),
                },
            },
        };
        var section = Section(HtmlReport.Render([run], TaskSet.Leaderboard.Columns));
        Assert.Equal(2, Regex.Count(section, "<th scope=\"row\">"));
        Assert.Contains("<td class=\"num\" data-label=\"first, %, 0\">30.0</td>", section, StringComparison.Ordinal); // (30 x 20 + 10 x 60) / 40
        Assert.Contains("tasks differ most at layer 0, by 20.0 points", section, StringComparison.Ordinal);
    }

    [Fact]
    public void Layers_have_the_models_own_numbers()
    {
        static RoutingRecord Numbered(RoutingRecord record, params int[] numbers) =>
            record with { Layers = [.. record.Layers.Zip(numbers, (layer, number) => layer with { Layer = number })] };
        var page = Page(1, ("arc_challenge", Numbered(Record(40, (0.25, 0.5), (0.5, 0.5)), 1, 3)),
            ("gsm8k", Numbered(Record(40, (0.25, 0.5), (0.75, 0.5)), 1, 3)), ("winogrande", Record(40, (0.25, 0.5), (0.75, 0.5))));
        var rows = Regex.Matches(Section(page), "<th scope=\"row\">[^<]*</th><td class=\"num\"[^>]*>([^<]*)</td>").Select(row => row.Groups[1].Value);
        Assert.Equal(["1", "3", "1", "3"], rows);
        Assert.Contains("tasks differ most at layer 3, by 25.0 points", Section(page), StringComparison.Ordinal);
        Assert.All((int[][])[[3, 1], [1, 1], [-1, 2]], numbers =>
            Assert.Equal("", Section(Page(1, ("arc_challenge", Numbered(Record(40, (0.25, 0.5), (0.5, 0.5)), numbers))))));
        Assert.Contains("<td class=\"num\" data-label=\"Layer\">2147483647</td>",
            Section(Page(1, ("arc_challenge", Numbered(Record(40, (0.25, 0.5), (0.5, 0.5)), 0, int.MaxValue)))), StringComparison.Ordinal);
    }

    [Fact]
    public void Records_of_another_shape_or_no_numbers_are_left_out()
    {
        var section = Section(Page(1, ("arc_challenge", Record(40, (0.25, 0.5))), ("gsm8k", Record(40, (0.25, 0.5), (0.3, 0.1)))));
        Assert.Single(Regex.Matches(section, "<th scope=\"row\">"));
        Assert.Equal("", Section(Page(1, ("arc_challenge", Record(40, (double.NaN, 0.5))))));
        Assert.Equal("", Section(Page(1, ("arc_challenge", Record(0, (0.5, 0.5))))));
        Assert.Equal("", Section(Page(1, ("arc_challenge", new(3, [])))));
    }

    [Fact]
    public void Eight_experts_are_a_plot_each()
    {
        double[] eight = [.. Enumerable.Repeat(0.125, 8)];
        Assert.Equal(9, Regex.Count(Section(Page(1, ("arc_challenge", new(3, [new(eight, eight, 2)])))), "<svg"));
        double[] nine = [.. Enumerable.Repeat(1 / 9.0, 9)];
        var section = Section(Page(1, ("arc_challenge", new(3, [new(nine, nine, 2)]))));
        Assert.Equal(9, Regex.Count(section, "<svg"));
        Assert.Contains("Drawn are the first 8 of 9 experts", section, StringComparison.Ordinal);
    }
}

file static class Merged
{
    public static Dictionary<string, T> Concat<T>(this IReadOnlyDictionary<string, T> map, string[] keys, Func<string, T> value)
    {
        var all = new Dictionary<string, T>(map);
        foreach (var key in keys)
            all[key] = value(key);
        return all;
    }
}
