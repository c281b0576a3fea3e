using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Cognito.Eval.Comparison;
using Cognito.Eval.Files;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Reports;

/// <summary>
/// A run as Every Eval Ever's aggregate record (schema 0.3.0, https://github.com/evaleval/every_eval_ever): each task's metrics,
/// columns of several tasks and the average, with their errors, and how they were asked. The same run makes the same record.
/// </summary>
internal static class EveryEvalEver
{
    private const string SchemaVersion = "0.3.0", Unknown = "unknown", Program = "cognito-eval";

    private static readonly JsonSerializerOptions Options = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <param name="tasks">The tasks there are: where their datasets lie, and which way their metrics go.</param>
    /// <returns>The record, and which values are no numbers and so not in it.</returns>
    /// <exception cref="InputException">It is no measured run, or does not say when it was made.</exception>
    public static (string Json, IReadOnlyList<string> LeftOut) Of(
        ReportedRun reported, IReadOnlyList<Column> columns, IReadOnlyCollection<EvalTask> tasks)
    {
        var run = reported.Run;
        if (run.Provenance.Kind != Provenance.Measured)
            throw new InputException($"{run.Provenance.Model}: numbers as {run.Provenance.Kind}; "
                + $"--format every-eval-ever is for runs of cognito-eval");
        var made = run.Circumstances ?? throw new InputException(
            $"{run.Provenance.Model}: its results.json does not say when it was made; give the run's own, with the key \"run\"");
        var results = EveryEvalEverResults.Of(run, columns, tasks);
        var hub = LmEvalResults.HubOf(Manifest.Read(reported.Folder)?.Arguments);
        var model = hub?.Id ?? run.Provenance.Model;
        var record = new OrderedDictionary<string, object>
        {
            ["schema_version"] = SchemaVersion,
            ["evaluation_id"] = $"{Program}/{model}/{Epoch(made.Started)}",
            ["evaluation_timestamp"] = Epoch(made.Started),
            // The record is what the run's end made of it.
            ["retrieved_timestamp"] = Epoch(made.Started.AddSeconds(made.Seconds)),
            ["source_metadata"] = Source(run),
            ["eval_library"] = new OrderedDictionary<string, object>
            {
                ["name"] = Program,
                ["version"] = run.Provenance.Versions?.GetValueOrDefault(Program) ?? Unknown,
                ["additional_details"] = Details(("protocol", run.Provenance.Protocol), ("reference", run.Provenance.Reference)),
            },
            ["model_info"] = Model(run, model, hub?.Revision),
            ["evaluation_results"] = results.Entries,
        };
        return (JsonSerializer.Serialize(record, Options) + "\n", results.LeftOut);
    }

    /// <summary>Who ran it a run does not know.</summary>
    private static OrderedDictionary<string, object> Source(Run run) => new()
    {
        ["source_name"] = Program,
        ["source_type"] = "evaluation_run",
        ["source_organization_name"] = Unknown,
        ["evaluator_relationship"] = "other",
        ["additional_details"] = Details(
            [("data", run.Provenance.Data), ("complete", run.Leaderboard.IsComplete ? "true" : "false"),
            .. run.Leaderboard.Notes.Select((note, i) => ($"note_{i + 1}", (string?)note))]),
    };

    private static OrderedDictionary<string, object> Model(Run run, string id, string? revision)
    {
        var about = run.Provenance;
        var model = new OrderedDictionary<string, object> { ["name"] = about.Model, ["id"] = id };
        if (id.Split('/') is [{ Length: > 0 } developer, _])
            model["developer"] = developer;
        // libtorch computes, or a server of this name.
        model["inference_engine"] = about.Served is { } served
            ? new OrderedDictionary<string, object> { ["name"] = served.Engine, ["version"] = served.Version ?? Unknown }
            : new OrderedDictionary<string, object> { ["name"] = Program, ["version"] = about.Versions?.GetValueOrDefault(Program) ?? Unknown };
        model["additional_details"] = Details(
            ("deployment_type", about.Served is null ? "self_deployed" : Unknown), ("model_availability", Unknown), ("revision", revision),
            ("architecture", about.Architecture), ("weights_sha256", about.WeightsSha256), ("tokenizer_sha256", about.TokenizerSha256),
            ("dtype", about.Dtype), ("logprob_dtype", about.LogprobDtype), ("device", about.Device),
            ("max_length", about.MaxLength?.ToString(CultureInfo.InvariantCulture)),
            ("add_bos", about.AddBos is { } bos ? bos ? "true" : "false" : null),
            ("generation", about.Generation?.ToString()));
        return model;
    }

    /// <summary>Texts alone, without those that are not known.</summary>
    internal static OrderedDictionary<string, string> Details(params IEnumerable<(string Key, string? Value)> details) =>
        new(details.Where(detail => detail.Value is not null).Select(detail => KeyValuePair.Create(detail.Key, Printable.Line(detail.Value))));

    private static string Epoch(DateTimeOffset time) =>
        ((time - DateTimeOffset.UnixEpoch).Ticks / (decimal)TimeSpan.TicksPerSecond).ToString("0.######", CultureInfo.InvariantCulture);
}
