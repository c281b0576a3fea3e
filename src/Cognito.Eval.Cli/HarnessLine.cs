using System.CommandLine;
using Cognito.Eval.Files;
using Cognito.Eval.Protocols;

namespace Cognito.Eval.Cli;

/// <summary>
/// A command line of lm-evaluation-harness in our words. Each of its options is the same thing here, or is left out and said why, or is
/// refused with the command to write instead.
/// </summary>
internal static class HarnessLine
{
    /// <summary>What becomes of an option of the harness.</summary>
    public abstract record Answer
    {
        private Answer()
        {
        }

        /// <summary>It is these options.</summary>
        public sealed record As(params string[] Args) : Answer;

        /// <summary>It changes no score here.</summary>
        public sealed record LeftOut(string Why) : Answer;

        /// <summary>It is not done.</summary>
        /// <param name="Instead">Options to write in its place.</param>
        public sealed record Refused(string Why, params string[] Instead) : Answer;
    }

    /// <summary>What the harness was told, by the word that told it.</summary>
    private sealed record Told(string Word, Answer Answer);

    /// <param name="named">The words that name the command.</param>
    /// <exception cref="InputException">It asks for what is not done.</exception>
    public static TypedLine Read(Command command, IReadOnlyList<string> named, IReadOnlyList<string> args)
    {
        var (own, told, model) = Take(command, args);
        if (told.Count == 0 && model is null)
            return new([.. named, .. args], []);
        Told[] all = [.. model is null ? [] : HarnessModel.Read(model.Kind, model.Args, IsGiven(own, "--model")).Select(it => new Told(it.Word, it.Answer)), .. told];
        var suited = all.Select(it => Suited(command, it)).ToList();
        string[] same = [.. suited.SelectMany(it => it.Answer is Answer.As its ? its.Args : [])],
            instead = [.. suited.SelectMany(it => it.Answer is Answer.Refused its ? its.Instead : [])],
            line = [.. named, .. same, .. own, .. model is null ? [] : Rules(command, own, [.. same, .. instead])];
        if (suited.Where(it => it.Answer is Answer.Refused).ToList() is { Count: > 0 } refused)
            throw new InputException(string.Concat(refused.Select(it => $"{it.Word}: {((Answer.Refused)it.Answer).Why}; "))
                + $"write: {Words.Command([.. line, .. instead])}");
        return new(line, [
            $"taken as: {Words.Command(line)}",
            .. suited.Where(it => it.Answer is Answer.LeftOut).Select(it => $"note: {it.Word} is left out: {((Answer.LeftOut)it.Answer).Why}")]);
    }

    /// <summary>A kind of model in the harness, and what it is told of it.</summary>
    private sealed record Model(string? Kind, IReadOnlyList<KeyValuePair<string, string>> Args);

    /// <summary>Divides a line into what is ours and what is the harness's.</summary>
    private static (List<string> Own, List<Told> Told, Model? Model) Take(Command command, IReadOnlyList<string> args)
    {
        var (own, told, model) = (new List<string>(), new List<Told>(), (Model?)null);
        for (var i = 0; i < args.Count; i++)
        {
            var word = Word.Of(args[i]);
            var name = HarnessOptions.Name(word.Name);
            var isOurs = word.Name is null || Commands.Options(command).Any(option => Commands.Is(option, word.Name));
            var most = name == "model" ? 1 : isOurs ? 0 : name is null ? 0 : name == "model_args" ? int.MaxValue : HarnessOptions.Known[name].Most;
            string[] values = word.Value is { } value && word.Name is not null ? [value]
                : [.. args.Skip(i + 1).TakeWhile(next => Word.Of(next).Name is null).Take(most)];
            var taken = word.Name is not null && word.Value is null ? values.Length : 0;
            if (name == "model" && values is [var kind] && HarnessModel.IsKind(kind))
                (model, i) = (new(kind, model?.Args ?? []), i + taken);
            else if (name is null or "model" || isOurs)
                own.Add(args[i]);
            else if (name == "model_args")
                (model, i) = (new(model?.Kind, [.. model?.Args ?? [], .. HarnessModel.Pairs(values)]), i + taken);
            else
            {
                if (values.Length < HarnessOptions.Known[name].Least)
                    throw new InputException($"{word.Name}: no value; give one, or leave it out");
                told.Add(new(string.Join(' ', values.Take(3).Prepend(word.Name!)), HarnessOptions.Known[name].Answer(values)));
                i += taken;
            }
        }
        return (own, told, model);
    }

    /// <summary>What the command has no option for, it does not need.</summary>
    private static Told Suited(Command command, Told told) => told.Answer is Answer.As same
        && !Commands.Options(command).Any(option => Commands.Is(option, same.Args[0]))
        ? told with { Answer = new Answer.LeftOut($"{same.Args[0]} is of a run") } : told;

    /// <summary>The harness asks by its own rules, and rounds log-probabilities to the model's type (protocol 9, "which version and backend").</summary>
    private static IEnumerable<string> Rules(Command command, List<string> own, string[] told)
    {
        if (!IsGiven(own, "--protocol"))
            foreach (var word in (string[])["--protocol", Tasks(own) == "openllm" ? LmEval04.OpenLlm.Name : LmEval04.Rules.Name])
                yield return word;
        var isServed = told.Contains("--served-model") || told.Any(word => word.StartsWith("http", StringComparison.Ordinal));
        if (!isServed && !IsGiven([.. own, .. told], "--logprob-dtype") && Commands.Options(command).Any(option => option.Name == "--logprob-dtype"))
            foreach (var word in (string[])["--logprob-dtype", "model"])
                yield return word;
    }

    private static bool IsGiven(IEnumerable<string> args, string name) => args.Any(arg => Word.Of(arg).Name is { } its
        && (its == name || name == "--model" && its == "-m"));

    private static string Tasks(List<string> own) => own.FindIndex(arg => arg is "--tasks" or "-t") is >= 0 and var at
        ? string.Join(',', own.Skip(at + 1).TakeWhile(arg => Word.Of(arg).Name is null))
        : own.Select(Word.Of).FirstOrDefault(word => word.Name is "--tasks" or "-t").Value ?? "";
}
