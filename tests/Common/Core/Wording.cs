using System.Text.RegularExpressions;

namespace Cognito.Eval.Tests;

/// <summary>What a message may not say: names of .NET's types and assemblies, and a library's own text in place of a fact.</summary>
internal static partial class Wording
{
    /// <summary>What is wrong with a message; null if nothing is. Words of the file stand in quotes, and may be anything.</summary>
    public static string? Fault(string message) => message switch
    {
        _ when message.Any(char.IsControl) => "more than one line, or a control character",
        _ when TypeName().Match(message) is { Success: true } type => $"it names {type.Value}",
        _ when Library().Match(message) is { Success: true } library => $"a library's words, {library.Value}",
        _ => null,
    };

    [GeneratedRegex(@"\bSystem\.(?:[A-Z]|Nullable|Private)|\bMicrosoft\.[A-Z]|Cognito\.Eval\b|\w+Exception\b|Nullable`?|`\d\[|\bInt(?:32|64)\b|\.dll\b|YamlDotNet|CsvHelper|Snappier|ZstdSharp")]
    private static partial Regex TypeName();

    [GeneratedRegex(@"could not be converted|Object reference|Parameter '|LineNumber:|BytePositionInLine|Path: \$|was not in a correct format|reader options"
        + @"|Value cannot be null|Specified argument|Index was out|Could not find (?:file|a part)|Access to the path|The given key|Sequence contains|Unable to (?:cast|read)"
        + @"|missing required properties|deserializ|Arithmetic operation|not recognized as a valid")]
    private static partial Regex Library();
}
