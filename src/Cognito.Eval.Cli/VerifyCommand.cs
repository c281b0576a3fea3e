using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Cognito.Eval.Files;
using Cognito.Eval.Torch;
using Cognito.Eval.Torch.Goldens;

namespace Cognito.Eval.Cli;

/// <summary><c>cognito-eval verify</c>: whether the logits computed here are those that another program saved.</summary>
internal static class VerifyCommand
{
    private const int Beyond = 1;
    private static readonly Option<string?> Model = Inputs.Model();
    private static readonly Option<bool> Json = Inputs.Json();

    private static readonly Option<string> Golden = new("--golden")
    {
        Description = "A safetensors file of input_ids.L and logits.L, and where there are any router_logits.L.layerI, generate.prompt and "
            + "generate.output; docs/usage.md shows how to make it.",
        Required = true,
        HelpName = "FILE",
    };

    private static readonly Option<double?> Tolerance = new("--tolerance")
    {
        Description = "The largest difference that passes, relative to the largest logit. Default: 2e-5 in float32, 2e-2 in 16 bits.",
        HelpName = "T",
    };

    public static Command Create()
    {
        var command = new Command("verify", "Compare a checkpoint's logits with a file of another program's. Exit code: 0 equal within the tolerance, "
            + "1 beyond it, 2 bad input.")
        {
            Model, Golden, Tolerance, RunOptions.Device, RunOptions.Dtype, RunOptions.Threads, RunOptions.LibTorch, Fetching.Offline,
            RunOptions.Quiet, Json,
        };
        command.SetAction((parsed, cancel) => Task.Run(() => Session.Guard(parsed, () => Verify(parsed, cancel))));
        return command;
    }

    private static int Verify(ParseResult parsed, CancellationToken cancel)
    {
        RunOptions.Check(parsed);
        if (parsed.GetValue(Tolerance) is { } tolerance && !(tolerance >= 0 && double.IsFinite(tolerance)))
            throw new InputException($"--tolerance {Number(tolerance)}: give a number of at least 0, such as 2e-5");
        var named = Inputs.Named(parsed.GetValue(Model));
        using var narrator = new Narrator(parsed.GetValue(RunOptions.Quiet), parsed.GetValue(Session.Verbose));
        using var fetching = new Fetching(narrator, parsed.GetValue(Fetching.Offline));
        var folder = named.Fetch(fetching, weights: true, cancel);
        var golden = parsed.GetRequiredValue(Golden);
        var report = Verification.Run(folder, golden, new LocalModelOptions
        {
            Device = parsed.GetValue(RunOptions.Device),
            Dtype = parsed.GetValue(RunOptions.Dtype),
            Threads = parsed.GetValue(RunOptions.Threads) ?? Environment.ProcessorCount,
            LibTorch = parsed.GetValue(RunOptions.LibTorch),
            Logger = narrator.Logger,
        }, parsed.GetValue(Tolerance), cancel);
        foreach (var note in report.Notes)
            narrator.Warn(note);
        if (parsed.GetValue(Json))
            Terminal.Print(JsonSerializer.Serialize(Described(named.Name, golden, report), Terminal.Json));
        else
            Print(named.Name, golden, report);
        return report.Found.Passes ? Session.Done : Beyond;
    }

    private static void Print(string model, string golden, VerificationReport report)
    {
        var (found, placement) = (report.Found, report.Placement);
        var table = new Terminal.Table(1, "tensor", "sequences", "tokens", "largest", "difference", "of the largest", "within");
        void Add(string name, GoldenCase one, int tokens, Difference it) => table.Add(
            name, $"{one.Sequences.Count}", $"{tokens}", Number(it.Largest), Number(it.Absolute), Number(it.Relative), it.Passes ? "yes" : "NO");
        foreach (var one in found.Cases)
        {
            Add(one.Case.Logits, one.Case, one.Case.Rows, one.Logits);
            foreach (var (named, router) in one.Case.Routers.Zip(one.Routers))
                Add(named.Tensor, one.Case, one.Case.Sequences[0].Length, router.Difference);
        }
        table.Print();
        if (found.Continuation is { } continuation)
            Terminal.Line(Sentence(continuation));
        Terminal.Line($"{model} in {placement.DtypeName} on {placement.Device} is "
            + $"{(found.Passes ? "" : "not ")}what {golden} holds (tolerance {Number(found.Tolerance)} of the largest)");
    }

    private static string Sentence(ContinuationReport found) => found switch
    {
        { NotFiniteAt: { } place } => $"generate: token {place} of {found.Tokens} was chosen among logits of which some are a NaN or infinite",
        { Differs: { } token } => $"generate: token {token.Place} of {found.Tokens}, counted from 0, is {token.Found}, not {token.Expected}"
            + (found.Decides ? "" : "; in 16 bits rounding may choose another, so that decides nothing"),
        _ => $"generate: all {found.Tokens} tokens are equal",
    };

    private static object Described(string model, string golden, VerificationReport report) => new
    {
        model,
        golden,
        device = $"{report.Placement.Device}",
        dtype = report.Placement.DtypeName,
        tolerance = report.Found.Tolerance,
        passes = report.Found.Passes,
        logits = report.Found.Cases.Select(one => new
        {
            label = one.Case.Label,
            sequences = one.Case.Sequences.Count,
            tokens = one.Case.Sequences[0].Length,
            compared_tokens = one.Case.Rows,
            difference = Described(one.Logits),
            routers = one.Routers.Select(router => new { layer = router.Layer, difference = Described(router.Difference) }),
        }),
        generation = report.Found.Continuation is not { } found ? null : new
        {
            tokens = found.Tokens,
            equal = found.Differs is null,
            differs_at = found.Differs?.Place,
            expected = found.Differs?.Expected,
            found = found.Differs?.Found,
            not_finite_at = found.NotFiniteAt,
            decides = found.Decides,
            passes = found.Passes,
        },
        notes = report.Notes,
    };

    /// <summary>A number that is none is null in JSON; passes says the rest.</summary>
    private static object Described(Difference it) => new
    {
        largest = it.Largest,
        absolute = double.IsFinite(it.Absolute) ? it.Absolute : (double?)null,
        relative = double.IsFinite(it.Relative) ? it.Relative : (double?)null,
        passes = it.Passes,
    };

    private static string Number(double value) => double.IsFinite(value) ? value.ToString("0.##e-0", CultureInfo.InvariantCulture)
        : "not finite";
}
