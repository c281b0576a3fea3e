using Cognito.Eval.Files;

namespace Cognito.Eval.Tests;

/// <summary>Which known name an unknown one may stand for.</summary>
public sealed class NearNamesTests
{
    private static readonly string[] Options = ["--tasks", "--task-path", "--num-fewshot", "--limit", "--bos", "-q"];

    [Theory]
    [InlineData("--tsks", "--tasks")]
    [InlineData("--taks", "--tasks")] // neighbours that changed places are one error
    [InlineData("--task", "--tasks")]
    [InlineData("tasks", "--tasks")]
    [InlineData("--NUM_FEWSHOT", "--num-fewshot")]
    [InlineData("--fewshot", "--num-fewshot")] // which holds it
    [InlineData("--bos1", "--bos")]
    [InlineData("--bogus", null)] // two of five letters
    [InlineData("-x", null)]
    [InlineData("--", null)]
    [InlineData("", null)]
    public void A_third_of_its_letters_may_differ(string name, string? near) => Assert.Equal(near, NearNames.Near(name, Options));

    [Fact]
    public void A_name_of_any_length_costs_little() => Assert.Null(NearNames.Near(new string('x', 10_000_000), Options));

    [Fact]
    public void A_path_is_told_part_by_part()
    {
        using var folder = new TemporaryFolder();
        folder.Write("checkpoints/nano/config.json", "{}");
        string At(string path) => Path.Combine(folder.Path, path);
        Assert.Equal(At("checkpoints/nano"), NearNames.NearPath(At("chekpoints/nono")));
        Assert.Equal($"did you mean {At("checkpoints/nano/config.json")}? ", NearNames.PathHint(At("checkpoints/nano/confg.json")));
        Assert.Equal("", NearNames.PathHint(At("checkpoints/other")));
        Assert.Equal("", NearNames.PathHint("\0"));
        Assert.Equal("", NearNames.PathHint(""));
    }
}
