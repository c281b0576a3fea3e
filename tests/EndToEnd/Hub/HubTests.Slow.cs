using System.Collections.Concurrent;
using Cognito.Eval.Files;
using Cognito.Eval.Hub;
using Microsoft.AspNetCore.Http;

namespace Cognito.Eval.Tests;

public sealed partial class HubTests
{
    /// <summary>Pauses take a thousandth of what they would; what is waited for is real.</summary>
    private sealed class ShortPauses : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            System.CreateTimer(callback, state, dueTime > TimeSpan.Zero ? dueTime / 1000 : dueTime, period);
    }

    /// <summary>Nothing takes long until the test says so: then whatever is waited for has taken too long.</summary>
    private sealed class LongSilence : TimeProvider
    {
        private readonly ConcurrentBag<Timer> timers = [];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = new Timer(base.CreateTimer(callback, state, dueTime, period)) { Due = dueTime };
            timers.Add(timer);
            return timer;
        }

        public void Passes()
        {
            foreach (var timer in timers.Where(timer => timer.Due > TimeSpan.FromMinutes(1)))
                timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }

        private sealed class Timer(ITimer timer) : ITimer
        {
            public TimeSpan Due { get; set; }

            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                Due = dueTime;
                return timer.Change(dueTime, period);
            }

            public void Dispose() => timer.Dispose();

            public ValueTask DisposeAsync() => timer.DisposeAsync();
        }
    }

    /// <summary>Pauses are short, and nothing is given up for taking long.</summary>
    private HubSettings Hurried(string? endpoint = null) => new()
    {
        Endpoint = endpoint ?? server.Endpoint,
        Home = home.Path,
        CacheFolder = Path.Combine(home.Path, "hub"),
        Patience = TimeSpan.FromHours(20), // of 72 s
        Clock = new ShortPauses(),
    };

    private int Asked(string hash) => server.Requests.Count(seen => seen.Method == "GET" && seen.Path.EndsWith(hash, StringComparison.Ordinal));

    private async Task<string> Failed(HubSettings settings) => (await Assert.ThrowsAsync<HubException>(() => Fetch(settings))).Message;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_short_body_sent_as_whole_is_asked_for_four_times(bool announced)
    {
        var whole = File.ReadAllBytes(Path.Combine(CommandLine.Nano, Weights));
        server.Fault = async context =>
        {
            if (!IsShard(context))
                return false;
            if (announced)
                context.Response.ContentLength = 1_000_000;
            await context.Response.Body.WriteAsync(whole.AsMemory(0, 1_000_000));
            return true;
        };
        Assert.Contains(Weights, await Failed(Hurried()));
        // The first brings a part, unless its length says that it is another file's; what comes in its place is no growth.
        Assert.Equal(announced ? 4 : 5, Asked(Hash(Weights)));
        server.Fault = null;
        Holds(await Fetch());
    }

    [Fact]
    public async Task Cuts_after_a_byte_each_are_no_growth()
    {
        server.Cut = context => IsShard(context) ? 1 : null;
        Assert.Contains("the transfer breaks off", await Failed(Hurried()));
        Assert.Equal(4, Asked(Hash(Weights)));
    }

    [Fact]
    public async Task A_listing_that_stalls_after_its_headers_is_asked_for_twice()
    {
        server.Fault = async context =>
        {
            await context.Response.StartAsync();
            await context.Response.Body.WriteAsync(" "u8.ToArray());
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
            return true;
        };
        var settings = new HubSettings { Endpoint = server.Endpoint, Home = home.Path, CacheFolder = Path.Combine(home.Path, "hub"), Patience = TimeSpan.FromSeconds(6) };
        Assert.Contains("/api/models/org/nano/revision/main: ", await Failed(settings));
        Assert.InRange(server.Requests.Count, 2, 4);
    }

    [Fact]
    public async Task An_endless_listing_is_refused()
    {
        server.Fault = async context =>
        {
            while (!context.RequestAborted.IsCancellationRequested)
                await context.Response.Body.WriteAsync(new byte[1 << 20], context.RequestAborted);
            return true;
        };
        Assert.Contains("more than 67108864 bytes", await Refused(Hurried()));
        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData("350", 1)]
    [InlineData("301", 1)]
    [InlineData("200", 2)]
    public async Task Pauses_beyond_five_minutes_in_all_end_it_with_what_the_hub_said(string pause, int requests)
    {
        server.Fault = context => LoopbackHub.Fail(context, 429, retryAfter: pause);
        var message = await Failed(Hurried());
        Assert.Contains("429", message);
        if (requests == 1)
            Assert.Contains($"asks for a pause of {pause} s, where 300 s are waited", message);
        Assert.Equal(requests, server.Requests.Count);
    }

    [Theory]
    [InlineData("http://[::1")]
    [InlineData("//\x1b[31mevil")]
    [InlineData("//[evil")]
    [InlineData("http://")]
    [InlineData("")]
    public async Task A_redirect_to_what_is_no_address_is_refused(string location)
    {
        using var raw = new RawServer($"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        Assert.Equal($"{raw.Endpoint}/api/models/org/nano/revision/main: redirects to what is no address; check HF_ENDPOINT", await Refused(Hurried(raw.Endpoint)));
    }

    [Theory]
    [InlineData("HTTP/1.1 418 \x1b[31mteapot\x9b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", "418")]
    [InlineData("HTTP/1.1 503 \x1b]0;pwn\x07 [/] ]\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", "503")]
    [InlineData("HTTP/1.1 302 \x1b[31mgo\r\nLocation: ftp://\x1b[31m/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", "redirects")]
    [InlineData("\x1b[31mnot HTTP at all\r\n\r\n", "what came is not HTTP")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: \x1b[31m5\r\n\x1b[2J: 1\r\n\r\n{}", "")]
    public async Task What_the_hub_says_commands_no_terminal(string answer, string fact)
    {
        using var raw = new RawServer(answer);
        var error = await Assert.ThrowsAnyAsync<Exception>(() => Fetch(Hurried(raw.Endpoint)));
        Assert.True(error is InputException or HubException, error.ToString());
        Assert.Contains(fact, error.Message);
        Assert.All([error.Message, .. said], text => Assert.DoesNotContain(text, char.IsControl));
        Assert.DoesNotContain("System.", error.Message);
        Assert.DoesNotContain("Received an invalid", error.Message);
    }

    [Fact]
    public async Task Headers_without_end_are_refused_at_once()
    {
        using var raw = new RawServer("HTTP/1.1 200 OK\r\n" + string.Concat(Enumerable.Repeat($"X-A: {new string('a', 60_000)}\r\n", 20)) + "\r\n");
        Assert.Contains("headers are too long", await Failed(Hurried(raw.Endpoint)));
        Assert.Equal(1, raw.Requests);
    }

    [Fact]
    public async Task No_hub_at_all_is_said_in_words_of_our_own()
    {
        Assert.Contains("(connection refused)", await Failed(Hurried("http://127.0.0.1:1")));
    }
}
