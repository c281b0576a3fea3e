using System.Diagnostics;

namespace Cognito.Eval.Tests;

/// <summary>
/// tests/peers/lm-eval.py. The other side's files are the program's own, in the form that lm-evaluation-harness writes, changed or not.
/// </summary>
public sealed class PeersTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static string Program => Path.Combine(AppContext.BaseDirectory, "cognito-eval");

    public void Dispose() => _folder.Dispose();

    /// <param name="changes">Cases of a shell: what sed does to the other side's documents, by task.</param>
    private async Task<(int Code, string Out)> RunAsync(string tasks, string changes)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && await Can("python3", "--version"), "needs python3, on Linux");
        var other = _folder.Write("lm_eval", $$"""
            #!/bin/sh
            while [ $# -gt 0 ]; do
              case $1 in --tasks) tasks=$2 ;; --output_path) out=$2 ;; esac
              shift
            done
            change=
            case $tasks in {{changes}} esac
            cp -r "$(dirname "$out")/ours/as-theirs" "$out" && sed -i "$change" "$out"/*/samples_*
            """);
        var start = new ProcessStartInfo("python3", [Path.Combine(Fixture.Repository, "tests", "peers", "lm-eval.py"), "--model", Fixture.Nano,
            "--data", Fixture.Samples, "--work", Path.Combine(_folder.Path, "work"), "--limit", "2", "--device", "cpu", "--dtype", "float32",
            "--tasks", tasks, "--ours", $"'{Program}'", "--lm-eval", $"sh '{other}'", "--vllm", "no"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var said = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, said + await error);
    }

    private static async Task<bool> Can(string program, string argument)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, [argument]) { RedirectStandardOutput = true })!;
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    [Fact]
    public async Task Equal_answers_to_the_same_questions_are_told_with_seconds_and_ratios()
    {
        var (code, said) = await RunAsync("TruthfulQA,GSM8K", "");
        Assert.True(code == 0, said);
        Assert.Matches(@"(?m)^\| TruthfulQA \| 2 \| \d+\.\d \| \d+\.\d \| \d+\.\d\d \| [-\d.]+ \| 10 log-likelihoods within 0, median 0 \|$", said);
        Assert.Matches(@"(?m)^\| GSM8K \| 2 \|.*\| 2 of 2 texts equal \|$", said);
    }

    /// <summary>A text may hold a line separator, as this one of GSM8K does, which ends no line of JSON Lines.</summary>
    [Fact]
    public async Task Other_answers_and_other_questions_fail()
    {
        var (code, said) = await RunAsync("ARC,TruthfulQA,Winogrande,GSM8K", """
            arc_challenge) change='s/"resps": \[\[\["-/"resps": [[["-9/' ;;
            truthfulqa_mc2) change='s/"prompt_hash": "./"prompt_hash": "x/' ;;
            winogrande) change=1d ;;
            gsm8k) change='s/"resps": \[\["/"resps": [["\xe2\x80\xa8/' ;;
            """);
        Assert.Equal(1, code);
        Assert.Contains("ARC, hf: 2 of 8 log-likelihoods differ by more than rounding\n", said);
        Assert.Contains("TruthfulQA, hf: 2 of 2 documents were asked otherwise, such as ('truthfulqa_mc2', ", said);
        Assert.Contains("Winogrande, hf: 1 documents have one side alone, such as ('winogrande', ", said);
        Assert.Contains("GSM8K, hf: 2 of 2 texts differ\n", said);
    }
}
