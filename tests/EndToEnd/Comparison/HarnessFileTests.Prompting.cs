using Cognito.Eval.Cli;
using Cognito.Eval.Comparison;
using Cognito.Eval.Results;

namespace Cognito.Eval.Tests;

/// <summary>What the harness put around its prompts.</summary>
public sealed partial class HarnessFileTests
{
    /// <param name="keys">What 0.4 writes beside the results.</param>
    private Run ReadWith(string keys, string arguments = "pretrained=some/model", string generation = "{}") => RunInputs.Read(Save("results_x.json",
        Newer("winogrande").Replace("\"pretrained=some/model\"", arguments.StartsWith('{') ? arguments : $"\"{arguments}\"", StringComparison.Ordinal)
            .Replace("\"limit\":null", $"\"limit\":null,\"gen_kwargs\":{generation}", StringComparison.Ordinal)[..^1] + keys + "}"));

    [Theory]
    [InlineData("\"temperature=1\"")]
    [InlineData("""{"temperature":1}""")]
    public void What_the_harness_put_around_its_prompts_is_told(string generation)
    {
        var run = ReadWith(""","chat_template":"{{x}}","system_instruction":"Be brief.","fewshot_as_multiturn":true""", generation: generation);
        Assert.Equal("read from lm-evaluation-harness's results; prompts went through a chat template, examples as turns; a system instruction stood before them",
            run.Leaderboard.Notes[0]);
        var told = SettingDifferences.Between(run, MadeRuns.Nano);
        Assert.Contains("chat_template: one with sha256 fd805e2acba5 and none", told.Select(one => one.ToString()));
        Assert.Contains("system_instruction: \"Be brief.\" and none", told.Select(one => one.ToString()));
        Assert.Contains("fewshot_as_multiturn: yes and no", told.Select(one => one.ToString()));
        Assert.Contains($"generation: gen_kwargs {generation.Trim('"')} and greedy decoding alone", told.Select(one => one.ToString()));
        Assert.Equal(["chat_template", "system_instruction"], SettingDifferences.Between(run, ReadWith(
            ""","chat_template":"{{y}}","system_instruction":null,"fewshot_as_multiturn":true""", generation: generation)).Select(one => one.What));
    }

    [Fact]
    public void Of_two_long_instructions_that_begin_alike_each_is_told_apart()
    {
        Run With(string end) => ReadWith($",\"system_instruction\":\"{new string('x', 59)}\U0001F600{new string('y', 200)}{end}\"");
        var told = Assert.Single(SettingDifferences.Between(With("a"), With("b")));
        Assert.Matches("^system_instruction: (\"x{59}\\.\\.\\. \\(sha256 [0-9a-f]{12}\\)\"( and )?){2}$", told.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData(""","chat_template":null,"system_instruction":null,"fewshot_as_multiturn":null""")]
    [InlineData(""","chat_template":"","system_instruction":"","fewshot_as_multiturn":false""")]
    public void Plain_prompts_of_the_harness_differ_from_ours_in_nothing_of_that(string keys)
    {
        var run = ReadWith(keys);
        Assert.Equal("read from lm-evaluation-harness's results", run.Leaderboard.Notes[0]);
        Assert.Empty(SettingDifferences.Between(run, MadeRuns.Nano).Select(one => one.What)
            .Intersect(["chat_template", "system_instruction", "fewshot_as_multiturn", "generation", "add_bos"]));
    }

    [Theory]
    [InlineData("pretrained=some/model,add_bos_token=True", true)]
    [InlineData("pretrained=some/model, add_bos_token=False,dtype=float32", false)]
    [InlineData("pretrained=some/model,add_bos_token=1", true)]
    [InlineData("pretrained=some/model,add_bos_token=0", false)]
    [InlineData("pretrained=some/model,add_bos_token=None", null)]
    [InlineData("""{"pretrained":"some/model","add_bos_token":true}""", true)]
    [InlineData("""{"pretrained":"some/model","add_bos_token":1}""", true)]
    [InlineData("""{"pretrained":"some/model","add_bos_token":null}""", null)]
    [InlineData("pretrained=some/model,dtype=float32", null)]
    [InlineData("""{"pretrained":"some/model"}""", null)]
    public void Whether_the_harness_was_told_to_begin_with_a_BOS_is_read(string arguments, bool? expected)
    {
        var run = ReadWith("", arguments);
        Assert.Equal(expected, run.Provenance.AddBos);
        Assert.Equal(expected is true ? ["add_bos: True and False"] : [],
            SettingDifferences.Between(run, MadeRuns.Nano).Where(one => one.What == "add_bos").Select(one => one.ToString()));
    }
}
