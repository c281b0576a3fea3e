using Cognito.Eval.Hub;

namespace Cognito.Eval.Tests;

public sealed class HubSettingsTests : IDisposable
{
    private readonly TemporaryFolder home = new();

    public void Dispose() => home.Dispose();

    private HubSettings Read(params (string Name, string Value)[] environment) => HubSettings.FromEnvironment(
        variable: name => name == "HF_HOME" ? home.Path : environment.FirstOrDefault(it => it.Name == name).Value);

    [Fact]
    public void The_token_of_the_home_is_taken_where_the_environment_has_none()
    {
        Assert.Null(Read().Token);
        home.Write("token", "hf_abc\n");
        Assert.Equal("hf_abc", Read().Token);
        Assert.Equal("hf_other", Read(("HF_TOKEN", "hf_other")).Token);
    }

    [Fact]
    public async Task A_token_that_is_no_file_is_refused_and_not_waited_for()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Unix has what this is about");
        SpecialFile.Put(Path.Combine(home.Path, "token"), "pipe");
        Assert.Equal($"{Path.Combine(home.Path, "token")}: a named pipe, not a file; check it, or set HF_TOKEN", await SpecialFile.Refusal(() => Read()));
    }
}
