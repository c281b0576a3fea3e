using System.Text.Json;
using System.Text.RegularExpressions;
using Cognito.Eval.Tokenizers.Bpe;

namespace Cognito.Eval.Tests;

public sealed partial class PatternTests
{
    private static readonly string[] Real =
    [
        PreTokenization.Gpt2, PreTokenization.Llama3, PreTokenization.Qwen2, @" ?[^(\s|[.,!?…。，、।۔،])]+",
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        @"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+",
    ];

    private static string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));

    private static List<(int, int)> Matches(CodePointRegex regex, string text, long? most = null)
    {
        var found = new List<(int, int)>();
        var matches = regex.In(text, most);
        while (matches.MoveNext())
            found.Add((matches.Start, matches.End));
        return found;
    }

    private static long Steps(CodePointRegex regex, string text)
    {
        var matches = regex.In(text);
        while (matches.MoveNext())
            ;
        return matches.Steps;
    }
}
