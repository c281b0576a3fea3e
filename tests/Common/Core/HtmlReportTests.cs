using System.Diagnostics;
using System.IO.Compression;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Comparison;
using Cognito.Eval.Datasets;
using Cognito.Eval.Reports;
using Cognito.Eval.Reports.Html;
using Cognito.Eval.Results;

namespace Cognito.Eval.Tests;

public sealed partial class HtmlReportTests
{
    private static JsonNode Documents(string page)
    {
        var packed = Convert.FromBase64String(DataBlock().Match(page).Groups[1].Value);
        using var zip = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress);
        return JsonNode.Parse(zip)!;
    }

    [GeneratedRegex("id=\"documents-data\">([^<]*)</script>")]
    private static partial Regex DataBlock();
}
