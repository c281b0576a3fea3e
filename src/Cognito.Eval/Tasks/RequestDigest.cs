using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Cognito.Eval;

/// <summary>
/// Fingerprints of a task's request stream in evaluation order, sha256 in lower-case hex: two runs asked the same
/// questions if and only if they are equal.
/// </summary>
/// <param name="Raw">UTF8(context) 00 UTF8(continuation) 01 for each request; stop strings are joined by 02.</param>
/// <param name="Json">Compact JSON <c>[context, continuation]</c> and a line feed for each request.</param>
/// <param name="Harness">The list of requests as Python's json.dumps writes it: lm-evaluation-harness' own test hashes.</param>
public sealed record RequestDigest(string Raw, string Json, string Harness)
{
    public static RequestDigest Of(IEnumerable<Request> requests)
    {
        using var raw = new TextHash();
        using var json = new TextHash();
        using var harness = new TextHash();
        var separator = "[";
        foreach (var request in requests)
        {
            var (context, answer) = (request.Context, Answer(request));
            raw.Add(context).Add("\0").Add(string.Join('\u0002', answer)).Add("\u0001");
            json.Add("[").Add(Quoted(context, ascii: false)).Add(",").Add(JsonAnswer(request, answer)).Add("]\n");
            harness.Add(separator).Add("[").Add(Quoted(context, ascii: true)).Add(", ")
                .Add(HarnessAnswer(request, answer)).Add("]");
            separator = ", ";
        }
        harness.Add(separator == "[" ? "[]" : "]");
        return new(raw.Hex(), json.Hex(), harness.Hex());
    }

    private static IReadOnlyList<string> Answer(Request request) => request switch
    {
        LogLikelihood { Continuation: var continuation } => [continuation],
        GreedyUntil { Stops: var stops } => stops,
        _ => throw new ArgumentException($"a kind of request without a digest: {request.GetType().Name}", nameof(request)),
    };

    private static string JsonAnswer(Request request, IReadOnlyList<string> answer) => request is GreedyUntil
        ? "[" + string.Join(',', answer.Select(a => Quoted(a, ascii: false))) + "]"
        : Quoted(answer[0], ascii: false);

    private static string HarnessAnswer(Request request, IReadOnlyList<string> answer) => request is GreedyUntil
        ? "{\"until\": [" + string.Join(", ", answer.Select(a => Quoted(a, ascii: true))) + "]}"
        : Quoted(answer[0], ascii: true);

    private static readonly SearchValues<char> Escaped = SearchValues.Create(
        [.. Enumerable.Range(0, 32).Select(i => (char)i), '"', '\\']);

    /// <summary>A JSON string as Python writes it.</summary>
    /// <param name="ascii">Whether what is not ASCII is escaped, as <c>ensure_ascii</c> does.</param>
    internal static string Quoted(string text, bool ascii)
    {
        if (!text.AsSpan().ContainsAny(Escaped) && (!ascii || !text.AsSpan().ContainsAnyExceptInRange(' ', '~')))
            return "\"" + text + "\"";
        var result = new StringBuilder(text.Length + 16).Append('"');
        foreach (var c in text)
            _ = c switch
            {
                '"' => result.Append("\\\""),
                '\\' => result.Append("\\\\"),
                '\b' => result.Append("\\b"),
                '\t' => result.Append("\\t"),
                '\n' => result.Append("\\n"),
                '\f' => result.Append("\\f"),
                '\r' => result.Append("\\r"),
                < ' ' => result.Append("\\u").Append(Hex4(c)),
                > '~' when ascii => result.Append("\\u").Append(Hex4(c)),
                _ => result.Append(c),
            };
        return result.Append('"').ToString();
    }

    private static string Hex4(char c) => ((int)c).ToString("x4", CultureInfo.InvariantCulture);

    /// <summary>A sha256 over text in UTF-8, added piece by piece.</summary>
    private sealed class TextHash : IDisposable
    {
        private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        public TextHash Add(string text)
        {
            var bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
            hash.AppendData(bytes, 0, Encoding.UTF8.GetBytes(text, bytes));
            ArrayPool<byte>.Shared.Return(bytes);
            return this;
        }

        public string Hex() => Convert.ToHexStringLower(hash.GetHashAndReset());

        public void Dispose() => hash.Dispose();
    }
}
