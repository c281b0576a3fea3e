using System.Diagnostics;
using k8s;
using k8s.Models;

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

    /// <summary>As the cluster's own types have it: a field that they do not know, or of another type, is an error.</summary>
    private static T Read<T>(string file) => Assert.IsType<T>(
        Assert.Single(KubernetesYaml.LoadAllFromString(File.ReadAllText(At("kubernetes", file)), strict: true)));

    private static V1Job Shards => Read<V1Job>("shards.yaml");

    private static V1Job Merge => Read<V1Job>("merge.yaml");

    private static V1Container Container(V1Job job) => Assert.Single(job.Spec.Template.Spec.Containers);

    [Theory]
    [InlineData("subPath: results", "subpath: results")]
    [InlineData("completions: 4", "completions: four")]
    [InlineData("  backoffLimitPerIndex:", "  backoffLimitPerIndexes:")]
    public void A_field_that_Kubernetes_does_not_know_would_be_found(string right, string wrong)
    {
        var text = File.ReadAllText(At("kubernetes", "shards.yaml"));
        Assert.Contains(right, text);
        Assert.ThrowsAny<Exception>(() => KubernetesYaml.LoadAllFromString(text.Replace(right, wrong), strict: true));
    }

    [Fact]
    public void The_number_of_shards_is_the_same_wherever_it_stands()
    {
        var spec = Shards.Spec;
        Assert.Equal(("Indexed", spec.Completions), (spec.CompletionMode, spec.Parallelism));
        var variable = Assert.Single(Container(Shards).Env);
        Assert.Equal(("SHARDS", $"{spec.Completions}"), (variable.Name, variable.Value));
        Assert.Contains("--shard \"$JOB_COMPLETION_INDEX/$SHARDS\"", Container(Shards).Args[0]);
    }

    [Fact]
    public void Both_jobs_run_one_image_on_one_claim()
    {
        Assert.Equal(Container(Shards).Image, Container(Merge).Image);
        var claim = Read<V1PersistentVolumeClaim>("claim.yaml");
        Assert.Equal(["ReadWriteMany"], claim.Spec.AccessModes);
        foreach (var job in (V1Job[])[Shards, Merge])
            Assert.Equal(claim.Metadata.Name, job.Spec.Template.Spec.Volumes[0].PersistentVolumeClaim.ClaimName);
    }

    [Fact]
    public void What_is_mounted_is_a_volume_and_checkpoints_and_datasets_are_read_only()
    {
        foreach (var job in (V1Job[])[Shards, Merge])
            Assert.Subset(job.Spec.Template.Spec.Volumes.Select(volume => volume.Name).ToHashSet(),
                Container(job).VolumeMounts.Select(mount => mount.Name).ToHashSet());
        Assert.Equal(["checkpoints", "datasets"],
            Container(Shards).VolumeMounts.Where(mount => mount.ReadOnlyProperty == true).Select(mount => mount.SubPath));
    }

    [Fact]
    public void Pods_have_no_rights_that_they_do_not_need()
    {
        foreach (var job in (V1Job[])[Shards, Merge])
        {
            var (pod, security) = (job.Spec.Template.Spec, Container(job).SecurityContext);
            Assert.Equal((true, false), (pod.SecurityContext.RunAsNonRoot, pod.AutomountServiceAccountToken));
            Assert.Equal((false, true), (security.AllowPrivilegeEscalation, security.ReadOnlyRootFilesystem));
            Assert.Equal(["ALL"], security.Capabilities.Drop);
        }
    }

    [Fact]
    public void A_bad_input_is_not_tried_again_and_an_eviction_is_no_failure()
    {
        var rules = Shards.Spec.PodFailurePolicy.Rules;
        Assert.Equal("DisruptionTarget", Assert.Single(rules, rule => rule.Action == "Ignore").OnPodConditions.Single().Type);
        Assert.Equal([2], Assert.Single(rules, rule => rule.Action == "FailJob").OnExitCodes.Values);
        Assert.Equal("Never", Shards.Spec.Template.Spec.RestartPolicy); // or such rules are refused
    }

    [Theory]
    [InlineData("slurm/cognito-eval.sbatch")]
    [InlineData("slurm/test-on-one-node.sh")]
    [InlineData("slurm/served.sbatch")]
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

    private static V1Job Served => Read<V1Job>("served.yaml");

    [Fact]
    public void A_server_is_a_sidecar_that_is_ready_before_the_run_and_ends_with_it()
    {
        var (pod, run) = (Served.Spec.Template.Spec, Container(Served));
        var server = Assert.Single(pod.InitContainers);
        // An init container that is kept on is a sidecar; the run begins when its startup probe has succeeded.
        Assert.Equal("Always", server.RestartPolicy);
        Assert.Contains("http://127.0.0.1:8000/health", server.StartupProbe.Exec.Command);
        Assert.Contains("--model=http://127.0.0.1:8000", run.Args);
        Assert.Contains("--port=8000", server.Args);
        Assert.Contains("--served-model=my-model", run.Args);
        Assert.Contains("--served-model-name=my-model", server.Args);
        Assert.Contains($"--tensor-parallel-size={server.Resources.Limits["nvidia.com/gpu"]}", server.Args);
        Assert.Equal(Container(Shards).Image, run.Image);
        Assert.Equal(Read<V1PersistentVolumeClaim>("claim.yaml").Metadata.Name, pod.Volumes[0].PersistentVolumeClaim.ClaimName);
        Assert.All(new[] { server, run }, container =>
        {
            Assert.Equal((false, true), (container.SecurityContext.AllowPrivilegeEscalation, container.SecurityContext.ReadOnlyRootFilesystem));
            Assert.Subset(pod.Volumes.Select(volume => volume.Name).ToHashSet(), container.VolumeMounts.Select(mount => mount.Name).ToHashSet());
        });
        Assert.Equal([2], Assert.Single(Served.Spec.PodFailurePolicy.Rules, rule => rule.Action == "FailJob").OnExitCodes.Values);
    }

    /// <summary>With Slurm's commands, Ray and vLLM replaced by scripts that say that they were there.</summary>
    [Theory]
    [InlineData(0, 1)]
    [InlineData(2, 2)]
    public void The_Slurm_script_starts_the_server_beside_the_run_and_stops_it_after(int code, int nodes)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs bash");
        using var folder = new TemporaryFolder();
        foreach (var (name, script) in new[]
        {
            ("srun", """while [[ $1 == --* ]]; do shift; done; exec "$@" """),
            ("scontrol", "echo first; echo second"),
            ("curl", """[[ -e $HERE/ready ]]"""),
            ("ray", """echo "ray $*" >>"$HERE/log"; exec sleep 1000"""),
            ("vllm", """echo "vllm $*" >>"$HERE/log"; trap 'echo vllm stopped >>"$HERE/log"; exit' TERM; touch "$HERE/ready"; while :; do sleep 0.05; done"""),
            ("cognito-eval", $"""echo "run $*" >>"$HERE/log"; exit {code}"""),
        })
        {
            folder.Write($"bin/{name}", $"#!/usr/bin/env bash\n{script}\n");
            if (OperatingSystem.IsLinux())
                File.SetUnixFileMode(Path.Combine(folder.Path, "bin", name), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        var start = new ProcessStartInfo("bash", [At("slurm", "served.sbatch"), "org/name", Path.Combine(folder.Path, "out"), "--limit", "3"]) { RedirectStandardError = true };
        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["PATH"] = $"{folder.Path}/bin:{Environment.GetEnvironmentVariable("PATH")}",
            ["HERE"] = folder.Path,
            ["SLURM_JOB_ID"] = "1",
            ["SLURM_JOB_NUM_NODES"] = $"{nodes}",
            ["SLURM_JOB_NODELIST"] = "first,second",
            ["SLURM_GPUS_ON_NODE"] = "8",
            ["RAY_PAUSE"] = "0.2",
        })
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.WaitForExit();
        Assert.Equal(code, process.ExitCode);
        var log = File.ReadAllLines(Path.Combine(folder.Path, "log"));
        Assert.Equal(nodes > 1 ? ["ray start --head --port=6379 --block", "ray start --address=first:6379 --block"] : [], log.Where(line => line.StartsWith("ray", StringComparison.Ordinal)));
        var server = Assert.Single(log, line => line.StartsWith("vllm serve", StringComparison.Ordinal));
        Assert.Contains("org/name --host 0.0.0.0 --port 8000 --tensor-parallel-size 8" + (nodes > 1 ? " --distributed-executor-backend ray --pipeline-parallel-size 2" : ""), server);
        Assert.Contains("--no-enable-prefix-caching", server);
        Assert.Equal($"run --model http://first:8000 --tokenizer org/name --output {folder.Path}/out --limit 3", log[^2]);
        Assert.Equal("vllm stopped", log[^1]);
    }

    private static (int Code, string Error) Bash(params string[] args)
    {
        using var process = Process.Start(new ProcessStartInfo("bash", args) { RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, error);
    }
}
