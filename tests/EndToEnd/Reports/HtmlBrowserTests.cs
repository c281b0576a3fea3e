using Cognito.Eval.Results;
using PuppeteerSharp;
using PuppeteerSharp.Media;

namespace Cognito.Eval.Tests;

/// <summary>The page in a browser: headless Chromium, where there is one.</summary>
public sealed partial class HtmlBrowserTests(Chromium chromium) : IClassFixture<Chromium>, IAsyncDisposable
{
    private readonly TwoRuns made = chromium.Made;
    private readonly List<string> complaints = [], asked = [];
    private readonly List<IPage> pages = [];

    public async ValueTask DisposeAsync()
    {
        foreach (var page in pages)
            await page.CloseAsync();
    }

    private async Task<IPage> Open(string path, int width = 1280, string scheme = "light", string? first = null, string hash = "")
    {
        Assert.SkipWhen(chromium.Browser is null, "needs Chromium: install it, or set COGNITO_EVAL_CHROMIUM to its path");
        var page = await chromium.Browser!.NewPageAsync();
        pages.Add(page);
        page.DefaultTimeout = page.DefaultNavigationTimeout = (int)HangGuard.Long.TotalMilliseconds;
        page.Console += (_, said) => complaints.Add($"{said.Message.Type}: {said.Message.Text}");
        page.PageError += (_, error) => complaints.Add($"error: {error.Message}");
        page.Request += (_, request) => asked.Add(request.Request.Url);
        await page.SetViewportAsync(new() { Width = width, Height = 900 });
        // A click lands where its target was before a scroll that takes its time: so nothing moves.
        await page.EmulateMediaFeaturesAsync([
            new() { MediaFeature = MediaFeature.PrefersColorScheme, Value = scheme },
            new() { MediaFeature = MediaFeature.PrefersReducedMotion, Value = "reduce" },
        ]);
        if (first is not null)
            await page.EvaluateExpressionOnNewDocumentAsync(first);
        await page.GoToAsync(new Uri(path).AbsoluteUri + hash);
        await Until(page, "!document.getElementById('documents-count').textContent.startsWith('Reading')");
        return page;
    }

    private static async Task Until(IPage page, string condition)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (!await page.EvaluateExpressionAsync<bool>(condition))
        {
            Assert.True(clock.Elapsed < HangGuard.Long, $"never came true: {condition}");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    private static Task<string> Text(IPage page, string selector) =>
        page.EvaluateExpressionAsync<string>($"document.querySelector({System.Text.Json.JsonSerializer.Serialize(selector)}).textContent");

    private static Task<string[]> Texts(IPage page, string selector) =>
        page.EvaluateExpressionAsync<string[]>($"[...document.querySelectorAll('{selector}')].map(e => e.textContent)");

    [Theory]
    [InlineData(1280, "light")]
    [InlineData(400, "dark")]
    public async Task It_opens_without_a_complaint_and_asks_no_network(int width, string scheme)
    {
        var page = await Open(made.Page(), width, scheme);
        Assert.Equal("100 of 100 documents", await Text(page, "#documents-count"));
        Assert.Empty(complaints);
        Assert.All(asked, url => Assert.StartsWith("file:", url));
        Assert.Single(asked);
        Assert.InRange(await page.EvaluateExpressionAsync<int>("document.documentElement.scrollWidth"), 1, width);
        var paper = await page.EvaluateExpressionAsync<string>("getComputedStyle(document.body).backgroundColor");
        Assert.Equal(scheme == "dark" ? "rgb(20, 23, 26)" : "rgb(252, 252, 250)", paper);
    }

    [Fact]
    public async Task The_filter_shows_the_flips_of_two_runs()
    {
        var page = await Open(made.Page());
        var (a, b) = (RunFile.Read(made.First).Tasks["arc_challenge"].Scores["acc_norm"], RunFile.Read(made.Second).Tasks["arc_challenge"].Scores["acc_norm"]);
        var (lost, gained) = (a.Zip(b).Count(doc => doc is (1, 0)), a.Zip(b).Count(doc => doc is (0, 1)));
        Assert.True(lost > 0 && gained > 0);
        await page.SelectAsync("#documents-task", "c:ARC");
        await page.SelectAsync("#documents-show", "flips");
        Assert.Equal($"{lost + gained} of 100 documents", await Text(page, "#documents-count"));
        await page.SelectAsync("#documents-show", "lost");
        Assert.Equal($"{lost} of 100 documents", await Text(page, "#documents-count"));
        Assert.All(await Texts(page, "#documents-table tbody td:nth-child(3)"), verdict => Assert.StartsWith("✓", verdict));
        Assert.All(await Texts(page, "#documents-table tbody td:nth-child(4)"), verdict => Assert.StartsWith("✗", verdict));
        await page.SelectAsync("#documents-order", "worse");
        var changes = (await Texts(page, "#documents-table tbody td:nth-child(5)"))
            .Select(text => double.Parse(text.Replace('−', '-'), System.Globalization.CultureInfo.InvariantCulture)).ToList();
        Assert.Equal(changes.Order(), changes);
        Assert.Empty(complaints);
    }

    [Fact]
    public async Task A_count_of_the_differences_leads_to_its_documents()
    {
        var page = await Open(made.Page(runs: 3));
        const string Gained = "#differences a[href*='show=higher'][href$='other=1']";
        var count = await Text(page, Gained);
        await page.ClickAsync(Gained);
        await Until(page, $"document.getElementById('documents-count').textContent === '{count} of 100 documents'");
        Assert.NotEqual("0", count);
        await page.SelectAsync("#documents-other", "2"); // the first run once more: nothing flips
        Assert.Equal("0 of 100 documents", await Text(page, "#documents-count"));
        Assert.Empty(complaints);
    }

    [Fact]
    public async Task Pages_turn_and_a_document_opens_from_the_keyboard()
    {
        var page = await Open(made.Page());
        Assert.Equal("Page 1 of 4", await Text(page, "#documents-page"));
        var first = await Text(page, "#documents-table tbody .toggle");
        await page.FocusAsync("#documents-next");
        await page.Keyboard.PressAsync("Enter");
        Assert.Equal("Page 2 of 4", await Text(page, "#documents-page"));
        Assert.NotEqual(first, await Text(page, "#documents-table tbody .toggle"));
        await page.FocusAsync("#documents-table tbody .toggle");
        await page.Keyboard.PressAsync("Enter");
        Assert.Equal("true", await page.EvaluateExpressionAsync<string>("document.activeElement.getAttribute('aria-expanded')"));
        Assert.Contains("Question", await Text(page, ".opened"));
        await page.Keyboard.PressAsync("Enter");
        Assert.Null(await page.QuerySelectorAsync(".opened"));
        Assert.Empty(complaints);
    }

    [Theory]
    [InlineData("arc_challenge 3", "pre", "Question: Hostile: </script><script>window.pwned = 'script'</script><img src=x")]
    [InlineData("gsm8k 5", "pre:nth-of-type(1)", "")]
    public async Task Hostile_text_stays_text(string document, string selector, string begins)
    {
        var page = await Open(made.Page());
        await page.TypeAsync("#documents-search", "hostile");
        await Until(page, "document.getElementById('documents-count').textContent === '2 of 100 documents'");
        await page.EvaluateExpressionAsync("document.querySelectorAll('#documents-table .toggle').forEach(toggle => toggle.click())");
        Assert.Contains(document, await Texts(page, "#documents-table .toggle"));
        var shown = await Texts(page, $".opened {selector}");
        Assert.Contains(shown, text => text.StartsWith(begins, StringComparison.Ordinal));
        Assert.Equal(3, (await Texts(page, ".opened pre")).Count(text => text.Contains("<img src=x onerror=\"window.pwned='image'\">", StringComparison.Ordinal)));
        Assert.Equal(0, await page.EvaluateExpressionAsync<int>("document.querySelectorAll('img, main script[src], [onerror]').length"));
        Assert.Equal("undefined", await page.EvaluateExpressionAsync<string>("typeof window.pwned"));
        Assert.Empty(complaints);
    }

    [Fact]
    public async Task Letters_that_find_the_same_documents_leave_what_is_opened()
    {
        var page = await Open(made.Page());
        await page.TypeAsync("#documents-search", "hostil");
        await Until(page, "document.getElementById('documents-count').textContent === '2 of 100 documents'");
        await AfterSearch(page);
        await page.ClickAsync("#documents-table .toggle");
        await page.TypeAsync("#documents-search", "e");
        await AfterSearch(page);
        Assert.NotNull(await page.QuerySelectorAsync(".opened"));
        await page.TypeAsync("#documents-search", " nowhere");
        await Until(page, "document.getElementById('documents-count').textContent === '0 of 100 documents'");
        Assert.Null(await page.QuerySelectorAsync(".opened"));
    }

    /// <summary>Lets the search that the last letter began run: a page's timers fire in order.</summary>
    private static Task AfterSearch(IPage page) =>
        page.EvaluateExpressionAsync("new Promise(done => setTimeout(() => done(1), 200))");

    [Fact]
    public async Task The_policy_stops_a_script_that_got_in()
    {
        var page = await Open(made.Page());
        await page.EvaluateExpressionAsync("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.pwned=1\">')");
        await page.EvaluateExpressionAsync(
            "document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.pwned = 2' }))");
        await Until(page, "document.readyState === 'complete'");
        Assert.Equal("undefined", await page.EvaluateExpressionAsync<string>("typeof window.pwned"));
        Assert.Contains(complaints, said => said.Contains("Content Security Policy", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_page_of_one_run_without_questions_says_how_to_get_them()
    {
        var page = await Open(made.Page(texts: false, runs: 1));
        await page.SelectAsync("#documents-show", "wrong");
        await page.ClickAsync("#documents-table .toggle");
        Assert.Contains("--data DIR", await Text(page, ".opened"));
        Assert.Empty(complaints);
    }

    [Fact]
    public async Task A_browser_without_DecompressionStream_is_told()
    {
        var page = await Open(made.Page(), first: "delete window.DecompressionStream");
        Assert.Contains("DecompressionStream", await Text(page, "#documents-count"));
    }

    [Fact]
    public async Task Controls_have_labels_tables_headings_and_plots_words()
    {
        var page = await Open(made.Page());
        Assert.Equal(0, await page.EvaluateExpressionAsync<int>(
            "[...document.querySelectorAll('input, select')].filter(e => e.labels.length !== 1 || !e.labels[0].textContent).length"));
        Assert.Equal(0, await page.EvaluateExpressionAsync<int>("[...document.querySelectorAll('svg')].filter(e => !e.getAttribute('aria-label')).length"));
        Assert.Equal(0, await page.EvaluateExpressionAsync<int>("[...document.querySelectorAll('table')].filter(e => !e.querySelector('th[scope=col]')).length"));
        Assert.Equal(1, await page.EvaluateExpressionAsync<int>("document.querySelectorAll('h1').length"));
        await page.Keyboard.PressAsync("Tab");
        Assert.Equal("Skip to the scores", await page.EvaluateExpressionAsync<string>("document.activeElement.textContent"));
    }
}
