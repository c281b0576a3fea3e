using System.Net;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace Cognito.Eval;

/// <summary>How requests and transfers are tried again: with growing pauses, or when the hub says so.</summary>
internal static class HubRetries
{
    /// <summary>The hub counts requests in windows of five minutes; longer than this nobody waits.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(6);

    /// <summary>Up to the headers of an answer. 408, 429 and 5xx are tried again, and what did not reach the hub.</summary>
    public static ResiliencePipeline<HttpResponseMessage> OfRequests(TimeSpan patience, int tries, Action<string> say) =>
        new ResiliencePipelineBuilder<HttpResponseMessage>()
            .AddRetry(new RetryStrategyOptions<HttpResponseMessage>
            {
                MaxRetryAttempts = tries,
                BackoffType = DelayBackoffType.Exponential,
                Delay = TimeSpan.FromSeconds(0.5),
                MaxDelay = TimeSpan.FromSeconds(30),
                UseJitter = true,
                ShouldHandle = new PredicateBuilder<HttpResponseMessage>()
                    .Handle<HttpRequestException>().Handle<TimeoutRejectedException>().Handle<IOException>()
                    .HandleResult(answer => IsPassing(answer) && !(RetryAfter(answer) > LongestPause)),
                DelayGenerator = args => new(args.Outcome.Result is { } answer ? RetryAfter(answer) : null),
                OnRetry = args =>
                {
                    if (args.Outcome.Result is { } answer)
                    {
                        say($"{answer.RequestMessage?.RequestUri?.Host} answers {(int)answer.StatusCode}; "
                            + $"again in {Math.Ceiling(args.RetryDelay.TotalSeconds):0} s");
                        answer.Dispose();
                    }
                    return default;
                },
            })
            .AddTimeout(patience)
            .Build();

    /// <summary>A file's bytes: cut transfers go on as long as bytes come, five times where none do.</summary>
    public static ResiliencePipeline OfTransfers(Func<long> received)
    {
        var (before, fruitless) = (received(), 0);
        return new ResiliencePipelineBuilder().AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Exponential,
            Delay = TimeSpan.FromSeconds(0.5),
            MaxDelay = TimeSpan.FromSeconds(5),
            UseJitter = true,
            ShouldHandle = args =>
            {
                if (args.Outcome.Exception is not IOException)
                    return new(false);
                var now = received();
                fruitless = now > before ? 0 : fruitless + 1;
                before = now;
                return new(fruitless < 5);
            },
        }).Build();
    }

    private static bool IsPassing(HttpResponseMessage answer) =>
        answer.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests
        || (int)answer.StatusCode >= 500 && answer.StatusCode != HttpStatusCode.NotImplemented;

    private static TimeSpan? RetryAfter(HttpResponseMessage answer) => answer.Headers.RetryAfter switch
    {
        { Delta: { } pause } => pause,
        { Date: { } date } when date > DateTimeOffset.UtcNow => date - DateTimeOffset.UtcNow,
        _ => null,
    };
}
