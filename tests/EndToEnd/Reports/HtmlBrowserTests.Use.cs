using System.Globalization;
using System.Text.RegularExpressions;
using PuppeteerSharp;

namespace Cognito.Eval.Tests;

/// <summary>What people do with the page: on a phone, with links, with a spreadsheet, with the keyboard.</summary>
public sealed partial class HtmlBrowserTests
{
    /// <summary>What is too small, cut off, or wider than the page; texts of plots by the size that they are shown at.</summary>
    private const string Flaws = """
        (() => {
          const flaws = [], shown = e => e.getClientRects().length > 0, width = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth > width) flaws.push(`page: ${document.documentElement.scrollWidth} of ${width} px`);
          for (const e of document.querySelectorAll('.scroll, td, figure'))
            if (shown(e) && e.scrollWidth > e.clientWidth + 1) flaws.push(`${e.tagName} ${e.scrollWidth} of ${e.clientWidth} px: ${e.textContent.slice(0, 60)}`);
          for (const svg of document.querySelectorAll('svg')) {
            const box = svg.getBoundingClientRect(), scale = box.width / svg.viewBox.baseVal.width;
            for (const text of svg.querySelectorAll('text')) {
              const at = text.getBoundingClientRect(), size = parseFloat(getComputedStyle(text).fontSize) * scale;
              if (size < 12) flaws.push(`${size} px: ${text.textContent}`);
              if (at.left < box.left - 1 || at.right > box.right + 1 || at.top < box.top - 1 || at.bottom > box.bottom + 1) flaws.push(`clipped: ${text.textContent}`);
            }
          }
          const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          for (let text = walk.nextNode(); text; text = walk.nextNode()) {
            const e = text.parentElement, size = parseFloat(getComputedStyle(e).fontSize);
            if (text.textContent.trim() && shown(e) && !e.closest('svg, script, style, .hidden') && size < 12) flaws.push(`${size} px: ${text.textContent}`);
          }
          return flaws;
        })()
        """;

    [Theory]
    [InlineData(390)]
    [InlineData(768)]
    [InlineData(1280)]
    public async Task Nothing_is_cut_off_or_small(int width)
    {
        string[] paths = [chromium.Leaderboard, made.Page(runs: 3), made.Page(runs: 1)];
        foreach (var path in paths)
        {
            var page = await Open(path, width);
            await page.EvaluateExpressionAsync("document.querySelectorAll('details').forEach(e => e.open = true), document.querySelector('#documents-table .toggle').click()");
            Assert.True(await page.EvaluateExpressionAsync<int>("document.querySelectorAll('svg text').length") > 20);
            Assert.Empty(await page.EvaluateExpressionAsync<string[]>(Flaws));
        }
        Assert.Empty(complaints);
    }

    [Fact]
    public async Task The_first_screen_has_the_verdict_and_every_score_and_difference()
    {
        var page = await Open(chromium.Leaderboard);
        Assert.Equal(6 + 1, await page.EvaluateExpressionAsync<int>("document.querySelectorAll('#scores tbody td[data-label=Difference]').length"));
        Assert.InRange(await page.EvaluateExpressionAsync<double>("document.querySelector('.verdict').getBoundingClientRect().bottom"), 1, 300);
        Assert.InRange(await page.EvaluateExpressionAsync<double>("document.querySelector('#scores table').getBoundingClientRect().bottom"), 1, 900);
    }

    [Fact]
    public async Task Every_count_leads_to_as_many_documents()
    {
        var page = await Open(chromium.Leaderboard);
        var links = await page.EvaluateExpressionAsync<string[]>("[...document.querySelectorAll('a[href^=\"#documents?\"]')].map(e => e.textContent + ' ' + e.hash)");
        // Six columns and their average, scored and higher in either run.
        Assert.InRange(links.Length, 3 * 7 - 2, 3 * 7);
        Assert.Contains(links, link => link.Contains("task=average&show=lower", StringComparison.Ordinal));
        Assert.Contains(links, link => link.Contains("task=c%3ATruthfulQA&show=higher", StringComparison.Ordinal));
        foreach (var (i, link) in links.Index())
        {
            await page.EvaluateExpressionAsync($"document.querySelectorAll('a[href^=\"#documents?\"]')[{i}].click()");
            await Until(page, $"document.getElementById('documents-count').textContent === '{link.Split(' ')[0]} of 744 documents'");
        }
        Assert.Empty(complaints);
    }

    [Fact]
    public async Task Filters_stand_in_the_address_until_they_are_cleared()
    {
        var page = await Open(chromium.Leaderboard);
        await page.SelectAsync("#documents-task", "c:MMLU");
        await page.SelectAsync("#documents-show", "flips");
        await page.SelectAsync("#documents-order", "worse");
        await page.TypeAsync("#documents-search", "high school");
        await AfterSearch(page);
        await page.ClickAsync("#documents-next");
        var (hash, count, first) = (await page.EvaluateExpressionAsync<string>("location.hash"), await Text(page, "#documents-count"), await Text(page, ".toggle"));
        Assert.Equal("#documents?task=c%3AMMLU&show=flips&order=worse&q=high+school&page=2", hash);
        var other = await Open(chromium.Leaderboard, hash: hash);
        Assert.Equal((count, first), (await Text(other, "#documents-count"), await Text(other, ".toggle")));
        Assert.InRange(await other.EvaluateExpressionAsync<double>("document.getElementById('documents').getBoundingClientRect().top"), -50, 300);
        await other.ClickAsync("#documents-clear");
        Assert.Equal(("#documents", "744 of 744 documents"), (await other.EvaluateExpressionAsync<string>("location.hash"), await Text(other, "#documents-count")));
        Assert.True(await other.EvaluateExpressionAsync<bool>("document.getElementById('documents-clear').disabled"));
        var odd = await Open(chromium.Leaderboard, hash: "#documents?task=c:Nowhere&show=%00&page=-3&other=9");
        Assert.Equal("744 of 744 documents", await Text(odd, "#documents-count"));
        Assert.Empty(complaints);
    }

    [Fact]
    public async Task The_documents_shown_are_saved_as_CSV()
    {
        using var folder = new TemporaryFolder();
        var page = await Open(made.Page());
        await page.Client.SendAsync("Page.setDownloadBehavior", new { behavior = "allow", downloadPath = folder.Path });
        await page.SelectAsync("#documents-show", "lost");
        var count = int.Parse((await Text(page, "#documents-count")).Split(' ')[0], CultureInfo.InvariantCulture);
        await page.ClickAsync("#documents-save");
        var (path, clock) = (Path.Combine(folder.Path, "documents.csv"), System.Diagnostics.Stopwatch.StartNew());
        while (!File.Exists(path) && clock.Elapsed < HangGuard.Long)
            await Task.Delay(50, TestContext.Current.CancellationToken);
        string[][] rows = [.. Cells(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken))];
        var heads = rows[0].ToList();
        var (first, second) = (heads.IndexOf("right: first"), heads.FindIndex(head => head.StartsWith("right: second", StringComparison.Ordinal)));
        Assert.Equal(count, rows.Length - 1);
        Assert.All(rows[1..], row => Assert.Equal((heads.Count, "1", "0"), (row.Length, row[first], row[second])));
        Assert.Empty(complaints);
    }

    /// <summary>A record is a line: no cell has a line end.</summary>
    private static IEnumerable<string[]> Cells(string csv) => csv.TrimEnd('\n').Split('\n').Select(line =>
        Regex.Matches(line, "(?:^|,)(?:\"((?:[^\"]|\"\")*)\"|([^,\"]*))").Select(cell => cell.Groups[1].Value + cell.Groups[2].Value).ToArray());

    [Fact]
    public async Task No_cell_of_a_CSV_is_a_formula()
    {
        var page = await Open(made.Page());
        var csv = await page.EvaluateExpressionAsync<string>(
            "toCsv([['=1+1', -1.5, '-1.5', '+x', '@x', ' \\t=x', '\"=x', '::set', '＝1', 'a,\"b\"\\n=c', '\\u202e\\u0000', null, 'plain - text']])");
        Assert.Equal("'=1+1,-1.5,'-1.5,'+x,'@x,'=x,\"'\"\"=x\",'::set,'＝1,\"a,\"\"b\"\" =c\",\\u202e\\u0000,,plain - text\n", csv);
    }

    [Fact]
    public async Task A_plots_values_are_told_to_the_keyboard_and_the_pointer()
    {
        var page = await Open(made.Page());
        await page.FocusAsync("#scores svg");
        await page.Keyboard.PressAsync("ArrowDown");
        var score = await Text(page, "#scores tbody td");
        Assert.StartsWith("ARC: ", await Text(page, ".tooltip.shown"));
        Assert.Contains(score[..5], await Text(page, ".tooltip.shown"));
        await page.Keyboard.PressAsync("End");
        Assert.StartsWith("GSM8K: ", await Text(page, ".tooltip.shown"));
        await page.Keyboard.PressAsync("Escape");
        Assert.Null(await page.QuerySelectorAsync(".tooltip.shown"));
        var bands = await page.QuerySelectorAllAsync("#calibration .tip");
        await bands[^1].HoverAsync();
        Assert.Matches("^90 to 100 %: .*right [0-9.]+ % of [0-9]+", await Text(page, ".tooltip.shown"));
        Assert.Empty(complaints);
    }
}
