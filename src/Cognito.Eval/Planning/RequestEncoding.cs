using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;
using Cognito.Eval.Tokenizers;

namespace Cognito.Eval.Planning;

/// <summary>Requests in a checkpoint's tokens.</summary>
internal static class RequestEncoding
{
    /// <param name="protocol">Whose rules split context and continuation; the default's if null.</param>
    public static TokenSpan Encode(this CheckpointTokenizer tokenizer, LogLikelihood request, Protocol? protocol = null) => TokenSpan.From(
        (protocol ?? Protocol.Default).Encode(tokenizer.Tokenizer, Ends(tokenizer), request.Context).With(request.Continuation));

    public static int[] Encode(this CheckpointTokenizer tokenizer, GreedyUntil request, Protocol? protocol = null) =>
        (protocol ?? Protocol.Default).EncodePrompt(tokenizer.Tokenizer, Ends(tokenizer), request.Context);

    private static EndOfText Ends(CheckpointTokenizer tokenizer) => new(tokenizer.EndId) { Start = tokenizer.Start };
}
