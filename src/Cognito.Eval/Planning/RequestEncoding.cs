using Cognito.Eval.Tasks;
using Cognito.Eval.Tokenizers;

namespace Cognito.Eval.Planning;

/// <summary>Requests in a checkpoint's tokens.</summary>
public static class RequestEncoding
{
    public static TokenSpan Encode(this CheckpointTokenizer tokenizer, LogLikelihood request) =>
        TokenSpan.Encode(tokenizer.Tokenizer, tokenizer.EndId, request.Context, request.Continuation);

    public static int[] Encode(this CheckpointTokenizer tokenizer, GreedyUntil request) =>
        [.. tokenizer.Tokenizer.EncodeToIds(request.Context)];
}
