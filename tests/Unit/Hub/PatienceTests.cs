using Cognito.Eval.Hub;

namespace Cognito.Eval.Tests;

/// <summary>How long bytes are waited for, by a clock that is set by hand.</summary>
public sealed class PatienceTests
{
    private readonly Clock clock = new();

    private PatientBody Of(Stream body) => new(body, TimeSpan.FromSeconds(10), clock);

    private sealed class Clock : TimeProvider
    {
        public long Seconds { get; set; }
        public override long TimestampFrequency => 1;
        public override long GetTimestamp() => Seconds;
    }

    /// <summary>Brings so many bytes at a time, each time after so many seconds; without end, or up to one.</summary>
    private sealed class Drip(Clock clock, int bytes, int seconds, long end = long.MaxValue) : MemoryStream
    {
        private long sent;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            clock.Seconds += seconds;
            var now = (int)Math.Min(Math.Min(bytes, buffer.Length), end - sent);
            sent += now;
            return new(now);
        }
    }

    private sealed class Silence : MemoryStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return 0;
        }
    }

    private async Task<byte[]> Read(Stream body, int most = int.MaxValue) =>
        await Of(body).ReadAll(most, TestContext.Current.CancellationToken);

    [Fact]
    public async Task A_byte_every_two_seconds_is_not_waited_for()
    {
        Assert.Equal("only 5 bytes came in 10 s", (await Assert.ThrowsAsync<SlowBodyException>(() => Read(new Drip(clock, 1, 2)))).Message);
        Assert.Equal(10, clock.Seconds);
    }

    [Fact]
    public async Task Silence_is_not_waited_for()
    {
        Assert.StartsWith("no byte came", (await Assert.ThrowsAsync<SlowBodyException>(() =>
            new PatientBody(new Silence(), TimeSpan.FromMilliseconds(50), TimeProvider.System).ReadAll(10, TestContext.Current.CancellationToken))).Message);
    }

    [Theory]
    [InlineData(1024, 1, 200_000)]
    [InlineData(10_240, 9, 100_000)]
    [InlineData(1, 1, 9)]
    public async Task What_is_fast_enough_is_read_to_its_end_however_long_it_takes(int bytes, int seconds, int all) =>
        Assert.Equal(all, (await Read(new Drip(clock, bytes, seconds, all))).Length);

    [Fact]
    public async Task A_body_that_dries_up_is_given_up_where_it_does()
    {
        var body = Of(new Drip(clock, 1000, 1));
        var (read, bytes) = (0, new byte[1 << 16]);
        await Assert.ThrowsAsync<SlowBodyException>(async () =>
        {
            while (true)
                read += await body.Read(bytes, TestContext.Current.CancellationToken);
        });
        Assert.InRange(read, 9000, 10_000);
    }

    [Fact]
    public async Task The_time_between_reads_is_not_the_hubs()
    {
        var body = Of(new Drip(clock, 100, 1, 900));
        var bytes = new byte[1000];
        for (int read; (read = await body.Read(bytes, TestContext.Current.CancellationToken)) > 0;)
            clock.Seconds += 100; // a slow disk
    }

    [Fact]
    public async Task What_has_no_end_is_given_up_after_so_much() =>
        await Assert.ThrowsAsync<TooLongException>(() => Read(new Drip(clock, 1 << 16, 0), most: 1 << 20));
}
