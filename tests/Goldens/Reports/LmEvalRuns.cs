using System.Globalization;
using System.Text.Json.Nodes;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;
using Cognito.Eval.Models;
using Cognito.Eval.Protocols;
using Cognito.Eval.Reports;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>Runs of the fake model on made-up rows, and the files of lm-evaluation-harness that they become.</summary>
public abstract class LmEvalRuns : IDisposable
{
    /// <summary>A task of each kind.</summary>
    protected const string Mixed =
        "arc_challenge,hellaswag,mmlu_us_foreign_policy,truthfulqa_mc1,truthfulqa_mc2,winogrande,gsm8k";

    protected static DataRoot Mini { get; } = DataRoot.Open(Fixture.Path("mini", "data"));

    private protected TemporaryFolder Folder { get; } = new();

    public void Dispose()
    {
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    protected sealed record Made(JsonNode Results, IReadOnlyDictionary<string, string[]> Samples, string File);

    /// <summary>Runs the fake model, and writes the files of the run.</summary>
    protected async Task<Made> MakeAsync(
        string tasks, int? shots, DataRoot? data = null, LmEval04? protocol = null, string? limit = null,
        ModelIdentity? identity = null)
    {
        var reported = await RunAsync(tasks, shots, data, protocol, limit, identity);
        return Write(reported, data ?? Mini, Path.Combine(Folder.Path, "out"));
    }

    protected async Task<ReportedRun> RunAsync(
        string tasks, int? shots, DataRoot? data = null, LmEval04? protocol = null, string? limit = null,
        ModelIdentity? identity = null, DetailLevel details = DetailLevel.Scores)
    {
        protocol ??= LmEval04.Rules;
        var asked = Evaluator.Ask(TaskSet.Of(protocol).Select(tasks), new()
        {
            Data = data ?? Mini,
            Protocol = protocol,
            Shots = shots,
            Limit = limit is null ? null : Limit.Parse(limit),
            Output = Path.Combine(Folder.Path, "runs"),
            Details = details,
        });
        var solutions = asked.Questions.SelectMany(task => task.Docs).Select(doc => doc.Doc).OfType<FreeForm>()
            .GroupBy(doc => doc.Query)
            .ToDictionary(doc => doc.Key["Question: ".Length..^"\nAnswer:".Length], doc => doc.Last().Answer);
        using var model = new FakeHarnessModel(solutions) { Identity = identity ?? new() { Name = "fake" } };
        await Evaluator.RunAsync(model, asked);
        return ReportedRun.Read([Path.Combine(Folder.Path, "runs")])[0];
    }

    protected static Made Write(ReportedRun reported, DataRoot data, string output)
    {
        var (results, samples) = LmEvalFiles.Write(
            reported, TaskSet.Of(Protocol.Of(reported.Run.Provenance.Protocol)), data, output);
        var date = Path.GetFileNameWithoutExtension(results).Split('_')[^1];
        return new(JsonNode.Parse(File.ReadAllText(results))!, samples.ToDictionary(
            file => Path.GetFileName(file)["samples_".Length..^$"_{date}.jsonl".Length], File.ReadAllLines), results);
    }

    protected static string[] Texts(JsonNode? list) => [.. list!.AsArray().Select(text => text!.GetValue<string>())];

    protected static double Number(JsonNode? node) => node!.GetValue<double>();

    protected static string[] Keys(JsonNode? node) => [.. node!.AsObject().Select(key => key.Key)];
}
