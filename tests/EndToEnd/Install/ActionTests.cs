using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace Cognito.Eval.Tests;

/// <summary>The action and the workflows: what they are told arrives as it is, and their scripts do what they say.</summary>
public sealed partial class ActionTests : IDisposable
{
    private static readonly string Scripts = Path.Combine(Fixture.Repository, ".github");
    private static readonly string Script = Path.Combine(Scripts, "action.sh");

    private readonly CommandLine line = new();

    public void Dispose() => line.Dispose();

    private static YamlMappingNode Yaml(string path)
    {
        var yaml = new YamlStream();
        using var text = File.OpenText(path);
        yaml.Load(text);
        return (YamlMappingNode)yaml.Documents[0].RootNode;
    }

    private static YamlMappingNode Action => Yaml(Path.Combine(Fixture.Repository, "action.yml"));

    private static IEnumerable<YamlMappingNode> Steps(YamlNode of) => ((YamlSequenceNode)of["steps"]).Cast<YamlMappingNode>();

    private static string? Of(YamlMappingNode node, string key) =>
        node.Children.TryGetValue(key, out var value) ? value.ToString() : null;

    /// <summary>A script's exit code and what it said; <paramref name="variables"/> are all that it is told.</summary>
    private (int Code, string Said) Bash(string[] args, params (string Name, string Value)[] variables)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the action's scripts are for bash");
        var start = new ProcessStartInfo("bash", args)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = line.Folder,
        };
        (string, string)[] runners =
        [
            ("RUNNER_TEMP", line.Folder), ("GITHUB_OUTPUT", line.At("outputs")), ("GITHUB_STEP_SUMMARY", line.At("summary.md")),
            ("GITHUB_ACTION_PATH", Fixture.Repository), ("GITHUB_REPOSITORY", "owner/name"),
        ];
        foreach (var (name, value) in runners.Concat(variables))
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var said = process.StandardOutput.ReadToEnd() + error.GetAwaiter().GetResult();
        process.WaitForExit();
        return (process.ExitCode, said);
    }

    /// <summary>A program of a few lines of bash.</summary>
    private string Executable(string name, string text)
    {
        var path = line.Write(name, $"#!/usr/bin/env bash\n{text}\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    private string Program =>
        Executable("program", $"exec dotnet '{Path.Combine(AppContext.BaseDirectory, "cognito-eval.dll")}' \"$@\"");

    [Fact]
    public void Every_input_is_used_and_every_output_is_made()
    {
        var text = File.ReadAllText(Path.Combine(Fixture.Repository, "action.yml"));
        Assert.All((YamlMappingNode)Action["inputs"], input => Assert.Contains($"inputs.{input.Key} ", text));
        Assert.All((YamlMappingNode)Action["outputs"], output =>
        {
            var made = StepOutput().Match(output.Value["value"].ToString());
            var step = Steps(Action["runs"]).Single(it => Of(it, "id") == made.Groups[1].Value);
            Assert.Contains($"output {made.Groups[2].Value} ", Body(Of(step, "run")!.Split(' ')[^1]));
        });
    }

    [GeneratedRegex(@"steps\.(\w+)\.outputs\.(\w+)")]
    private static partial Regex StepOutput();

    /// <summary>A function of the script.</summary>
    private static string Body(string function) => Regex.Match(
        File.ReadAllText(Script), $@"^{function}\(\) \{{(.*?)(\}}|^\}})$", RegexOptions.Multiline | RegexOptions.Singleline)
        .Groups[1].Value;

    [Fact]
    public void A_step_tells_its_script_all_that_it_asks_for()
    {
        var steps = Steps(Action["runs"]).Where(step => Of(step, "run") is not null).ToList();
        Assert.Equal(5, steps.Count);
        Assert.All(steps, step =>
        {
            var name = Of(step, "run")!.Split(' ')[^1];
            Assert.Equal($"bash \"$GITHUB_ACTION_PATH/.github/action.sh\" {name}", Of(step, "run"));
            var told = ((YamlMappingNode)step["env"]).Children.Keys.Select(key => key.ToString()).ToHashSet();
            var body = Body(name);
            var asked = Regex.Matches(body, @"\$\{?([A-Z][A-Z_]*)").Select(it => it.Groups[1].Value)
                .Concat(body.Contains("cognito_eval ", StringComparison.Ordinal) ? ["PROGRAM"] : [])
                .Concat(body.Contains("gh api", StringComparison.Ordinal) ? ["GH_TOKEN"] : [])
                .Where(it => !it.StartsWith("GITHUB_", StringComparison.Ordinal)).ToHashSet();
            Assert.Equal(asked.Order(), told.Order());
        });
    }

    public static TheoryData<string> Workflows =>
        [.. Directory.EnumerateFiles(Path.Combine(Scripts, "workflows"), "*.yml").Select(path => Path.GetFileName(path)!)];

    /// <summary>A title, a branch or an input in a command would be a part of the command.</summary>
    [Theory, MemberData(nameof(Workflows))]
    public void No_command_of_a_workflow_has_an_expression_in_it_and_its_scripts_are_there(string file)
    {
        var runs = ((YamlMappingNode)Yaml(Path.Combine(Scripts, "workflows", file))["jobs"]).SelectMany(job => Steps(job.Value))
            .Select(step => Of(step, "run")).OfType<string>().ToList();
        Assert.All(runs, run => Assert.DoesNotContain("${{", run));
        Assert.All(runs.SelectMany(run => Regex.Matches(run, @"\.(ci|github)/[\w.-]+").Select(it => it.Value)),
            script => Assert.True(File.Exists(Path.Combine(Fixture.Repository, script)), script));
    }

    [Fact]
    public void The_scripts_are_scripts()
    {
        foreach (var script in Directory.EnumerateFiles(Scripts, "*.sh"))
            Assert.Equal((0, ""), Bash(["-n", script]));
        Assert.Equal(2, Bash([Script]).Code);
    }

    [Fact]
    public void What_an_input_holds_is_one_argument_and_never_a_command()
    {
        const string Wild = "$(touch pwned) `touch pwned`; touch pwned #' \"";
        var program = Executable("program", """
            printf '%s\n' "$@" >args
            mkdir -p cognito-eval/results/m/r
            echo '{}' | tee cognito-eval/results/m/r/results.json
            """);
        var (code, said) = Bash([Script, "evaluate"], ("MODEL", Wild), ("TASKS", Wild), ("PROTOCOL", "p"), ("DATA", ""),
            ("ARGUMENTS", $"--limit=2\n\n{Wild}"), ("PROGRAM", program));
        Assert.True(code == 0, said);
        string[] arguments =
        [
            $"--tasks={Wild}", "--protocol=p", $"--output={line.At("cognito-eval", "results")}", $"--model={Wild}", "--limit=2", Wild,
            "--json",
        ];
        Assert.Equal(arguments, File.ReadAllLines(line.At("args")));
        Assert.False(File.Exists(line.At("pwned")));
        Assert.Contains(line.At("cognito-eval", "results", "m", "r"), File.ReadAllText(line.At("outputs")));
    }

    [Theory]
    [InlineData("", "--method POST repos/owner/name/issues/12/comments")]
    [InlineData("345", "--method PATCH repos/owner/name/issues/comments/345")]
    public void The_comment_of_a_pull_request_is_made_once_and_then_renewed(string earlier, string request)
    {
        line.Write("cognito-eval/summary.md", "## Gate: pass\n" + new string('x', 100_000));
        var gh = Executable("bin/gh", $"echo \"$*\" >>gh.log; case \"$*\" in *--paginate*) echo \"{earlier}\" ;; esac");
        var path = $"{Path.GetDirectoryName(gh)}:{Environment.GetEnvironmentVariable("PATH")}";
        var (code, said) = Bash([Script, "comment"], ("PATH", path), ("KEY", "abc"), ("PULL_REQUEST", "12"), ("GH_TOKEN", "t"));
        Assert.Equal((0, ""), (code, said));
        Assert.Contains(request + $" -F body=@{line.At("cognito-eval", "comment.md")}", File.ReadAllText(line.At("gh.log")));
        var body = File.ReadAllText(line.At("cognito-eval", "comment.md"));
        Assert.StartsWith("<!-- cognito-eval abc -->\n## Gate: pass", body);
        Assert.InRange(body.Length, 50_000, 65_536);
        Assert.Contains("no pull request",
            Bash([Script, "comment"], ("KEY", "abc"), ("PULL_REQUEST", "1/../2"), ("GH_TOKEN", "t")).Said);
    }

    /// <summary>The gate of this repository's workflow, on the baseline itself and on one with scores turned over.</summary>
    [Theory]
    [InlineData("as it is", 0)]
    [InlineData("turned over", 1)]
    public void The_workflows_gate_passes_the_baseline_and_stops_a_broken_candidate(string what, int expected)
    {
        var with = Steps(Yaml(Path.Combine(Scripts, "workflows", "gate.yml"))["jobs"]["gate"])
            .Single(step => Of(step, "uses") == "./")["with"];
        string Committed(string input) => Path.Combine(Fixture.Repository, with[input].ToString());
        var run = JsonNode.Parse(File.ReadAllText(Committed("baseline")))!;
        if (what != "as it is")
            foreach (var task in new[] { "arc_challenge", "winogrande" })
            {
                var scores = run["tasks"]![task]!["scores"]![run["tasks"]![task]!["headline"]!.GetValue<string>()]!.AsArray();
                for (var i = 0; i < scores.Count; i++)
                    scores[i] = 1 - scores[i]!.GetValue<double>();
            }
        line.Write("candidate/results.json", run.ToJsonString());
        var (code, said) = Bash([Script, "gate"], ("RESULTS", line.At("candidate")), ("BASELINE", Committed("baseline")),
            ("POLICY", Committed("policy")), ("PROGRAM", Program));
        Assert.True(code == 0, said);
        Assert.True(File.Exists(line.At("cognito-eval", "gate.xml")));
        var outputs = File.ReadAllText(line.At("outputs"));
        Assert.Matches($@"verdict<<(end-\w+)\n{(expected == 0 ? "pass" : "regression")}\n\1\n", outputs);
        Assert.Matches($@"code<<(end-\w+)\n{expected}\n\1\n", outputs);
        Assert.StartsWith("## Gate: ", File.ReadAllText(line.At("summary.md")));
    }

    [Fact]
    public void The_demonstration_comes_out_as_a_pass_a_regression_and_undecided()
    {
        var (code, said) = Bash([Path.Combine(Scripts, "gate-demo.sh")], ("PROGRAM", Program), ("TASKS", "winogrande"));
        Assert.True(code == 0, said);
        Assert.Matches(@"(?s)==> pass, exit code 0\n.*==> regression, exit code 1\n.*==> undecided, exit code 4\n", said);
    }

    [Fact]
    public void The_notes_of_a_release_are_its_part_of_the_changelog()
    {
        var log = line.Write("CHANGELOG.md",
            "# Changelog\n\n## Unreleased\n\n- d\n\n## [0.2.0] - 2026-01-01\n\n### Added\n- b\n\n## 0.1.0\n\n- a\n");
        string Notes(string version) => Bash([Path.Combine(Scripts, "notes.sh"), version, log]).Said;
        Assert.Equal("### Added\n- b\n", Notes("v0.2.0"));
        Assert.Equal("- a\n", Notes("0.1.0"));
        Assert.Equal("### Added\n- b\n", Notes("v0.2.0-rc.1"));
        Assert.Equal("- d\n", Notes("v0.3.0-rc.1"));
        Assert.Contains("has no part for 0.3.0", Notes("v0.3.0"));
        Assert.NotEqual("", Bash([Path.Combine(Scripts, "notes.sh"), "v0.1.0-rc.1"]).Said);
    }
}
