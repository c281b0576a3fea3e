using System.Globalization;
using Cognito.Eval.Results;

namespace Cognito.Eval.Reports.Html;

/// <summary>What was evaluated and with what; where runs differ, that is said.</summary>
internal static class ProvenanceSection
{
    public static Section Create(IReadOnlyList<DetailedRun> runs)
    {
        var facts = runs.Select(run => Facts(run.Run)).ToList();
        var rows = facts[0].Keys.Where(name => facts.Any(run => run[name] is { Length: > 0 })).Select(name =>
        {
            string[] values = [.. facts.Select(run => run[name] ?? "–")];
            var differs = values.Distinct().Count() > 1;
            return HtmlText.From($"""
                <tr{new HtmlText(differs ? " class=\"differs\"" : "")}>
                <th scope="row">{name} <span class="pm">{(differs ? "differs" : "")}</span></th>
                {values.Zip(runs, (value, run) => HtmlText.From($"<td data-label=\"{run.Label}\"><bdi class=\"hash\">{value}</bdi></td>"))}</tr>
                """);
        });
        return new("provenance", "Provenance", HtmlText.From($"""
            <div class="scroll" tabindex="0" role="region" aria-label="Provenance"><table class="wide{(runs.Count == 1 ? "" : " stack")}">
            <thead><tr><th scope="col">Fact</th>
            {runs.Select(run => HtmlText.From($"<th scope=\"col\"><bdi>{run.Label}</bdi></th>"))}</tr></thead>
            <tbody>{rows}</tbody></table></div>
            """));
    }

    private static OrderedDictionary<string, string?> Facts(Run run)
    {
        var (from, when) = (run.Provenance, run.Circumstances);
        string? Text<T>(T? value) where T : struct, IFormattable => value?.ToString(null, CultureInfo.InvariantCulture);
        return new()
        {
            ["Kind"] = from.Kind,
            ["Model"] = from.Model,
            ["Source"] = from.Source,
            ["Architecture"] = from.Architecture,
            ["Weights, sha256"] = from.WeightsSha256,
            ["Unused tensors"] = Text(from.UnusedTensorsCount ?? from.UnusedTensors?.Count),
            ["Tokenizer, sha256"] = from.TokenizerSha256,
            ["Protocol"] = from.Protocol,
            ["Reference"] = from.Reference,
            ["Data"] = from.Data,
            ["Limit"] = Text(run.Config?.Limit),
            ["Adds BOS"] = from.AddBos?.ToString(),
            ["Type"] = from.Dtype,
            ["Type of log-probabilities"] = from.LogprobDtype,
            ["Device"] = from.Device,
            ["Maximum length"] = Text(from.MaxLength),
            ["Generation"] = from.Generation?.ToString(),
            ["Requests that are not finite"] = run.NotFiniteRequests is > 0 and var count ? $"{count}" : null,
            ["Truncated requests"] = Text(run.Tasks.Count == 0 ? null : (int?)run.Tasks.Values.Sum(task => task.TruncatedRequests)),
            ["Near-ties"] = Text(run.Tasks.Count == 0 ? null : (int?)run.Tasks.Values.Sum(task => task.NearTies.Count)),
            ["Largest rounding, nats"] = run.Rounding?.LargestDifference.ToString("0.##e0", CultureInfo.InvariantCulture),
            ["Versions"] = from.Versions is null ? null
                : string.Join(", ", from.Versions.Select(version => $"{version.Key} {version.Value}")),
            ["Questions"] = run.Tasks.Count == 0 ? null : Digest(run),
            ["Started"] = when?.Started.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture),
            ["Seconds"] = when?.Seconds.ToString("0.0", CultureInfo.InvariantCulture),
        };
    }

    /// <summary>One digest of all tasks' request digests: equal where all questions are.</summary>
    private static string Digest(Run run) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(
        System.Text.Encoding.UTF8.GetBytes(string.Concat(run.Tasks.OrderBy(task => task.Key, StringComparer.Ordinal)
            .Select(task => $"{task.Key} {task.Value.RequestsSha256.Raw}\n")))));
}
