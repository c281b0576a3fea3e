using System.Diagnostics;

namespace Cognito.Eval.Tests;

/// <summary>run-evals.sh builds what changed, and only that; dotnet is a script that notes what it is asked.</summary>
public sealed class RunEvalsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private const string Source = "src/Cognito.Eval.Cli/Program.cs", Sample = "tasks/samples/a row.jsonl";

    public RunEvalsTests()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a script for bash");
        File.Copy(Path.Combine(Fixture.Repository, "run-evals.sh"), At("run-evals.sh"));
        const string Project = "src/Cognito.Eval.Cli/Cognito.Eval.Cli.csproj";
        foreach (var file in (string[])[Source, Sample, Project, "Directory.Build.props", "global.json"])
            folder.Write(file, "a");
        var dotnet = folder.Write("bin/dotnet", """
            #!/usr/bin/env bash
            if [ "$1" != build ]; then echo "ran ${@:2}"; exit; fi
            echo built >>builds
            [ ! -f broken ] || { echo "error: broken"; exit 1; }
            mkdir -p src/Cognito.Eval.Cli/bin/Release/net10.0 && touch src/Cognito.Eval.Cli/bin/Release/net10.0/cognito-eval.dll
            """);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(dotnet, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public void Dispose() => folder.Dispose();

    private string At(string path) => Path.Combine(folder.Path, path);

    private (int Code, string Out, string Error) Run(params string[] args)
    {
        var start = new ProcessStartInfo("bash", [At("run-evals.sh"), .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        start.Environment["PATH"] = $"{At("bin")}:{Environment.GetEnvironmentVariable("PATH")}";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.GetAwaiter().GetResult());
    }

    private const string Says = "building cognito-eval ...\n";

    [Fact]
    public void What_is_current_is_not_built_again()
    {
        Assert.Equal((0, "ran --version\n", Says), Run("--version"));
        Assert.Equal((0, "ran --tasks all\n", ""), Run());
        // What a build leaves is no source of it, and a time alone is no change.
        folder.Write("src/Cognito.Eval.Cli/obj/left.cs", "b");
        File.SetLastWriteTimeUtc(At(Source), DateTime.UtcNow.AddDays(1));
        Assert.Equal("", Run("a b", "c").Error);
        Assert.Equal("built\n", File.ReadAllText(At("builds")));
    }

    [Theory]
    [InlineData(Source)]
    [InlineData(Sample)]
    [InlineData("src/Cognito.Eval.Cli/Cognito.Eval.Cli.csproj")]
    [InlineData("Directory.Build.props")]
    [InlineData("global.json")]
    [InlineData("src/Cognito.Eval/New.cs")]
    public void A_change_is_noticed_also_where_a_checkout_turns_its_time_back(string file)
    {
        Run();
        folder.Write(file, "b");
        File.SetLastWriteTimeUtc(At(file), new(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Assert.Equal(Says, Run().Error);
        Assert.Equal("", Run().Error);
        File.Delete(At(file));
        Assert.Equal(Says, Run().Error);
    }

    [Fact]
    public void A_build_that_fails_is_shown_and_tried_again()
    {
        folder.Write("broken", "");
        Assert.Equal((3, "", Says + "error: broken\n"), Run());
        Assert.Equal(3, Run().Code);
        File.Delete(At("broken"));
        Assert.Equal((0, Says), (Run().Code, Run("x").Error.Length == 0 ? Says : "built twice"));
        Assert.Equal("built\nbuilt\nbuilt\n", File.ReadAllText(At("builds")));
    }
}
