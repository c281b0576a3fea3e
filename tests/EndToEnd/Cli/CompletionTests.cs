using System.Diagnostics;
using Cognito.Eval.Cli;

namespace Cognito.Eval.Tests;

/// <summary>What shells complete, and with what.</summary>
public sealed class CompletionTests : IDisposable
{
    private readonly CommandLine line = new();

    public void Dispose() => line.Dispose();

    private string[] Suggested(string typed) =>
        line.Run($"[suggest:{typed.Length}]", typed).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    [Fact]
    public void Commands_options_and_words_are_suggested()
    {
        Assert.Equal(["compare", "completion"], Suggested("cognito-eval comp"));
        Assert.Equal(["--task-path", "--tasks"], Suggested("cognito-eval plan --task").Order());
        Assert.Equal(["bfloat16"], Suggested("cognito-eval --dtype bf"));
        Assert.Contains("truthfulqa_mc2", Suggested("cognito-eval --tasks truth"));
        Assert.Equal(["arc,winogrande"], Suggested("cognito-eval --tasks arc,winog"));
        Assert.Equal(["piqa"], Suggested("cognito-eval prompt piq"));
    }

    /// <summary>In the shells themselves, where they are installed.</summary>
    [Theory]
    [InlineData("bash", """
        source SCRIPT; COMP_LINE="cognito-eval report --form"; COMP_POINT=${#COMP_LINE}; COMP_WORDS=(cognito-eval report --form); COMP_CWORD=2
        _cognito_eval; echo "${COMPREPLY[@]}"
        """, "--format")]
    [InlineData("zsh", """
        compdef() { :; }; compadd() { shift; print -l -- "$@"; }; _files() { :; }; source SCRIPT; words=(cognito-eval report --form); CURRENT=3; _cognito_eval
        """, "--format")]
    [InlineData("fish", "source SCRIPT; complete -C 'cognito-eval report --form'", "--format")]
    [InlineData("pwsh", ". ./SCRIPT; (TabExpansion2 'cognito-eval report --form' 26).CompletionMatches.CompletionText", "--format")]
    public async Task A_shell_completes_by_its_script(string shell, string typed, string completed)
    {
        if (Find(shell) is not { } program)
        {
            Assert.Skip($"{shell} is not installed");
            return;
        }
        line.Write(shell == "pwsh" ? "script.ps1" : "script", line.Run("completion", shell).Out);
        var name = line.Write("bin/cognito-eval", $"#!/bin/sh\nexec dotnet '{Path.Combine(AppContext.BaseDirectory, "cognito-eval.dll")}' \"$@\"\n");
        if (OperatingSystem.IsWindows())
            return;
        File.SetUnixFileMode(name, (UnixFileMode)0b111_101_101);
        var start = new ProcessStartInfo(program, ["-c", typed.Replace("SCRIPT", shell == "pwsh" ? "script.ps1" : "./script")])
        {
            WorkingDirectory = line.Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PATH"] = $"{line.At("bin")}:{Environment.GetEnvironmentVariable("PATH")}";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var found = (await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(text => text.Trim());
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(found.SequenceEqual([completed]), $"{string.Join(", ", found)}; {await error}");
    }

    [Fact]
    public void Each_shell_has_a_script() => Assert.All(["bash", "zsh", "fish", "pwsh"], (string shell) =>
        Assert.Contains("cognito-eval \"[suggest:", line.Run("completion", shell).Out));

    private static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}
