namespace Cognito.Eval.Tests;

/// <summary>
/// How long a test waits for what must come: a guard against hanging, and no measure of anything. A machine that does much
/// else takes a hundred times as long as an idle one.
/// </summary>
internal static class HangGuard
{
    public static readonly TimeSpan Long = TimeSpan.FromMinutes(10);

    /// <summary>Looks again and again until it is so.</summary>
    public static async Task Until(Func<bool> isSo, string what)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        for (; !isSo(); await Task.Delay(10, TestContext.Current.CancellationToken))
            Assert.True(clock.Elapsed < Long, $"never came: {what}");
    }
}
