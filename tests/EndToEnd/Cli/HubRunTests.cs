using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Cognito.Eval.Tests;

/// <summary>Runs that name a checkpoint of the hub, as a user starts them, against a hub on loopback.</summary>
public sealed class HubRunTests : IAsyncDisposable
{
    private const string Token = "hf_secretsecretsecret";
    private readonly CommandLine line = new();
    private readonly string data;
    private readonly LoopbackHub hub;

    public HubRunTests()
    {
        data = SmallHub.Data(line.At("served"));
        hub = SmallHub.Serve(data);
    }

    public async ValueTask DisposeAsync()
    {
        await hub.DisposeAsync();
        line.Dispose();
    }

    private (string, string?)[] Environment =>
        [("HF_HOME", line.At("home")), ("HF_ENDPOINT", hub.Endpoint), ("HF_TOKEN", Token), ("HF_HUB_OFFLINE", null)];

    private static string[] Run(string output, params string[] more) =>
        ["--tasks", "all", "--limit", "1", "--device", "cpu", "--details", "none", "--output", output, .. more];

    private CommandLine.Outcome Works(params string[] args)
    {
        var outcome = line.Run(Environment, args);
        Assert.True(outcome.Code == 0, outcome.Error);
        Assert.DoesNotContain(Token, outcome.Error + outcome.Out);
        return outcome;
    }

    /// <summary>results.json without what may differ between two runs of the same.</summary>
    private string Result(string output)
    {
        var json = JsonNode.Parse(File.ReadAllText(
            Directory.EnumerateFiles(line.At(output), "results.json", SearchOption.AllDirectories).Single()))!.AsObject();
        Assert.True(json.Remove("run"));
        return json.ToJsonString();
    }

    private async Task Kill_when(Func<bool> reached, string[] args)
    {
        using var process = line.Start(Environment, args);
        var (error, output) = (process.StandardError.ReadToEndAsync(), process.StandardOutput.ReadToEndAsync());
        await HangGuard.Until(() => process.HasExited || reached(), "so much of a fetch");
        Assert.False(process.HasExited, process.HasExited ? await error : "");
        process.Kill(); // SIGKILL
        await process.WaitForExitAsync();
        Assert.Equal(137, process.ExitCode);
        Assert.False(Directory.Exists(line.At("killed")));
        Assert.DoesNotContain(Token, await error + await output);
    }

    [Fact]
    public void A_proxy_is_asked_for_everything_and_a_host_that_it_alone_knows_is_found()
    {
        const string Known = "hub.test";
        var outcome = line.Run(
            [.. Environment, ("HF_ENDPOINT", $"http://{Known}"), ("http_proxy", hub.Endpoint), ("no_proxy", null), ("NO_PROXY", null)],
            "data", "fetch", "--model", SmallHub.Model);
        Assert.True(outcome.Code == 0, outcome.Error);
        Assert.Contains(hub.Requests, seen => seen.Host == Known && seen.Authorization == $"Bearer {Token}");
        Assert.Contains(hub.Requests, seen => seen.Host != Known);
        Assert.All(hub.Requests.Where(seen => seen.Host != Known), seen => Assert.Null(seen.Authorization));
    }

    [Fact]
    public void Verbose_tells_what_the_cache_had()
    {
        string[] Traced(params string[] more) => [.. Works(["data", "fetch", "--model", SmallHub.Model, "--verbose", .. more]).Error.Split('\n')
            .Where(said => said.StartsWith($"trace: hub: {SmallHub.Model}", StringComparison.Ordinal))];
        Assert.Matches("the cache .* has 0 of [1-9] files$", Assert.Single(Traced()));
        Assert.Matches("the cache .* has ([1-9]) of \\1 files$", Assert.Single(Traced()));
        Assert.Matches("the cache .* has all of it$", Assert.Single(Traced("--offline")));
    }

    [Fact]
    public void The_harness_own_files_of_a_run_of_the_hub_need_no_request()
    {
        Works("--model", SmallHub.Model, "--tasks", "winogrande", "--protocol", "lm-eval", "--limit", "1", "--device", "cpu",
            "-o", "run");
        var before = hub.Requests.Count;
        Works("report", "run", "--format", "lm-eval", "-o", "theirs");
        Assert.Equal(before, hub.Requests.Count);
        var results = Golden.Json(
            Directory.EnumerateFiles(line.At("theirs", SmallHub.Model.Replace("/", "__")), "results_*.json").Single());
        Assert.Equal(SmallHub.Model, results["model_name"]!.GetValue<string>());
        Assert.Equal(SmallHub.Model, results["config"]!["model_args"]!["pretrained"]!.GetValue<string>());
    }

    private long PartOf(string kind) => Directory.Exists(line.At("home")) ? Directory
        .EnumerateFiles(line.At("home"), "*.incomplete", SearchOption.AllDirectories)
        .Where(file => file.Contains(kind, StringComparison.Ordinal)).Sum(Length) : 0;

    /// <summary>A part may have become the whole file since it was seen.</summary>
    private static long Length(string part) => new FileInfo(part) is { Exists: true } file ? file.Length : 0;

    [Fact]
    public async Task A_run_killed_twice_while_fetching_ends_with_the_result_of_a_run_from_data()
    {
        Works(Run("from-data", "--model", CommandLine.Nano, "--data", data));
        Assert.Empty(hub.Requests);

        string[] args = Run("killed", "--model", SmallHub.Model);
        hub.Step = 1 << 16;
        // What comes after that waits, however slow the process is that is to be killed.
        bool HasAsked() => hub.Requests.Count(seen => seen.Path.StartsWith("/blobs", StringComparison.Ordinal)) > 30;
        hub.Holds = (_, _) => HasAsked();
        await Kill_when(HasAsked, args);
        hub.Holds = (_, sent) => sent > 1_200_000;
        await Kill_when(() => PartOf("models--org--cognito-nano") > 1_000_000, args);
        hub.Holds = null;
        var had = PartOf("models--org--cognito-nano");
        Assert.True(had > 0);
        hub.Step = null;
        hub.Requests.Clear();
        Works(args);
        Assert.Contains(hub.Requests, seen => seen.Range is { } range && range != "bytes=0-");
        Assert.Equal(Result("from-data"), Result("killed"));
        Works("data", "verify", "--model", SmallHub.Model);

        hub.Requests.Clear();
        Works(Run("offline", "--model", SmallHub.Model, "--offline"));
        Assert.Empty(hub.Requests);
        Assert.Equal(Result("from-data"), Result("offline"));
    }

    [Theory]
    [InlineData("adapter_config.json", "transformers applies it where PEFT is installed)")]
    [InlineData("adapter_model.safetensors", "transformers applies it where PEFT is installed and adapter_config.json is there)")]
    public void An_adapter_beside_the_weights_is_named_from_the_hub_as_from_a_folder(string adapter, string why)
    {
        var model = line.Copy(CommandLine.Nano, "cognito-nano");
        File.WriteAllText(Path.Combine(model, adapter), "{}");
        hub.AddFolder("other/cognito-nano", model);
        string[] Asked(string output, params string[] more) =>
            ["-t", "winogrande", "--limit", "1", "--device", "cpu", "--details", "none", "--data", data, "-o", output, .. more];
        Works(Asked("from-folder", "--model", model));
        Works(Asked("from-hub", "--model", "other/cognito-nano"));
        hub.Requests.Clear();
        Works(Asked("offline", "--model", "other/cognito-nano", "--offline"));
        Assert.Empty(hub.Requests);
        Assert.Contains($"{adapter} left unread: an adapter beside the weights is not applied ({why}", JsonNode.Parse(Result("from-folder"))!
            ["leaderboard"]!["notes"]!.AsArray().Select(note => (string)note!).Single(note => note.Contains("adapter", StringComparison.Ordinal)));
        Assert.Equal(Result("from-folder"), Result("from-hub"));
        Assert.Equal(Result("from-folder"), Result("offline"));
    }

    [Fact]
    public void The_embedded_checkpoint_asks_the_hub_for_nothing()
    {
        Works("-t", "winogrande", "--limit", "1", "--device", "cpu");
        Assert.Empty(hub.Requests);
        Assert.False(Directory.Exists(line.At("home")));
    }

    [Fact]
    public void A_name_that_is_neither_a_folder_nor_an_id_is_refused()
    {
        var outcome = line.Run(Environment, "--model", "no/such/folder");
        Assert.Equal(2, outcome.Code);
        Assert.Contains("no such folder, and no id on the hub", outcome.Error);
        Assert.Empty(hub.Requests);
    }

    [Fact]
    public void A_hub_that_cannot_be_reached_ends_with_3_and_names_the_way_out()
    {
        var outcome = line.Run([("HF_HOME", line.At("home")), ("HF_ENDPOINT", "http://127.0.0.1:1"), ("HF_HUB_OFFLINE", null)], "data", "fetch", "-t", "gsm8k");
        Assert.Equal(3, outcome.Code);
        Assert.Contains("--offline", Assert.Single(outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries), l => l.StartsWith("cognito-eval:", StringComparison.Ordinal)));
    }

    [Fact]
    public void Rows_are_pinned_at_the_first_fetch()
    {
        Works("data", "fetch", "-t", "gsm8k");
        var record = JsonNode.Parse(File.ReadAllText(line.At("home", "cognito-eval", "fetched.json")))!;
        var gsm8k = record["repositories"]!["datasets/openai/gsm8k"]!;
        Assert.Equal(40, gsm8k["revision"]!.GetValue<string>().Length);
        Assert.Equal(HubContent.Sha256(File.ReadAllBytes(Path.Combine(data, "openai/gsm8k/main/test-00000-of-00001.parquet"))),
            gsm8k["files"]!["main/test-00000-of-00001.parquet"]!.GetValue<string>());
        hub.Requests.Clear();
        Works("data", "fetch", "-t", "gsm8k");
        Assert.Empty(hub.Requests);
    }
}
