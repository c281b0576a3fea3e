using System.Text.Encodings.Web;
using System.Text.Json;

namespace Cognito.Eval.Files;

/// <summary>Names from a file, as an error shows them: on one line, and not too long.</summary>
public static class QuotedName
{
    private const int Longest = 100;

    private static readonly JsonSerializerOptions Unescaped = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Between quotation marks.</summary>
    public static string Of(string name) =>
        JsonSerializer.Serialize(name.Length > Longest ? name[..(Longest - 3)] + "..." : name, Unescaped);

    /// <summary>Without quotation marks where the name needs none.</summary>
    public static string Plain(string name) => name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-')
        && name.Length <= Longest ? name : Of(name);
}
