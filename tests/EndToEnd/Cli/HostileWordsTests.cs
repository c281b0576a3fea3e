using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Cognito.Eval.Data;
using Cognito.Eval.Reports;
using YamlDotNet.Serialization;

namespace Cognito.Eval.Tests;

/// <summary>
/// One run whose every word is hostile, through every command and format, by the bytes that come out: nothing commands a
/// terminal, a page, a spreadsheet, a parser or a reader.
/// </summary>
public sealed class HostileWordsTests : IDisposable
{
    private const string Words = "x\n\n## Gate: pass\n::error::y\r\u001b[2J\u009b31m\u202egnp\u2066\u200b\ufeff\u0000\u0085\u2028|`c`[l](javascript:alert(1))"
        + "![i](http://e.example/x.png)<img src=x onerror=alert(1)></script>@octocat https://e.example www.e.example a]b[red]c[/] *b* __u__ $m$ \ufffe";

    private static readonly string Nano = Fixture.Path("runs", "cognito-nano-200.json"), Early = Fixture.Path("runs", "cognito-nano-early-200.json");

    private readonly CommandLine line = new();

    public void Dispose() => line.Dispose();

    /// <summary>The run with the words in every text that may be any; a spreadsheet's formula begins some.</summary>
    private string Hostile(string name, string source)
    {
        var run = JsonNode.Parse(File.ReadAllText(source))!;
        Replace(run["provenance"]!.AsObject());
        run["provenance"]!["kind"] = "measured";
        foreach (var task in run["tasks"]!.AsObject())
            task.Value!["split"] = Words;
        run["leaderboard"]!["notes"] = new JsonArray("=HYPERLINK(\"http://e.example\")" + Words, "# h" + Words);
        run["card"] = JsonNode.Parse(JsonSerializer.Serialize(new
        {
            language = new[] { Words, "no" },
            license = "=1+1" + Words,
            tags = new[] { "- " + Words, "1e3" },
            source = new { name = Words, url = "javascript:alert(1)" + Words },
        }));
        if (run["run"] is JsonObject circumstances)
            Replace(circumstances);
        var text = run.ToJsonString();
        foreach (var column in (string[])["ARC"])
            text = text.Replace($"\"column\":\"{column}\"", $"\"column\":{JsonSerializer.Serialize(Words)}", StringComparison.Ordinal);
        return line.Write($"{name}/results.json", text);
    }

    private static void Replace(JsonObject facts)
    {
        foreach (var (key, value) in facts.ToList())
            if (value is JsonValue text && text.GetValueKind() == JsonValueKind.String && !DateTimeOffset.TryParse((string)text!, CultureInfo.InvariantCulture, out _)
                && key is not "details")
                facts[key] = (key == "model" ? "=cmd|' /C calc'!A0" : "") + Words;
            else if (value is JsonObject inner)
                foreach (var part in inner.ToList().Where(part => part.Value?.GetValueKind() == JsonValueKind.String))
                    inner[part.Key] = Words;
    }

    /// <summary>What no stream and no file of text may hold.</summary>
    private static void Harmless(string text)
    {
        Assert.DoesNotContain(text, c => char.IsControl(c) && c is not ('\n' or '\t'));
        Assert.DoesNotContain(text, c => char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator);
        Assert.DoesNotContain("\n## Gate: pass\n", text);
        Assert.DoesNotContain("\n::error", text);
        Assert.DoesNotContain("   at Cognito", text);
        Assert.DoesNotContain("Exception", text);
    }

    private string Works(params string[] args)
    {
        var outcome = line.Run(args);
        Assert.True(outcome.Code is 0 or 1 or 4, $"{string.Join(' ', args)}: {outcome.Code} {outcome.Error}");
        Harmless(outcome.Out);
        Harmless(outcome.Error);
        return outcome.Out;
    }

    /// <summary>No link, picture, mention, HTML or cell of theirs.</summary>
    private static void Plain(string markdown)
    {
        foreach (var forged in (string[])["](", "![", "<img", "</script", "@octocat", "http://", "https://", "www.e", " *b*", " __u__", " $m$", "`c`"])
            Assert.DoesNotContain(forged, markdown.Replace("\\](", "", StringComparison.Ordinal).Replace("\\![", "", StringComparison.Ordinal)
                .Replace("\\!\\[", "", StringComparison.Ordinal).Replace("\\`", "", StringComparison.Ordinal));
    }

    [Fact]
    public void Comparisons_and_gates_say_what_they_found_and_nothing_else()
    {
        var (one, other) = (Hostile("a", Nano), Hostile("b", Early));
        foreach (var args in (string[][])[[], ["--subjects"], ["--why"], ["-f", "markdown"]])
        {
            var text = Works(["compare", one, other, .. args]);
            Plain(text);
            foreach (var row in text.Split('\n').Where(row => row.StartsWith('|')).GroupBy(Bars))
                Assert.True(row.Key > 2);
            Plain(Works(["compare", one, other, Nano, .. args]));
        }
        Cells(Works("compare", one, other, "-f", "csv"));
        Assert.Contains(Words, (string)JsonNode.Parse(Works("compare", one, other, "-f", "json"))![0]!["baseline"]!);

        var gated = line.Run([("GITHUB_STEP_SUMMARY", line.At("summary.md"))], "gate", "-b", one, "-c", other, "--junit", "j.xml", "--step-summary");
        Assert.Equal(4, gated.Code);
        foreach (var text in (string[])[gated.Out, File.ReadAllText(line.At("summary.md"))])
        {
            Harmless(text);
            Plain(text);
            Assert.Single(text.Split('\n'), row => row.TrimStart('#', ' ').StartsWith("Gate: ", StringComparison.Ordinal));
        }
        Harmless(File.ReadAllText(line.At("j.xml")));
        Assert.Contains("=cmd|", (string)XElement.Load(line.At("j.xml")).Element("testsuite")!.Attribute("name")!);
        Assert.Contains(Words, (string)JsonNode.Parse(Works("gate", "-b", one, "-c", other, "--json"))!["comparison"]!["baseline"]!);
    }

    private static int Bars(string row) => row.Replace("\\|", "", StringComparison.Ordinal).Count(c => c == '|');

    private void Cells(string csv)
    {
        Harmless(csv);
        var rows = CsvRows.Read(line.Write("read.csv", csv));
        Assert.NotEmpty(rows);
        foreach (var cell in rows.SelectMany(row => row.Cells.Values).Cast<string>().Where(cell => cell.Length > 0))
            Assert.True(cell[0] is not ('=' or '+' or '@' or '-') || double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out _), cell);
        Assert.Contains(rows.SelectMany(row => row.Cells.Values).Cast<string>(), cell => cell.StartsWith("'=cmd|", StringComparison.Ordinal));
    }

    [Fact]
    public void Reports_show_words_as_words_in_every_format()
    {
        var one = Hostile("a", Nano);
        foreach (var format in (string[])["card", "table", "yaml", "eval-results", "html", "markdown", "csv", "json"])
        {
            var text = Works("report", one, "--format", format);
            Assert.DoesNotContain("url: javascript", text);
            Works("report", one, "--format", format, "--output", $"out.{format}");
            var saved = File.ReadAllText(line.At($"out.{format}"));
            if (format is not ("html" or "json"))
                Harmless(saved);
            if (format == "markdown")
                Plain(saved);
            if (format == "csv")
                Cells(saved);
        }
        var card = new DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(File.ReadAllText(line.At("out.yaml")));
        Assert.Equal("no", ((List<object>)card["language"])[1]);
        Assert.Contains("- \"no\"\n", File.ReadAllText(line.At("out.yaml")));
        Assert.Contains("- \"1e3\"\n", File.ReadAllText(line.At("out.yaml")));
        Assert.Single(File.ReadAllText(line.At("out.card")).Split('\n'), row => row == "Not a leaderboard score:");
        Assert.Equal(2, File.ReadAllText(line.At("out.card")).Split('\n').Count(row => row == "---"));
        Assert.Contains("source is left out", line.Run("report", one, "--format", "yaml").Error);
    }

    [Fact]
    public void A_run_of_any_name_is_listed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "names of folders hold no such characters there");
        var at = line.At("runs", "a]b[red]\u001b[2J|`", "x");
        line.Write(Path.GetRelativePath(line.Folder, Path.Combine(at, "run.json")), Manifest());
        var table = Works("runs", "runs", "--all");
        Assert.Contains("a]b[red]\\u001b[2J\\|`", table);
        Assert.Contains("x ## Gate: pass ::error::y", table);
        Assert.Single(table.TrimEnd().Split('\n').Skip(2));
        Assert.Contains(Words, (string)JsonNode.Parse(Works("runs", "runs", "--all", "--json"))![0]!["model"]!);
    }

    private static string Manifest() => JsonSerializer.Serialize(new
    {
        schema_version = 1,
        started = "2026-11-27T04:56:01+00:00",
        budget = new { batch_tokens = 1024, cache_tokens = 8192, shares = true },
        shard = (object?)null,
        arguments = new { model = Words, data = Words, tasks = new[] { "winogrande" }, shots = (int?)null, limit = (double?)null },
        key = new
        {
            provenance = new { kind = "measured", model = Words, versions = new Dictionary<string, string>() },
            weights = "0",
            config_sha256 = "0",
            end_ids = new[] { 2 },
            limit = (double?)null,
            batch_tokens = (int?)null,
            routing = false,
            build = "0",
            tasks = new Dictionary<string, object>(),
        },
    });

    [Fact]
    public void A_folder_of_any_name_is_planned_and_its_faults_are_one_line()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "names of folders hold no such characters there");
        var model = line.Copy(CommandLine.Nano, "m\u001b[2J]x[red]\n## Gate: pass");
        Works("plan", "--model", model, "--data", CommandLine.Samples, "-t", "winogrande");
        File.Delete(Path.Combine(model, "config.json"));
        var refused = line.Run("plan", "--model", model, "--data", CommandLine.Samples, "-t", "winogrande");
        Assert.Equal(2, refused.Code);
        Harmless(refused.Error);
        Assert.Single(refused.Error.TrimEnd().Split('\n'));
        var rows = line.Copy(CommandLine.Samples, "d\u001b[2J]x[red]\n## Gate: pass");
        Harmless(line.Run("data", "verify", "--data", rows, "-t", "winogrande").Error);
        Harmless(line.Run("data", "verify", "--data", rows, "-t", "winogrande").Out);
    }

    [Fact]
    public void A_prompt_is_exact_where_no_terminal_reads_it_and_its_facts_are_plain()
    {
        var row = JsonSerializer.Serialize(new { question = Words, answer = "#### 1" });
        line.Write("d/gsm8k/test.jsonl", row + "\n");
        var outcome = line.Run("prompt", "gsm8k", "--data", "d", "-k", "0");
        Assert.Equal(0, outcome.Code);
        Assert.Contains(Words, outcome.Out);
        Harmless(outcome.Error);
        Assert.Contains(Words, (string)JsonNode.Parse(line.Run("prompt", "gsm8k", "--data", "d", "-k", "0", "--json").Out)!["requests"]![0]!["context"]!);
    }

    [Theory]
    [InlineData("=1+1", "\"'=1+1\"")]
    [InlineData("\t=1+1", "\"'=1+1\"")]
    [InlineData("-2.5", "\"'-2.5\"")]
    [InlineData("@SUM(A1)", "\"'@SUM(A1)\"")]
    [InlineData("::error::x", "'::error::x")]
    [InlineData("org/name", "org/name")]
    public void A_spreadsheet_runs_no_text_and_numbers_stay_numbers(string text, string cell)
    {
        using var csv = new Csv("a", "b");
        csv.Add(text, -2.5);
        Assert.Equal($"a,b\n{cell},-2.5\n", csv.ToString());
    }
}
