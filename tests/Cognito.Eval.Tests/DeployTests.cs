using System.Diagnostics;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Cognito.Eval.Tests;

/// <summary>What clusters are given: it parses, and its parts agree with each other.</summary>
public sealed class DeployTests
{
    private static string At(params string[] parts)
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "Cognito.Eval.sln")))
                return Path.Combine([at.FullName, "deploy", .. parts]);
        Assert.Skip("needs the checkout");
        return "";
    }

    /// <summary>One document of text, lists and maps; a key given twice does not parse.</summary>
    private static Dictionary<object, object> Read(string file) =>
        new DeserializerBuilder().Build().Deserialize<Dictionary<object, object>>(
            new MergingParser(new Parser(new StringReader(File.ReadAllText(At("kubernetes", file))))));

    private static object Inside(object at, params object[] path) => path.Aggregate(at, (node, step) =>
        step is int index ? ((List<object>)node)[index] : ((Dictionary<object, object>)node)[step]);

    private static readonly object[] Pod = ["spec", "template", "spec"], Container = [.. Pod, "containers", 0];

    [Theory]
    [InlineData("claim.yaml", "v1", "PersistentVolumeClaim")]
    [InlineData("shards.yaml", "batch/v1", "Job")]
    [InlineData("merge.yaml", "batch/v1", "Job")]
    public void Kubernetes_files_parse(string file, string version, string kind)
    {
        var document = Read(file);
        Assert.Equal((version, kind), (Inside(document, "apiVersion"), Inside(document, "kind")));
    }

    [Fact]
    public void The_number_of_shards_is_the_same_wherever_it_stands()
    {
        var job = Read("shards.yaml");
        Assert.Equal("Indexed", Inside(job, "spec", "completionMode"));
        var shards = Inside(job, "spec", "completions");
        Assert.Equal(shards, Inside(job, "spec", "parallelism"));
        var variable = Inside(job, [.. Container, "env", 0]);
        Assert.Equal(("SHARDS", shards), (Inside(variable, "name"), Inside(variable, "value")));
        Assert.Contains("--shard \"$JOB_COMPLETION_INDEX/$SHARDS\"", (string)Inside(job, [.. Container, "args", 0]));
    }

    [Fact]
    public void Both_jobs_run_one_image_on_one_claim()
    {
        var (shards, merge) = (Read("shards.yaml"), Read("merge.yaml"));
        Assert.Equal(Inside(shards, [.. Container, "image"]), Inside(merge, [.. Container, "image"]));
        var claim = Inside(Read("claim.yaml"), "metadata", "name");
        foreach (var job in (object[])[shards, merge])
            Assert.Equal(claim, Inside(job, [.. Pod, "volumes", 0, "persistentVolumeClaim", "claimName"]));
    }

    [Fact]
    public void Pods_have_no_rights_that_they_do_not_need()
    {
        foreach (var job in (object[])[Read("shards.yaml"), Read("merge.yaml")])
        {
            Assert.Equal("true", Inside(job, [.. Pod, "securityContext", "runAsNonRoot"]));
            Assert.Equal("false", Inside(job, [.. Pod, "automountServiceAccountToken"]));
            Assert.Equal("false", Inside(job, [.. Container, "securityContext", "allowPrivilegeEscalation"]));
            Assert.Equal("true", Inside(job, [.. Container, "securityContext", "readOnlyRootFilesystem"]));
            Assert.Equal("ALL", Inside(job, [.. Container, "securityContext", "capabilities", "drop", 0]));
        }
    }

    [Theory]
    [InlineData("slurm/cognito-eval.sbatch")]
    [InlineData("slurm/test-on-one-node.sh")]
    public void Scripts_are_shell(string script)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs bash");
        Assert.Equal((0, ""), Bash("-n", At(script)));
    }

    [Fact]
    public void The_Slurm_script_says_how_it_is_used()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs bash");
        foreach (var args in (string[][])[[], ["4"], ["0", "results"], ["four", "results"]])
        {
            var (code, error) = Bash([At("slurm", "cognito-eval.sbatch"), .. args]);
            Assert.Equal(2, code);
            Assert.Contains("cognito-eval.sbatch SHARDS OUTPUT", error);
        }
    }

    private static (int Code, string Error) Bash(params string[] args)
    {
        using var process = Process.Start(new ProcessStartInfo("bash", args) { RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, error);
    }
}
