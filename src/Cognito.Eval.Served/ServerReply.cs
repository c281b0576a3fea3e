using System.Net;
using System.Text;
using System.Text.Json;
using Cognito.Eval.Files;

namespace Cognito.Eval.Served;

/// <summary>What a server says, all of it data.</summary>
/// <param name="Status">Of HTTP.</param>
/// <param name="Json">Its body; undefined where that is no JSON.</param>
/// <param name="Words">What it says where it refuses, on one line and not too long.</param>
/// <param name="RetryAfter">How long it asks to wait; null where it does not.</param>
internal sealed record ServerReply(HttpStatusCode Status, JsonElement Json, string Words, TimeSpan? RetryAfter)
{
    private const int LongestWords = 300, MostDepth = 16;

    public bool IsAnswer => (int)Status is >= 200 and < 300;

    public bool IsPassing => ServedRetries.IsPassing(Status);

    public bool IsOverloaded => ServedRetries.IsOverloaded(Status);

    /// <summary>Its status and words, for a message.</summary>
    public string Said => Words.Length == 0 ? $"{(int)Status}" : $"{(int)Status} ({Words})";

    /// <param name="key">Stands in no message, whatever the server repeats.</param>
    /// <exception cref="BrokenAnswerException">It is an answer, and no JSON.</exception>
    public static ServerReply Read(HttpResponseMessage answer, byte[] body, string? key)
    {
        var isAnswer = answer.IsSuccessStatusCode;
        var json = Parse(body);
        if (isAnswer && json.ValueKind == JsonValueKind.Undefined)
            throw new BrokenAnswerException(body.Length == 0 ? "an empty answer" : "the answer is no JSON, or breaks off");
        var pause = answer.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } when date > DateTimeOffset.UtcNow => date - DateTimeOffset.UtcNow,
            _ => (TimeSpan?)null,
        };
        return new(answer.StatusCode, json, isAnswer ? "" : Quoted(WordsOf(json) ?? Text(body), key), pause);
    }

    /// <summary>
    /// Python writes NaN and Infinity as they are, which JSON does not have: they become texts, which are no numbers.
    /// </summary>
    private static JsonElement Parse(byte[] body)
    {
        var isText = false;
        for (var i = 0; i < body.Length; i++)
            if (isText)
            {
                if (body[i] == '\\')
                    i++;
                else
                    isText = body[i] != '"';
            }
            else if (body[i] == '"')
                isText = true;
            else if (Literal(body.AsSpan(i)) is > 0 and var length)
            {
                body.AsSpan(i, length).Fill((byte)' ');
                body[i] = body[i + 1] = (byte)'"';
                i += length - 1;
            }
        try
        {
            using var document = JsonDocument.Parse(body, new() { MaxDepth = MostDepth });
            return document.RootElement.Clone();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return default;
        }
    }

    private static int Literal(ReadOnlySpan<byte> at) => at.StartsWith("NaN"u8) ? 3 : at.StartsWith("Infinity"u8) ? 8 : at.StartsWith("-Infinity"u8) ? 9 : 0;

    /// <summary>OpenAI's {"error": {"message"}}, vLLM's {"message"} and FastAPI's {"detail"}.</summary>
    private static string? WordsOf(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
            return null;
        foreach (var name in (string[])["error", "message", "detail"])
            if (json.TryGetProperty(name, out var value))
                return value.ValueKind == JsonValueKind.Object && value.TryGetProperty("message", out var inner) ? Words(inner) : Words(value);
        return null;

        static string Words(JsonElement value) => value.ValueKind == JsonValueKind.String && JsonText.Of(value) is { } text ? text : value.GetRawText();
    }

    private static string Text(byte[] body) => Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 2 * LongestWords)));

    private static string Quoted(string words, string? key)
    {
        if (!string.IsNullOrEmpty(key))
            words = words.Replace(key, "***", StringComparison.Ordinal);
        words = Printable.Line(words);
        return words.Length > LongestWords ? words[..LongestWords] + "..." : words;
    }
}

/// <summary>Texts and numbers of JSON that anybody may have written.</summary>
internal static class JsonText
{
    /// <summary>Null where it is no text, or no valid Unicode.</summary>
    public static string? Of(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>A property of an object; undefined where there is none.</summary>
    public static JsonElement At(this JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) ? value : default;

    /// <summary>An element of an array; undefined where there is none.</summary>
    public static JsonElement At(this JsonElement json, int place) =>
        json.ValueKind == JsonValueKind.Array && place < json.GetArrayLength() ? json[place] : default;

    public static int Count(this JsonElement json) => json.ValueKind == JsonValueKind.Array ? json.GetArrayLength() : 0;

    public static bool IsNull(this JsonElement json) => json.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined;

    public static string? Text(this JsonElement json, string name) => Of(json.At(name));

    public static int? Int(this JsonElement json) => json.ValueKind == JsonValueKind.Number && json.TryGetInt32(out var number) ? number : null;

    public static double? Number(this JsonElement json) => json.ValueKind == JsonValueKind.Number && json.TryGetDouble(out var number) ? number : null;

    /// <summary>A list of ids; null where it is none.</summary>
    public static int[]? Ints(this JsonElement json) => json.ValueKind == JsonValueKind.Array
        && json.EnumerateArray().Select(Int).ToList() is var ids && ids.All(id => id is >= 0) ? [.. ids.Select(id => id!.Value)] : null;
}
