using System.Net;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace Cognito.Eval.Hub;

/// <summary>How requests and transfers are tried again: with growing pauses, or when the hub says so.</summary>
internal static class HubRetries
{
    /// <summary>All pauses that the hub may ask for in one request. It counts requests in windows of five minutes.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    /// <summary>A part on disk that grew by less than this did not grow.</summary>
    public const int LeastGain = 1 << 16;

    /// <summary>Of tries of a transfer one after the other that bring nothing: how many, and how long in patiences.</summary>
    private const int MostFruitless = 4;
    private const double MostPatiences = 1.5;

    /// <summary>
    /// A request up to the headers of its answer. 408, 429 and 5xx are tried again, and what did not reach the hub. After
    /// silence it is tried once more, for half as long.
    /// </summary>
    public static ResiliencePipeline<HttpResponseMessage> OfRequests(HubSettings settings, int tries, Action<string> say)
    {
        var (paused, silent) = (TimeSpan.Zero, 0);
        return new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = settings.Clock }
            .AddRetry(new RetryStrategyOptions<HttpResponseMessage>
            {
                MaxRetryAttempts = tries,
                BackoffType = DelayBackoffType.Exponential,
                Delay = TimeSpan.FromSeconds(0.5),
                MaxDelay = TimeSpan.FromSeconds(30),
                UseJitter = true,
                ShouldHandle = args => new(args.Outcome switch
                {
                    { Result: { } answer } => IsPassing(answer)
                        && paused + (RetryAfter(answer, settings) ?? TimeSpan.Zero) <= LongestPause,
                    { Exception: TimeoutRejectedException } => silent++ == 0,
                    { Exception: { } e } => HubFailure.IsPassing(e),
                    _ => false,
                }),
                DelayGenerator = args => new(args.Outcome switch
                {
                    { Result: { } answer } => RetryAfter(answer, settings),
                    // Who waited for an answer has waited.
                    { Exception: TimeoutRejectedException } => TimeSpan.Zero,
                    _ => null,
                }),
                OnRetry = args =>
                {
                    if (args.Outcome.Result is { } answer)
                    {
                        paused += args.RetryDelay;
                        say($"{answer.RequestMessage?.RequestUri?.Host} answers {(int)answer.StatusCode}; "
                            + $"again in {Math.Ceiling(args.RetryDelay.TotalSeconds):0} s");
                        answer.Dispose();
                    }
                    return default;
                },
            })
            .AddTimeout(new TimeoutStrategyOptions
            {
                // What is lost is lost: the second time an answer comes soon or not at all.
                TimeoutGenerator = _ => new(silent == 0 ? settings.Patience : settings.Patience / 2),
            })
            .Build();
    }

    /// <summary>
    /// A file's bytes: cut transfers go on as long as the part on disk grows. Bytes that only take the place of others
    /// are no growth.
    /// </summary>
    /// <param name="length">Of the part on disk.</param>
    public static ResiliencePipeline OfTransfers(HubSettings settings, Func<long> length)
    {
        var (longest, fruitless, since) = (length(), 0, settings.Clock.GetTimestamp());
        return new ResiliencePipelineBuilder { TimeProvider = settings.Clock }.AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Constant,
            DelayGenerator = args => new(args.Outcome.Exception is SlowBodyException ? TimeSpan.Zero
                : TimeSpan.FromSeconds(0.5 * (1 << Math.Clamp(fruitless - 1, 0, 3)))),
            ShouldHandle = args =>
            {
                if (args.Outcome.Exception is not IOException)
                    return new(false);
                var now = length();
                // Wrong bytes are thrown away once, and it begins anew.
                if (now >= longest + LeastGain || args.Outcome.Exception is WrongBytesException)
                {
                    (longest, fruitless, since) = (now, 0, settings.Clock.GetTimestamp());
                    return new(true);
                }
                fruitless++;
                return new(fruitless < MostFruitless
                    && settings.Clock.GetElapsedTime(since) < MostPatiences * settings.Patience);
            },
        }).Build();
    }

    public static bool IsPassing(HttpResponseMessage answer) =>
        answer.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests
        || (int)answer.StatusCode >= 500 && answer.StatusCode != HttpStatusCode.NotImplemented;

    /// <summary>How long the hub asks to wait; null where it does not say.</summary>
    public static TimeSpan? RetryAfter(HttpResponseMessage answer, HubSettings settings) => answer.Headers.RetryAfter switch
    {
        { Delta: { } pause } => pause,
        { Date: { } date } when date > settings.Clock.GetUtcNow() => date - settings.Clock.GetUtcNow(),
        _ => null,
    };
}
