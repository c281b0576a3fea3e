using PuppeteerSharp;

namespace Cognito.Eval.Tests;

/// <summary>One headless Chromium for all tests of the page, and the pages that they look at.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>Null where there is none.</summary>
    public IBrowser? Browser { get; private set; }

    /// <summary>Of a hostile name.</summary>
    internal TwoRuns Made { get; } = new("first", "second " + TwoRuns.Script);

    /// <summary>A page of two runs of all of the leaderboard's tasks, a dozen documents of each.</summary>
    internal string Leaderboard { get; private set; } = "";

    /// <summary>COGNITO_EVAL_CHROMIUM, or a Chromium or Chrome on the path.</summary>
    private static string? Installed => Environment.GetEnvironmentVariable("COGNITO_EVAL_CHROMIUM") is { Length: > 0 } named ? named
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .SelectMany(folder => new[] { "chromium", "chromium-browser", "google-chrome" }.Select(name => Path.Combine(folder, name)))
            .FirstOrDefault(File.Exists);

    public async ValueTask InitializeAsync()
    {
        if (Installed is not { } path)
            return;
        Leaderboard = _folder.Write("leaderboard.html", FullSize.Page(_folder.Path, documents: 12));
        Browser = await Puppeteer.LaunchAsync(new()
        {
            ExecutablePath = path,
            Headless = true,
            Timeout = (int)HangGuard.Long.TotalMilliseconds,
            ProtocolTimeout = (int)HangGuard.Long.TotalMilliseconds,
            // A container's root cannot have the sandbox; the pages are our own.
            Args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (Browser is not null)
            await Browser.DisposeAsync();
        Made.Dispose();
        _folder.Dispose();
    }
}
