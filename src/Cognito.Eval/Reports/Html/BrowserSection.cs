namespace Cognito.Eval.Reports.Html;

/// <summary>Every document, to filter, search and open; report.js draws it.</summary>
internal static class BrowserSection
{
    /// <summary>The filter of a column's tasks, and of all tasks that the average is of.</summary>
    public const string OfAverage = "average";

    public static string OfColumn(string name) => $"c:{name}";

    /// <summary>Leads to documents: report.js reads its filters here, and writes them here.</summary>
    /// <param name="show">One of the kinds that <see cref="OfTwo"/> names.</param>
    /// <param name="other">The run that is compared with the first.</param>
    public static string Link(string task, string? show = null, int? other = null) => $"#documents?task={Uri.EscapeDataString(task)}"
        + (show is null ? "" : $"&show={show}") + (other is null ? "" : $"&other={other}");

    /// <summary>Null where no documents were asked.</summary>
    public static Section? Create(RunScores scores, DocTexts? texts)
    {
        var runs = scores.Runs;
        if (runs.All(run => run.Run.Tasks.Count == 0))
            return null;
        var two = runs.Count > 1;
        return new("documents", "Documents", HtmlText.From($"""
            {Lacking(runs)}
            <p class="note" id="documents-hint"{new HtmlText(texts is null ? "" : " hidden")}>{(texts is null
                ? "Questions are not part of a run. Give the report the datasets (--data DIR) to show questions and choices."
                : "The dataset's text of this document could not be shown.")}</p>
            {HtmlText.List(texts?.Notes ?? [])}
            <noscript><p class="warning">The documents are shown by a script, and this browser runs none.</p></noscript>
            <p id="documents-count" role="status" aria-live="polite"></p>
            <div id="documents-browser" hidden>
            <form id="documents-form" class="filters" aria-label="Filter the documents">
            <div><label for="documents-task">Task</label><select id="documents-task"><option value="">All</option></select></div>
            <div><label for="documents-show">Show</label><select id="documents-show">{(two ? OfTwo : OfOne)}</select></div>
            <div><label for="documents-order">Order</label><select id="documents-order">{Orders(two)}</select></div>
            {Others(runs)}
            <div><label for="documents-search">Search</label><input id="documents-search" type="search" autocomplete="off"
            placeholder="{(texts is null ? "task, row or generated text" : "words of question, choices, answer")}"></div>
            <div class="actions"><button type="button" id="documents-clear">Clear filters</button>
            <button type="button" id="documents-save">Save as CSV</button></div>
            </form>
            <table id="documents-table" class="docs wide"><caption class="hidden">Documents, as filtered; each opens to its choices</caption>
            <thead></thead><tbody></tbody></table>
            <div class="pager"><button type="button" id="documents-previous">Previous</button>
            <p id="documents-page" aria-live="polite"></p><button type="button" id="documents-next">Next</button></div>
            </div>
            <script type="application/octet-stream" id="documents-data">{new HtmlText(DocumentData.Packed(scores, texts))}</script>
            """));
    }

    private static HtmlText Lacking(IReadOnlyList<DetailedRun> runs)
    {
        var lacking = runs.Where(run => run.Details.Count < run.Run.Tasks.Count).ToList();
        return lacking.Count == 0 ? HtmlText.None : HtmlText.From($"""
            <p class="warning">{string.Join(", ", lacking.Select(run => run.Label))}: no details/ beside results.json{(lacking.Any(run => run.Details.Count > 0) ? " for some tasks" : "")}, so
            it is known which answers were right, but not which were given. A run keeps details unless it is given --details none.</p>
            """);
    }

    private static HtmlText Others(IReadOnlyList<DetailedRun> runs) => runs.Count < 3 ? HtmlText.None : HtmlText.From($"""
        <div><label for="documents-other">Compare with</label><select id="documents-other">{Options(
            [.. runs.Skip(1).Select((run, i) => ($"{i + 1}", run.Label))])}</select></div>
        """);

    private static HtmlText OfOne => Options(
        ("all", "All documents"), ("right", "Right"), ("wrong", "Wrong"), ("near", "Near-ties"), ("truncated", "Truncated prompts"),
        ("notfinite", "Not finite"));

    private static HtmlText OfTwo => Options(
        ("all", "All documents"), ("flips", "Flips: right in one only"), ("lost", "Lost: right only in the first"),
        ("gained", "Gained: right only in the second"), ("lower", "Lower score in the second"), ("higher", "Higher score in the second"),
        ("changed", "Another answer"), ("bothright", "Right in both"),
        ("bothwrong", "Wrong in both"), ("near", "Near-ties in either"), ("truncated", "Truncated prompts"),
        ("notfinite", "Not finite in either"));

    private static HtmlText Orders(bool two) => HtmlText.All(
    [
        Options(("asked", "As asked"), ("close", "Closest margin first")),
        two ? Options(
            ("change", "Largest change of margin first"), ("worse", "Margin fell most first"), ("better", "Margin rose most first"))
            : Options(("sure", "Most surely wrong first")),
        Options(("long", "Longest prompt first")),
    ]);

    private static HtmlText Options(params (string Value, string Text)[] options) => HtmlText.All(options.Select(option =>
        HtmlText.From($"<option value=\"{option.Value}\">{option.Text}</option>")));
}
