using System.CommandLine;
using System.CommandLine.Parsing;
using Cognito.Eval.Files;

namespace Cognito.Eval.Cli;

/// <summary>Options whose value is one of a few words, and the other names that such words go by.</summary>
internal static class Words
{
    public static readonly string[] Dtypes = ["float32", "bfloat16", "float16"];

    /// <summary>Refuses any other value, and names the one that it may stand for.</summary>
    public static void OneOf(Argument<string> argument, params string[] words)
    {
        argument.CompletionSources.Clear();
        argument.Validators.Clear();
        argument.CompletionSources.Add(words);
        argument.Validators.Add(result =>
        {
            if (Fault(argument.Name, result.Tokens, words) is { } fault)
                result.AddError(fault);
        });
    }

    private static string? Fault(string name, IEnumerable<Token> given, string[] words) =>
        given.Select(token => token.Value).FirstOrDefault(value => !words.Contains(value)) is { } other
            ? $"{name} {other}: {NearNames.Hint(other, words)}it is one of {string.Join(", ", words)}" : null;

    /// <summary>The same of an option.</summary>
    public static void OneOf<T>(Option<T> option, params string[] words)
    {
        // An option outlives its command where a process does several.
        option.CompletionSources.Clear();
        option.Validators.Clear();
        option.CompletionSources.Add(words);
        option.Validators.Add(result =>
        {
            if (Fault(option.Name, result.Tokens, words) is { } fault)
                result.AddError(fault);
        });
    }

    /// <summary>A floating-point type as other programs name it, by our name; any other word as it is.</summary>
    public static string Dtype(string name) => name.StartsWith("torch.", StringComparison.Ordinal) ? Dtype(name["torch.".Length..]) : name switch
    {
        "fp32" or "float" or "f32" => "float32",
        "bf16" => "bfloat16",
        "fp16" or "half" or "f16" => "float16",
        _ => name,
    };

    /// <summary>Words as a shell takes them.</summary>
    public static string Command(IEnumerable<string> args) => string.Join(' ', args.Prepend("cognito-eval").Select(Quoted));

    private static string Quoted(string word) => word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:=,@%+".Contains(c))
        ? word : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
