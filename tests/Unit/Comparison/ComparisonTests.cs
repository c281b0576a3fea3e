using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Cognito.Eval.Comparison;
using Cognito.Eval.Files;
using Cognito.Eval.Reports;
using Cognito.Eval.Results;

namespace Cognito.Eval.Tests;

/// <summary>Two real runs compared, against figures worked out from their files, and runs that cannot be.</summary>
public sealed class ComparisonTests
{
    private static Contrast Of(RunComparison comparison, string column) => comparison.Columns.Single(c => c.Name == column);

    [Fact]
    public void Winogrande_is_what_its_two_files_say_by_hand()
    {
        double[] Scores(string file) => [.. JsonNode.Parse(File.ReadAllText(Fixture.Path("runs", file)))!
            ["tasks"]!["winogrande"]!["scores"]!["acc"]!.AsArray().Select(score => score!.GetValue<double>())];
        var pairs = Scores("cognito-nano-200.json").Zip(Scores("cognito-nano-early-200.json")).ToList();
        var (wins, losses) = (pairs.Count(p => p is (0, 1)), pairs.Count(p => p is (1, 0)));
        Assert.Equal((200, 28, 42), (pairs.Count, wins, losses));
        var winogrande = Of(RunComparison.Create(MadeRuns.Nano, MadeRuns.Early), "Winogrande");
        Assert.Equal((28, 42), (winogrande.Wins, winogrande.Losses));
        Assert.Equal((53.0, 46.0), (winogrande.Baseline, winogrande.Candidate));
        Assert.Equal(-7, winogrande.Difference, 10);
        // √((70 - 200 · 0.07²) / 199 / 200), and Tango's interval by another program (make-comparison-goldens.py).
        Assert.Equal(100 * Math.Sqrt(69.02 / 199 / 200), winogrande.StandardError!.Value, 10);
        Assert.Equal(-15.190707220344635, winogrande.Interval!.Value.Low, 1e-9);
        Assert.Equal(1.2189798641949502, winogrande.Interval!.Value.High, 1e-9);
        // Connor's (1987) for 70 discordant of 200, which the exact power is near to.
        Assert.Equal(11.5, winogrande.Detectable!.Value, 0.2);
        // Σ C(70, k) for k up to 28, in whole numbers: 2 of it / 2⁷⁰, and half of the last one's share less.
        var (choose, sum) = (System.Numerics.BigInteger.One, System.Numerics.BigInteger.One);
        for (var k = 1; k <= 28; k++)
            sum += choose = choose * (71 - k) / k;
        Assert.Equal((double)sum / Math.Pow(2, 69), winogrande.ExactP!.Value, 10);
        Assert.Equal((double)(2 * sum - choose) / Math.Pow(2, 70), winogrande.P!.Value, 10);
    }

    [Fact]
    public void The_other_columns_are_what_an_independent_script_said()
    {
        // Python's math and fractions on the two files.
        var comparison = RunComparison.Create(MadeRuns.Nano, MadeRuns.Early);
        var truthful = Of(comparison, "TruthfulQA");
        Assert.Equal((-2.047680112129153, 1.9641174081115826), (truthful.Difference, truthful.StandardError!.Value), Close);
        Assert.Equal("score", truthful.Test);
        var arc = Of(comparison, "ARC");
        Assert.Equal((1.0, 3.1694204723660877), (arc.Difference, arc.StandardError!.Value), Close);
        Assert.Equal(0.8746293123804207, arc.ExactP!.Value, 9);
        var mmlu = Of(comparison, "MMLU");
        Assert.Equal((0.753349857941068, 0.626282649375303), (mmlu.Difference, mmlu.StandardError!.Value), Close);
        Assert.Equal(0.6382240861617613, mmlu.ClusterError!.Value, 10);
        Assert.Equal((57, 1533, 1436, 9183), (mmlu.Tasks.Count, mmlu.Wins, mmlu.Losses, mmlu.Documents));
        var average = comparison.Average!;
        Assert.Equal(comparison.Columns.Average(c => c.Difference), average.Difference, 10);
        Assert.Equal(Math.Sqrt(comparison.Columns.Sum(c => c.StandardError!.Value * c.StandardError!.Value) / 36), average.StandardError!.Value, 10);
        Assert.Equal(MadeRuns.Nano.Leaderboard.Average!.Value, average.Baseline, 10);
        Assert.Equal(MadeRuns.Early.Leaderboard.Average!.Value, average.Candidate, 10);
        Assert.Equal(["weights_sha256"], comparison.Provenance.Select(unlike => unlike.What));
        Assert.Empty(comparison.Notes);
    }

    [Fact]
    public void Documents_that_hang_together_have_an_error_of_their_own_and_the_gate_goes_by_the_larger()
    {
        var golden = JsonNode.Parse(File.ReadAllText(Fixture.Path("comparison-goldens.json")))!["robust"]!;
        var comparison = RunComparison.Create(MadeRuns.Nano, MadeRuns.Early);
        foreach (var (name, cluster) in new[] { ("Winogrande", "twins"), ("MMLU", "passage") })
        {
            var column = Of(comparison, name);
            Assert.Equal(cluster, column.Cluster);
            Assert.Equal(golden[name]!.GetValue<double>(), column.RobustError!.Value, 1e-9);
        }
        Assert.Equal((null, null), (Of(comparison, "ARC").Cluster, Of(comparison, "ARC").RobustError));
        Assert.Contains("Winogrande: documents hang together (twins)", ComparisonText.OfTwo(comparison));
        // Twins that move together make one error larger, twins that move against each other do not make it smaller for the gate.
        var twins = Clusters.Of(MadeRuns.Nano.Tasks["winogrande"])!;
        int[] seconds = [.. Enumerable.Range(1, 199).Where(row => twins.Count([row - 1, row]) == 1)];
        Assert.InRange(seconds.Length, 30, 60);
        Contrast Moved(Func<int, double> score)
        {
            Run Of200(Func<int, double> score) => MadeRuns.Nano.With("winogrande", task => task with { DocIds = [.. Enumerable.Range(0, 200)] })
                .WithScores("winogrande", scores => [.. scores.Select((_, row) => score(row))]);
            return Of(RunComparison.Create(Of200(_ => 0), Of200(score)), "Winogrande");
        }
        int[] half = [.. seconds.Where((_, k) => k % 2 == 0)];
        var together = Moved(row => half.Contains(row) || half.Contains(row + 1) ? 1 : 0);
        Assert.True(together.RobustError > 1.2 * together.StandardError);
        Assert.True(together.DropInterval()!.Value.High - together.DropInterval()!.Value.Low > 1.2 * (together.Interval!.Value.High - together.Interval.Value.Low));
        var against = Moved(row => seconds.Contains(row) ? 1 : 0);
        Assert.True(against.RobustError < against.StandardError);
        Assert.Equal(-against.Interval!.Value.Low, against.DropInterval()!.Value.High, 1e-12);
    }

    private static bool Close((double, double) a, (double, double) b) =>
        Math.Abs(a.Item1 - b.Item1) < 1e-9 && Math.Abs(a.Item2 - b.Item2) < 1e-9;

    [Fact]
    public void A_better_candidate_has_a_difference_above_0_and_turning_round_changes_signs_alone()
    {
        var better = MadeRuns.Nano.WithScores("arc_challenge", scores => [.. scores.Select(_ => 1.0)]);
        var (there, back) = (Of(RunComparison.Create(MadeRuns.Nano, better), "ARC"), Of(RunComparison.Create(better, MadeRuns.Nano), "ARC"));
        Assert.Equal((100 - 25.5, 149, 0), (there.Difference, there.Wins, there.Losses));
        Assert.True(there.Interval!.Value.Low > 0);
        Assert.Equal((-there.Difference, 0, 149), (back.Difference, back.Wins, back.Losses));
        Assert.Equal(there.P, back.P);
        Assert.Equal(there.Interval!.Value.High, -back.Interval!.Value.Low, 10);
    }

    [Fact]
    public void A_limited_run_is_compared_on_the_documents_that_both_have()
    {
        var shorter = MadeRuns.Early.With("winogrande", task => task.First(50));
        var comparison = RunComparison.Create(MadeRuns.Nano, shorter);
        var winogrande = Of(comparison, "Winogrande");
        Assert.Equal(50, winogrande.Documents);
        Assert.Equal(100 * MadeRuns.Nano.Tasks["winogrande"].Scores["acc"].Take(50).Average(), winogrande.Baseline, 10);
        Assert.Contains(comparison.Notes, note => note.Contains("Winogrande: compared on the 50 documents that both were asked, of 200 and 50"));
    }

    [Theory]
    [InlineData("digest", "prompts that differ")]
    [InlineData("shots", "5 and 4 shots")]
    [InlineData("rows", "other rows in ")]
    [InlineData("order", "in another order")]
    [InlineData("metric", "scored by acc and acc_norm")]
    public void Different_questions_are_refused_with_what_differs(string what, string fact)
    {
        var other = MadeRuns.Early.With("winogrande", task => what switch
        {
            "digest" => task with { RequestsSha256 = task.RequestsSha256 with { Raw = new('0', 64) } },
            "shots" => task with { NumFewshot = 4 },
            "rows" => task with { DataSha256 = task.DataSha256.ToDictionary(split => split.Key, _ => new string('0', 64)) },
            "order" => task with { DocIds = [.. task.DocIds.Reverse()] },
            _ => task with { Headline = "acc_norm", Scores = new Dictionary<string, IReadOnlyList<double>> { ["acc_norm"] = task.Scores["acc"] } },
        });
        var error = Assert.Throws<InputException>(() => RunComparison.Create(MadeRuns.Nano, other));
        Assert.Contains($"winogrande: ", error.Message);
        Assert.Contains(fact, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void A_limited_run_of_another_protocol_is_not_a_part_of_the_other()
    {
        var other = MadeRuns.Early.With("winogrande", task => task.First(50)) with { Provenance = MadeRuns.Early.Provenance with { Protocol = "other" } };
        Assert.Contains("another protocol", Assert.Throws<InputException>(() => RunComparison.Create(MadeRuns.Nano, other)).Message);
    }

    [Fact]
    public void A_reported_card_is_compared_unpaired_and_says_so()
    {
        var card = new Run
        {
            Leaderboard = new(new OrderedDictionary<string, double?> { ["ARC"] = 50, ["Winogrande"] = 60 }, null, false, []),
            Provenance = new() { Model = "card", Kind = "reported" },
        };
        var comparison = RunComparison.Create(card, MadeRuns.Nano);
        var arc = Of(comparison, "ARC");
        Assert.False(arc.IsPaired);
        Assert.Null(arc.Wins);
        // The card's: 0/1 scores of mean 0.5 on 1172 published documents; nano's own 3.09.
        Assert.Equal(Math.Sqrt(2500.0 / 1171 + 3.089738243291862 * 3.089738243291862), arc.StandardError!.Value, 8);
        Assert.Contains(comparison.Notes, note => note.Contains("unpaired"));
        Assert.Equal("Mean of 2", comparison.Average!.Name);
        Assert.Equal(["HellaSwag", "MMLU", "TruthfulQA", "GSM8K"], comparison.Missing);
        var both = RunComparison.Create(card, card);
        Assert.Null(both.Columns[0].Interval);
        Assert.Null(both.Columns[0].P);
    }

    [Fact]
    public void One_document_has_a_difference_and_no_error()
    {
        Run One(Run run) => run.With("arc_challenge", task => task.First(1)).Without(task => task != "arc_challenge");
        var comparison = RunComparison.Create(One(MadeRuns.Nano), One(MadeRuns.Early));
        Assert.Null(comparison.Columns.Single().Interval);
        Assert.Null(comparison.Average);
        Assert.Contains("undecided", GateText.Markdown(Gate.Decide(One(MadeRuns.Nano), One(MadeRuns.Early), new()), default));
    }

    [Fact]
    public void Rounding_alone_is_neither_won_nor_tested()
    {
        var rounded = MadeRuns.Nano.WithScores("truthfulqa_mc", scores => [.. scores.Select(score => score * (1 - 1e-6))]);
        var truthful = Of(RunComparison.Create(MadeRuns.Nano, rounded), "TruthfulQA");
        Assert.Equal((0, 0, 1.0), (truthful.Wins, truthful.Losses, truthful.P));
        Assert.True(truthful.Difference < 0);
    }

    [Fact]
    public void What_is_no_number_counts_as_0_and_is_named()
    {
        var broken = MadeRuns.Nano.WithScores("truthfulqa_mc", scores => [double.NaN, .. scores.Skip(1)]);
        var comparison = RunComparison.Create(MadeRuns.Nano, broken);
        var first = MadeRuns.Nano.Tasks["truthfulqa_mc"].Scores["mc2"][0];
        Assert.Equal(-100 * first / 200, Of(comparison, "TruthfulQA").Difference, 9);
        Assert.Contains(comparison.Notes, note => note.Contains("1 scores are no numbers"));
    }

    [Fact]
    public void Many_runs_name_each_mean_and_take_every_cell_from_the_same_documents()
    {
        var runs = new[]
        {
            MadeRuns.Nano, MadeRuns.Early.Without(task => task == "gsm8k").With("arc_challenge", task => task.First(50)),
            MadeRuns.Early.Without(task => task is not ("arc_challenge" or "winogrande" or "gsm8k")),
        };
        string[] names = ["a", "b", "c"];
        var against = runs.Skip(1).Select((run, i) => RunComparison.Create(runs[0], run) with { Candidate = names[i + 1] }).ToList();
        var text = ManyRunsText.Of(names, against,
            [.. runs.Select(row => (IReadOnlyList<RunComparison?>)[.. runs.Select(column => row == column ? null : RunComparison.Create(column, row))])]);
        string Row(string start) => Regex.Replace(text.Split('\n').Single(row => Regex.Replace(row, " +", " ").StartsWith($"| {start} |", StringComparison.Ordinal)), " +", " ");
        // GSM8K only c has, and a's ARC is of its 200 documents; b's cell is of 50, with a's value there.
        var (arc, of50) = (against[1].Columns[0], against[0].Columns[0]);
        Assert.Equal($"| ARC | {Decimals.Of(arc.Baseline)} | {Decimals.Of(of50.Candidate)} ({Decimals.Signed(of50.Difference)} from {Decimals.Of(of50.Baseline)}, 50 documents) "
            + $"| {Decimals.Of(arc.Candidate)} ({Decimals.Signed(arc.Difference)}) |", Row("ARC"));
        Assert.Equal(("-", false), (Row("GSM8K").Split('|')[3].Trim(), Row("GSM8K").Split('|')[4].Contains(" - ")));
        Assert.Contains("| - |", Row("Mean of ARC, HellaSwag, MMLU, TruthfulQA, Winogrande"));
        Assert.Contains($"({Decimals.Signed(against[1].Average!.Difference)}", Row("Mean of ARC, Winogrande, GSM8K"));
        Assert.NotNull(Row("b | Mean of ARC, HellaSwag, MMLU, TruthfulQA, Winogrande"));
        // The matrix is of what all three have, and says where documents are fewer.
        Assert.Contains("Mean of ARC, Winogrande, row - column", text);
        Assert.Contains("(250 documents)", text);
        Assert.Contains("No column is there in every run", ManyRunsText.Of(["a", "b"], [against[0]],
            [[null, RunComparison.Create(MadeRuns.Nano.Without(task => task == "gsm8k"), MadeRuns.Early.Without(task => task != "winogrande"))],
             [RunComparison.Create(MadeRuns.Nano.Without(task => task != "gsm8k"), MadeRuns.Early.Without(task => task != "gsm8k")), null]]));
    }

    [Fact]
    public void Runs_without_a_column_in_common_are_refused() => Assert.Contains("no column in common", Assert.Throws<InputException>(() =>
        RunComparison.Create(MadeRuns.Nano.Without(task => task != "gsm8k"), MadeRuns.Nano.Without(task => task == "gsm8k"))).Message);

    [Fact]
    public void Settings_that_differ_are_explained()
    {
        var other = MadeRuns.Nano with
        {
            Provenance = MadeRuns.Nano.Provenance with
            {
                AddBos = true,
                Dtype = "bfloat16",
                Device = "cuda",
                MaxLength = 4096,
                Versions = new Dictionary<string, string> { ["libtorch"] = "2.11.0" },
            },
            Config = MadeRuns.Nano.Config! with { Limit = null },
        };
        other = other.With("gsm8k", task => task with { TruncatedRequests = 3 });
        var unlike = SettingDifferences.Between(MadeRuns.Nano, other);
        Assert.Equal(["limit", "add_bos", "max_length", "truncated_requests of gsm8k", "dtype", "device", "libtorch"], unlike.Select(u => u.What));
        Assert.Contains("add_bos: False and True", unlike.Select(u => u.ToString()));
        Assert.Empty(SettingDifferences.Between(MadeRuns.Nano, MadeRuns.Nano));
    }

    [Fact]
    public void A_runs_own_values_have_intervals()
    {
        var measured = Measured.FromRun(MadeRuns.Nano);
        Assert.Equal(["ARC", "HellaSwag", "MMLU", "TruthfulQA", "Winogrande", "GSM8K", "Average"], measured.Select(m => m.Name));
        var gsm8k = measured[5];
        // Wilson's for 4 of 200: (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n)
        Assert.Equal((0.780443, 5.028709), (gsm8k.Interval!.Value.Low, gsm8k.Interval.Value.High),
            (a, b) => Math.Abs(a.Item1 - b.Item1) < 1e-5 && Math.Abs(a.Item2 - b.Item2) < 1e-5);
        Assert.Equal(57, measured[2].Tasks.Count);
        Assert.Equal(MadeRuns.Nano.Leaderboard.Average!.Value, measured[6].Value, 10);
    }
}
