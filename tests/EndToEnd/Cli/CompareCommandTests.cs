using System.Text.Json.Nodes;

namespace Cognito.Eval.Tests;

/// <summary>compare and gate as a user runs them, from an empty folder.</summary>
public sealed class CompareCommandTests : IDisposable
{
    private static readonly string Nano = Fixture.Path("runs", "cognito-nano-200.json"), Early = Fixture.Path("runs", "cognito-nano-early-200.json");

    private readonly CommandLine line = new();

    public void Dispose() => line.Dispose();

    private string Works(params string[] args)
    {
        // Neither needs a libtorch: it would be looked for where there is none.
        var outcome = line.Run([("COGNITO_LIBTORCH", line.At("nowhere"))], args);
        Assert.True(outcome.Code == 0, outcome.Error);
        Assert.Empty(outcome.Error);
        return outcome.Out;
    }

    private void Refused(string fact, params string[] args)
    {
        var outcome = line.Run(args);
        Assert.Equal(2, outcome.Code);
        Assert.Empty(outcome.Out);
        Assert.Contains(fact, outcome.Error);
        Assert.Single(outcome.Error.TrimEnd().Split('\n'));
    }

    [Fact]
    public void Two_runs_are_a_table_with_intervals_and_what_their_settings_differ_in()
    {
        var table = Works("compare", Nano, Early);
        Assert.StartsWith("cognito-nano-early and cognito-nano differ on no benchmark beyond chance; true differences of 2.2 to 14.4 points would be seen in 4 of 5 comparisons.", table);
        Assert.Contains("| Winogrande, acc     |    53.00 |     46.00 |      -7.00 |   4.16 | -15.19 .. +1.22 |   28 |     42 | 0.0959 |", table);
        Assert.Contains("| Average ", table);
        Assert.Contains("weights_sha256: 79c682723aef and 637649f99126", table);
        Assert.DoesNotContain("anatomy", table);
        Assert.Contains("hendrycksTest-anatomy", Works("compare", Nano, Early, "--subjects"));
        Assert.DoesNotContain("| ARC", Works("compare", Nano, Early, "--tasks", "mmlu,gsm8k"));
        Assert.StartsWith("## cognito-nano and cognito-nano-early\n\ncognito-nano-early and cognito-nano differ on no benchmark beyond chance; ", Works("compare", Nano, Early, "--format", "markdown"));
    }

    [Fact]
    public void Numbers_for_other_programs_are_unrounded()
    {
        var json = JsonNode.Parse(Works("compare", Nano, Early, "--format", "json"))![0]!;
        Assert.Equal(4.1643377, json["columns"]![4]!["standard_error"]!.GetValue<double>(), 6);
        Assert.Equal("Average", json["average"]!["name"]!.GetValue<string>());
        Assert.Equal(-15.1907, json["columns"]![4]!["interval"]!["low"]!.GetValue<double>(), 4);
        var csv = Works("compare", Nano, Early, "--format", "csv").TrimEnd().Split('\n');
        Assert.Equal(1 + 6 + 57 + 1, csv.Length);
        Assert.StartsWith("baseline_model,candidate_model,column,name,metric,documents,paired,", csv[0]);
        Assert.EndsWith(",adjusted_p,detectable,baseline_not_finite,candidate_not_finite,exact_p,pooled_p,cluster,robust_error", csv[0]);
        Assert.All(csv, row => Assert.Equal(26, row.Split(',').Length));
    }

    [Fact]
    public void More_runs_are_a_matrix_and_a_pattern_names_them()
    {
        foreach (var name in new[] { "a", "b", "c" })
            line.Write($"runs/{name}/results.json", File.ReadAllText(name == "b" ? Early : Nano));
        var text = Works("compare", "runs/*/results.json");
        Assert.StartsWith("- cognito-nano-early and cognito-nano (", text);
        Assert.Contains("| Average, row - column ", text);
        Assert.Contains("| Against cognito-nano (", text);
        Assert.Contains("46.00 (-7.00)", text);
        Assert.Contains("runs/c", text);
    }

    [Fact]
    public void Different_questions_are_refused_and_can_be_explained()
    {
        var other = line.Write("other.json", File.ReadAllText(Early).Replace("\"num_fewshot\": 25,", "\"num_fewshot\": 10,", StringComparison.Ordinal));
        Refused("arc_challenge: 25 and 10 shots", "compare", Nano, other);
        Refused("arc_challenge: 25 and 10 shots", "gate", "-b", Nano, "-c", other);
        Assert.Contains("| num_fewshot of arc_challenge | 25 ", Works("compare", Nano, other, "--why"));
        Assert.Contains("Winogrande", Works("compare", Nano, other, "--tasks", "winogrande"));
    }

    [Fact]
    public void What_cannot_be_compared_is_one_line()
    {
        Refused("one run", "compare", Nano);
        Refused("no such file", "compare", Nano, "nowhere.json");
        Refused("no details", "compare", Nano, Early, "--details");
        Refused("--details", "compare", Nano, Early, "--details", "-f", "json");
        Refused("--flips: it is for two runs", "compare", Nano, Early, "--flips", "3", "-f", "json");
        Refused("--csv: it is for two runs", "compare", Nano, Early, Early, "--csv", "x.csv");
        Refused("--flips -1: give how many", "compare", Nano, Early, "--flips", "-1");
        Refused("--csv", "compare", Nano, Early, "--csv", line.Folder);
        Refused("nothing matches", "compare", Nano, "nothing*/results.json");
        Refused("not a run", "compare", Nano, line.Write("x.json", "{"));
        Refused("not a run", "compare", Nano, line.Write("y.json", "[]"));
        Refused("as many acc scores as documents", "compare", Nano, line.Write("z.json", Cut("scores")));
        Refused("doc_ids", "compare", Nano, line.Write("w.json", Cut("doc_ids")));
        Refused("--baseline", "gate", "-c", Nano);
        Refused("policy.yaml", "gate", "-b", Nano, "-c", Nano, "--policy", line.Write("policy.yaml", "deltas: 1\n"));
        Refused("no such file", "gate", "-b", Nano, "-c", Nano, "--policy", "none.yaml");
        Refused("GITHUB_STEP_SUMMARY is not set", "gate", "-b", Nano, "-c", Nano, "--step-summary");
    }

    /// <summary>The run with a list of gsm8k's without its last entry.</summary>
    private static string Cut(string key)
    {
        var run = JsonNode.Parse(File.ReadAllText(Early))!;
        var list = key == "scores" ? run["tasks"]!["gsm8k"]!["scores"]!["acc"]!.AsArray() : run["tasks"]!["gsm8k"]!["doc_ids"]!.AsArray();
        list.RemoveAt(list.Count - 1);
        return run.ToJsonString();
    }

    [Fact]
    public void The_gate_says_its_verdict_as_an_exit_code_a_table_and_JUnit()
    {
        var passed = line.Run([("GITHUB_STEP_SUMMARY", line.At("summary.md"))], "gate", "-b", Nano, "-c", Nano, "--junit", "out/gate.xml", "--step-summary");
        Assert.Equal((0, ""), (passed.Code, passed.Error));
        Assert.StartsWith("Gate: pass\n\ncognito-nano (", passed.Out);
        Assert.Contains(") gives the same answers as cognito-nano (", passed.Out.Split('\n')[2]);
        Assert.StartsWith("## Gate: pass\n\ncognito-nano (", File.ReadAllText(line.At("summary.md")));
        Assert.Contains("failures=\"0\"", File.ReadAllText(line.At("out", "gate.xml")));
        Assert.Equal(4, line.Run("gate", "-b", Nano, "-c", Early).Code);
        Assert.Equal(0, line.Run("gate", "-b", Nano, "-c", Early, "-p", line.Write("pass.yaml", "undecided: pass\n")).Code);
        Assert.Equal(1, line.Run("gate", "-b", Nano, "-c", Early, "-p", line.Write("fail.yaml", "undecided: fail\n")).Code);
        var regression = line.Run("gate", "-b", Nano, "-c", Early, "-p", line.Write("minimum.yaml", "minimum: {Winogrande: 50}\n"));
        Assert.Equal(1, regression.Code);
        Assert.StartsWith("Gate: regression: Winogrande at least\n", regression.Out);
        Assert.Equal("regression", JsonNode.Parse(line.Run("gate", "-b", Nano, "-c", Early, "-p", "minimum.yaml", "--json").Out)!["verdict"]!.GetValue<string>());
    }

    /// <summary>Without weights and details nothing is known of the answers, but that they are these.</summary>
    [Fact]
    public void A_run_passes_against_itself_whatever_is_known_of_it()
    {
        using var runs = new TwoRuns();
        var (file, copy) = (line.Write("bare/results.json", File.ReadAllText(runs.First)), line.Write("copy/results.json", File.ReadAllText(runs.First)));
        Assert.StartsWith("Gate: pass\n", Works("gate", "-b", file, "-c", file));
        Assert.StartsWith("Gate: pass\n", Works("gate", "-b", file, "-c", "bare"));
        Assert.Equal(4, line.Run("gate", "-b", file, "-c", copy).Code);
    }

    [Fact]
    public void Documents_that_flipped_are_shown_and_written()
    {
        using var runs = new TwoRuns();
        var (first, second) = (Path.GetDirectoryName(runs.First)!, Path.GetDirectoryName(runs.Second)!);
        var outcome = line.Run("compare", first, second, "--flips", "2", "--csv", "out/flips.csv");
        Assert.Equal((0, "written: out/flips.csv\n"), (outcome.Code, outcome.Error));
        Assert.Contains("\nLost: ", outcome.Out);
        Assert.Contains(" that gained most, by the change of the score, then of the margin:\n\n1. ", outcome.Out);
        var rows = File.ReadAllLines(line.At("out", "flips.csv"));
        Assert.Equal(rows.Length - 1, outcome.Out.Split('\n').Where(row => row.StartsWith("Lost: ", StringComparison.Ordinal) || row.StartsWith("Gained: ", StringComparison.Ordinal))
            .Sum(row => int.Parse(row.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture)));
        Assert.Contains("Run both with --details full to see prompts and choices too.", Works("compare", Nano, Early, "--flips", "1"));
    }

    [Fact]
    public void A_watch_looks_at_every_run_of_a_folder_and_says_the_newest_ones_verdict()
    {
        line.Write("runs/one/results.json", File.ReadAllText(Early));
        line.Write("runs/two/deep/results.json", File.ReadAllText(Early));
        var quiet = Works("gate", "-b", Nano, "--watch", "runs", "--html", "out/watch.html");
        Assert.StartsWith("Watch: quiet\n", quiet);
        Assert.Contains("| two/deep ", quiet.Replace('\\', '/'));
        Assert.Contains("<svg", File.ReadAllText(line.At("out", "watch.html")));
        Assert.Equal(2, JsonNode.Parse(Works("gate", "-b", Nano, "--watch", "runs", "--json"))!["looks"]!.AsArray().Count);
        line.Write("right.json", Scored("arc_challenge", 1));
        line.Write("runs/zero/results.json", Scored("arc_challenge", 0));
        var alarm = line.Run("gate", "-b", line.At("right.json"), "-w", "runs");
        Assert.Equal(1, alarm.Code);
        Assert.Contains("alarm", alarm.Out);
        Refused("no such folder", "gate", "-b", Nano, "--watch", "nowhere");
        Refused("no results.json in it", "gate", "-b", Nano, "--watch", "out");
        Refused("--candidate", "gate", "-b", Nano, "--watch", "runs", "-c", Early);
        Refused("give --candidate RUN, or --watch DIR", "gate", "-b", Nano);
        Refused("--html: it is for --watch", "gate", "-b", Nano, "-c", Early, "--html", "x.html");
    }

    /// <summary>A run whose headline scores of a task are all the same.</summary>
    private static string Scored(string task, double score)
    {
        var run = JsonNode.Parse(File.ReadAllText(Early))!;
        var scores = run["tasks"]![task]!["scores"]![run["tasks"]![task]!["headline"]!.GetValue<string>()]!.AsArray();
        for (var i = 0; i < scores.Count; i++)
            scores[i] = score;
        return run.ToJsonString();
    }

    /// <summary>Details show that two models' replies are equal, which scores alone do not.</summary>
    [Fact]
    public void Equal_replies_in_details_are_the_same_answers()
    {
        using var runs = new TwoRuns();
        foreach (var name in new[] { "same", "bare" })
            line.Write($"{name}/results.json", File.ReadAllText(runs.First));
        foreach (var details in Directory.GetFiles(Path.Combine(Path.GetDirectoryName(runs.First)!, "details")))
        {
            Directory.CreateDirectory(line.At("same", "details"));
            File.Copy(details, line.At("same", "details", Path.GetFileName(details)));
        }
        var same = line.Run("gate", "-b", Path.GetDirectoryName(runs.First)!, "-c", "same");
        Assert.Equal(0, same.Code);
        Assert.Contains("the same answers", same.Out);
        Assert.DoesNotContain("the same answers", line.Run("gate", "-b", Path.GetDirectoryName(runs.First)!, "-c", "bare").Out);
        Assert.DoesNotContain("the same answers", line.Run("gate", "-b", Path.GetDirectoryName(runs.First)!, "-c", Path.GetDirectoryName(runs.Second)!).Out);
    }
}
