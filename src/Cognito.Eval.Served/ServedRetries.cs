using System.Net;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace Cognito.Eval.Served;

/// <summary>When a request is made again: growing pauses, or as long as the server asks to wait.</summary>
internal static class ServedRetries
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    /// <summary>How often what may be the request's own fault is tried: an error of the server, silence, an answer that breaks off.</summary>
    public const int Tries = 4;

    /// <param name="onRetry">Told why, and after which pause.</param>
    public static ResiliencePipeline<ServerReply> Of(ServedModelOptions options, Action<ServerReply?, TimeSpan> onRetry)
    {
        long? since = null;
        TimeSpan Waited() => since is { } from ? TimeProvider.System.GetElapsedTime(from) : TimeSpan.Zero;
        return new ResiliencePipelineBuilder<ServerReply>()
            .AddRetry(new RetryStrategyOptions<ServerReply>
            {
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                Delay = options.FirstPause,
                MaxDelay = LongestPause,
                UseJitter = true,
                ShouldHandle = args =>
                {
                    since ??= TimeProvider.System.GetTimestamp();
                    return new(args.Outcome switch
                    {
                        { Result: { IsPassing: true } reply } => (reply.IsOverloaded || args.AttemptNumber + 1 < Tries)
                            && Waited() + (reply.RetryAfter ?? TimeSpan.Zero) <= options.Patience,
                        { Result: { } } => false,
                        { Exception: TimeoutRejectedException } => args.AttemptNumber == 0,
                        { Exception: BrokenAnswerException } => args.AttemptNumber + 1 < Tries,
                        { Exception: HttpRequestException or IOException } => Waited() <= options.Patience,
                        _ => false,
                    });
                },
                DelayGenerator = args => new(args.Outcome.Result?.RetryAfter),
                OnRetry = args =>
                {
                    onRetry(args.Outcome.Result, args.RetryDelay);
                    return default;
                },
            })
            .AddTimeout(options.AnswerTime)
            .Build();
    }

    /// <summary>Whether the same request may fare better later.</summary>
    public static bool IsPassing(HttpStatusCode status) => status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests
        || (int)status >= 500 && status != HttpStatusCode.NotImplemented;

    /// <summary>Whether it is the server's state and not the request: too much to do, weights that are still read, a gateway without it.</summary>
    public static bool IsOverloaded(HttpStatusCode status) => status is HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway
        or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;
}

/// <summary>An answer that breaks off, or is no JSON, or longer than is read.</summary>
internal sealed class BrokenAnswerException(string fact) : Exception(fact)
{
    public string Fact => Message;
}
