using System.CommandLine;
using System.Globalization;
using Cognito.Eval.Files;
using Cognito.Eval.Tokenizers;
using Cognito.Eval.Torch;

namespace Cognito.Eval.Cli;

/// <summary><c>cognito-eval debug</c>: what those need who mend the program. It is not in help; CONTRIBUTING.md tells of it.</summary>
internal static class DebugCommand
{
    public static Command Create() => new("debug", "For those who mend the program.") { Hidden = true, Subcommands = { Logits() } };

    /// <summary><c>debug logits</c>: the layer where two checkpoints, or two types of one, part.</summary>
    private static Command Logits()
    {
        var model = Inputs.Model();
        var against = new Option<string>("--against") { Description = "The model to compare with.", Required = true, HelpName = "DIR|ID" };
        var text = new Option<string>("--text")
        {
            Description = "What both read, as the first one's tokenizer cuts it.",
            DefaultValueFactory = _ => "The quick brown fox jumps over the lazy dog.",
            HelpName = "TEXT",
        };
        var type = new Option<string?>("--against-dtype") { Description = "The other model's type. Default: as --dtype.", HelpName = "T" };
        Words.OneOf(type, Words.Dtypes);
        var command = new Command("logits", "Two models' hidden states and logits for one text: the largest difference after each layer.")
        {
            model, against, text, RunOptions.Device, RunOptions.Dtype, type, RunOptions.Threads, RunOptions.LibTorch, Fetching.Offline,
        };
        command.SetAction((parsed, cancel) => Task.Run(() => Session.Guard(parsed, () =>
        {
            RunOptions.Check(parsed);
            using var narrator = new Narrator(quiet: false, parsed.GetValue(Session.Verbose));
            using var fetching = new Fetching(narrator, parsed.GetValue(Fetching.Offline));
            var (one, other) = (Inputs.Named(parsed.GetValue(model)), Inputs.Named(parsed.GetRequiredValue(against)));
            var (folder, otherFolder) = (one.Fetch(fetching, weights: true, cancel), other.Fetch(fetching, weights: true, cancel));
            var (tokenizer, otherTokenizer) = (CheckpointTokenizer.Open(folder), CheckpointTokenizer.Open(otherFolder));
            var ids = tokenizer.Tokenizer.Encode(parsed.GetRequiredValue(text));
            if (!ids.SequenceEqual(otherTokenizer.Tokenizer.Encode(parsed.GetRequiredValue(text))))
                narrator.Warn($"{other.Name}: its tokenizer makes other tokens of the text; those of {one.Name} are taken for both");
            if (ids.Length == 0)
                throw new InputException("--text: it has no tokens; give a text");
            var options = new LocalModelOptions
            {
                Device = parsed.GetValue(RunOptions.Device),
                Dtype = parsed.GetValue(RunOptions.Dtype),
                Threads = parsed.GetValue(RunOptions.Threads) ?? Environment.ProcessorCount,
                LibTorch = parsed.GetValue(RunOptions.LibTorch),
                Logger = narrator.Logger,
            };
            var table = new Terminal.Table(1, "after", "largest difference, of the largest");
            foreach (var (after, relative) in Verification.Compare(
                folder, options, otherFolder, options with { Dtype = parsed.GetValue(type) ?? options.Dtype }, ids))
                table.Add(after, relative.ToString("0.00e-0", CultureInfo.InvariantCulture));
            table.Print();
            return Session.Done;
        })));
        return command;
    }
}
