using System.Text.Json;

namespace Cognito.Eval.Comparison;

/// <summary>JSON as Python's json.dumps writes it: with the bare words NaN, Infinity and -Infinity, which JSON does not have.</summary>
internal static class PythonJson
{
    /// <summary>Outside of strings the three words become texts, so that <see cref="HarnessValue"/> sees what was written.</summary>
    /// <exception cref="JsonException">It is not JSON apart from these words.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> json)
    {
        if (json.Span.StartsWith("\uFEFF"u8))
            json = json[3..];
        return JsonDocument.Parse(json.Span.IndexOf("NaN"u8) < 0 && json.Span.IndexOf("Infinity"u8) < 0 ? json : Quoted(json.Span));
    }

    private static byte[] Quoted(ReadOnlySpan<byte> json)
    {
        var quoted = new MemoryStream(json.Length + 64);
        var inText = false;
        for (var i = 0; i < json.Length; i++)
        {
            var word = inText ? default : Word(json[i..]);
            if (word.Length > 0)
            {
                quoted.WriteByte((byte)'"');
                quoted.Write(word);
                quoted.WriteByte((byte)'"');
                i += word.Length - 1;
                continue;
            }
            quoted.WriteByte(json[i]);
            if (inText && json[i] == (byte)'\\' && i + 1 < json.Length)
                quoted.WriteByte(json[++i]);
            else if (json[i] == (byte)'"')
                inText = !inText;
        }
        return quoted.ToArray();
    }

    private static ReadOnlySpan<byte> Word(ReadOnlySpan<byte> at) =>
        at.StartsWith("NaN"u8) ? at[..3] : at.StartsWith("Infinity"u8) ? at[..8] : at.StartsWith("-Infinity"u8) ? at[..9] : default;
}
