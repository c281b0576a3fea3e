using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Protocols;

/// <summary>
/// Fingerprints of a task's request stream in evaluation order, sha256 in lower-case hex: two runs asked the same
/// questions if and only if they are equal.
/// </summary>
/// <param name="Raw">
/// UTF8(context) 00 UTF8(continuation) 01 for each request; stop strings are joined by 02, and a limit of a request's own
/// stands after them as one more, begun by 03. Of a task file's settings only the stop strings are in it.
/// </param>
/// <param name="Json">Compact JSON <c>[context, continuation]</c> and a line feed for each request.</param>
/// <param name="Harness">The list of requests as Python's json.dumps writes it: lm-evaluation-harness' own test hashes.</param>
public sealed record RequestDigest(string Raw, string Json, string Harness)
{
    public static RequestDigest Compute(IEnumerable<Request> requests)
    {
        using var raw = new TextHash();
        using var json = new TextHash();
        using var harness = new TextHash();
        var (separator, context) = ("[", new Forms(""));
        foreach (var request in requests)
        {
            var answer = Answer(request);
            if (!ReferenceEquals(context.Text, request.Context))
                context = new(request.Context);
            raw.Add(context.Raw).Add("\0").Add(string.Join('\u0002', answer)).Add("\u0001");
            json.Add("[").Add(context.Json).Add(",").Add(JsonAnswer(request, answer)).Add("]\n");
            harness.Add(separator).Add("[").Add(context.Harness).Add(", ")
                .Add(HarnessAnswer(request, answer)).Add("]");
            separator = ", ";
        }
        harness.Add(separator == "[" ? "[]" : "]");
        return new(raw.Hex(), json.Hex(), harness.Hex());
    }

    /// <summary>A context in the digests' three forms, made once for all choices of a document.</summary>
    private sealed record Forms(string Text)
    {
        public byte[] Raw { get; } = Encoding.UTF8.GetBytes(Text);
        public byte[] Json { get; } = Encoding.UTF8.GetBytes(Quoted(Text, ascii: false));
        public byte[] Harness { get; } = Encoding.UTF8.GetBytes(Quoted(Text, ascii: true));
    }

    private static IReadOnlyList<string> Answer(Request request) => request switch
    {
        LogLikelihood { Continuation: var continuation } => [continuation],
        LogLikelihoodRolling { Text: var text } => [text],
        GreedyUntil { Settings: null, MaxNewTokens: { } most, Stops: var stops } => [.. stops, string.Create(CultureInfo.InvariantCulture, $"\u0003{most}")],
        GreedyUntil { Stops: var stops } => stops,
        _ => throw new ArgumentException($"a kind of request without a digest: {request.GetType().Name}", nameof(request)),
    };

    private static string JsonAnswer(Request request, IReadOnlyList<string> answer) => request is GreedyUntil
        ? "[" + string.Join(',', answer.Select(a => Quoted(a, ascii: false))) + "]"
        : Quoted(answer[0], ascii: false);

    private static string HarnessAnswer(Request request, IReadOnlyList<string> answer) => request is GreedyUntil { Settings: { } settings }
        ? InAscii(PythonJsonText.Write(settings))
        : request is GreedyUntil ? "{\"until\": [" + string.Join(", ", answer.Select(a => Quoted(a, ascii: true))) + "]}"
        : Quoted(answer[0], ascii: true);

    private static string InAscii(string json) =>
        string.Concat(json.Select(c => c <= '~' ? c.ToString() : "\\u" + Hex4(c)));

    private static readonly SearchValues<char> Escaped = SearchValues.Create(
        [.. Enumerable.Range(0, 32).Select(i => (char)i), '"', '\\']);

    private static readonly SearchValues<char> PlainAscii = SearchValues.Create(
        [.. Enumerable.Range(' ', '~' - ' ' + 1).Select(i => (char)i).Except(['"', '\\'])]);

    /// <summary>A JSON string as Python writes it.</summary>
    /// <param name="ascii">Whether what is not ASCII is escaped, as <c>ensure_ascii</c> does.</param>
    internal static string Quoted(string text, bool ascii)
    {
        var result = new StringBuilder(text.Length + text.Length / 16 + 16).Append('"');
        var rest = text.AsSpan();
        while ((ascii ? rest.IndexOfAnyExcept(PlainAscii) : rest.IndexOfAny(Escaped)) is >= 0 and var at)
        {
            result.Append(rest[..at]);
            _ = rest[at] switch
            {
                '"' => result.Append("\\\""),
                '\\' => result.Append("\\\\"),
                '\b' => result.Append("\\b"),
                '\t' => result.Append("\\t"),
                '\n' => result.Append("\\n"),
                '\f' => result.Append("\\f"),
                '\r' => result.Append("\\r"),
                var other => result.Append("\\u").Append(Hex4(other)),
            };
            rest = rest[(at + 1)..];
        }
        return result.Append(rest).Append('"').ToString();
    }

    private static string Hex4(char c) => ((int)c).ToString("x4", CultureInfo.InvariantCulture);

    /// <summary>A sha256 over text in UTF-8, added piece by piece.</summary>
    private sealed class TextHash : IDisposable
    {
        private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        public TextHash Add(byte[] bytes)
        {
            hash.AppendData(bytes);
            return this;
        }

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
