using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Cognito.Eval.Files;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;
using Cognito.Eval.Tokenizers;

namespace Cognito.Eval;

/// <summary>
/// Replies that are known on the way from one protocol to another, by the tokens that they hang on: what was answered is not
/// asked again, whatever document it is of.
/// </summary>
internal sealed class BridgeAnswers
{
    private readonly Dictionary<UInt128, Reply> _known = [];

    public bool Knows(RequestKey request) => _known.ContainsKey(request.Hash);

    public Reply this[RequestKey request]
    {
        get => _known[request.Hash];
        set => _known[request.Hash] = value;
    }
}

/// <summary>What a reply hangs on.</summary>
/// <param name="Hash">Of the tokens, and of all else that moves the reply.</param>
/// <param name="Asked">Place of the request that is asked for it: equal ones may be one (protocol 5.4).</param>
internal readonly record struct RequestKey(UInt128 Hash, int Asked)
{
    /// <summary>The keys of requests that are asked together.</summary>
    /// <param name="setting">What else the model's numbers hang on.</param>
    public static RequestKey[] Of(IReadOnlyList<Request> requests, Planner planner, string setting)
    {
        var protocol = planner.Protocol;
        int[] pairs = [.. Enumerable.Range(0, requests.Count).Where(i => requests[i] is LogLikelihood)];
        var spans = Encode([.. pairs.Select(i => (LogLikelihood)requests[i])], planner);
        var (_, distinct) = TokenSpan.Merge(spans, protocol.MergesEqualRequests);
        var (keys, first) = (new RequestKey[requests.Count], new Dictionary<int, int>());
        for (var p = 0; p < pairs.Length; p++)
            first.TryAdd(distinct[p], p);
        SideBySide.For(pairs.Length, p =>
        {
            var asked = first[distinct[p]];
            keys[pairs[p]] = new(Hashed($"{setting}|pair|", spans[asked].Context, spans[asked].Continuation), pairs[asked]);
        });
        foreach (var (i, request) in requests.Index())
            if (request is GreedyUntil free)
                keys[i] = new(Hashed(
                    Generation(setting, free, protocol), protocol.EncodePrompt(planner.Tokenizer, planner.End, free.Context)), i);
            else if (request is LogLikelihoodRolling { Text: var text })
                keys[i] = new(Hashed($"{setting}|whole|{protocol.EmptyContext(planner.End)}|", protocol.EncodeWhole(planner.Tokenizer, planner.End, text)), i);
        return keys;
    }

    /// <summary>When an answer ends hangs on the tokenizer too.</summary>
    private static string Generation(string setting, GreedyUntil request, Protocol protocol) =>
        $"{setting}|{protocol.Tokenization}|"
        // The variants of 0.4 end answers alike.
        + $"{(protocol is BridgeProtocol bridge ? bridge.Of(ProtocolRule.Answers) : protocol) is LmEval04}|"
        + $"{request.MaxNewTokens ?? protocol.MaxNewTokens}|{string.Join('\0', request.Stops)}|";

    private static TokenSpan[] Encode(IReadOnlyList<LogLikelihood> pairs, Planner planner)
    {
        var spans = new TokenSpan[pairs.Count];
        // Requests of one document stand side by side, and share its context.
        int[] starts = [.. Enumerable.Range(0, pairs.Count).Where(p => p == 0 || pairs[p].Context != pairs[p - 1].Context), pairs.Count];
        SideBySide.For(starts.Length - 1, s =>
        {
            var context = planner.Protocol.Encode(planner.Tokenizer, planner.End, pairs[starts[s]].Context);
            for (var p = starts[s]; p < starts[s + 1]; p++)
                spans[p] = TokenSpan.From(context.With(pairs[p].Continuation));
        });
        return spans;
    }

    private static UInt128 Hashed(string what, params IReadOnlyList<int[]> tokens)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(what));
        foreach (var part in tokens)
        {
            hash.AppendData(MemoryMarshal.AsBytes<int>([part.Length]));
            hash.AppendData(MemoryMarshal.AsBytes<int>(part));
        }
        return MemoryMarshal.Read<UInt128>(hash.GetHashAndReset());
    }
}
