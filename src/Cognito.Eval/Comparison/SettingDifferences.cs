using System.Globalization;
using Cognito.Eval.Results;

namespace Cognito.Eval.Comparison;

/// <summary>A fact in which two runs are not alike, and what that does to their numbers.</summary>
/// <param name="What">The setting, as results.json names it.</param>
/// <param name="Effect">What it does to the numbers.</param>
public sealed record SettingDifferences(string What, string Baseline, string Candidate, string Effect, bool MakesQuestionsDiffer = false)
{
    public override string ToString() => $"{What}: {Baseline} and {Candidate}";

    /// <summary>All of them, the weightiest first.</summary>
    public static IReadOnlyList<SettingDifferences> Between(Run baseline, Run candidate)
    {
        var (a, b) = (baseline.Provenance, candidate.Provenance);
        var common = baseline.Tasks.Keys.Where(candidate.Tasks.ContainsKey).ToList();
        return
        [
            .. Said("kind", a.Kind, b.Kind, "one of them was not measured here"),
            .. Said("protocol", a.Protocol, b.Protocol, "the questions differ", asks: true),
            .. Said("reference", a.Reference, b.Reference, "the questions may differ"),
            .. Said("data", a.Data, b.Data, "samples are not the benchmarks", asks: true),
            .. Grouped(common, "num_fewshot", task => $"{baseline.Tasks[task].NumFewshot}", task => $"{candidate.Tasks[task].NumFewshot}",
                "other examples stand in the prompts", asks: true),
            .. Grouped(common, "version of the task", task => Version(baseline, task), task => Version(candidate, task), "the questions may differ", asks: true),
            .. Grouped(common, "data_sha256", task => Rows(baseline.Tasks[task]), task => Rows(candidate.Tasks[task]),
                "the rows that were asked, or that examples come from, differ", asks: true),
            .. Said("limit", Limit(baseline), Limit(candidate), "fewer documents are compared, and a value is of those asked"),
            .. Said("add_bos", $"{a.AddBos}", $"{b.AddBos}", "every prompt begins with another token; scores may move by points"),
            .. Said("chat_template", Prompting(a).ChatTemplate, Prompting(b).ChatTemplate, "the questions stand in other text", asks: true),
            .. Said("system_instruction", Prompting(a).SystemInstruction, Prompting(b).SystemInstruction, "a text stands before every question", asks: true),
            .. Said("fewshot_as_multiturn", Prompting(a).Multiturn, Prompting(b).Multiturn, "examples are turns of a conversation, or one text", asks: true),
            .. Said("tokenizer_sha256", Short(a.TokenizerSha256), Short(b.TokenizerSha256), "the same text is other tokens"),
            .. Said("max_length", $"{a.MaxLength}", $"{b.MaxLength}", "longer prompts lose their oldest tokens"),
            .. Said("generation", Generation(baseline), Generation(candidate), "other tokens are generated from the same logits"),
            .. Grouped(common, "truncated_requests", task => $"{baseline.Tasks[task].TruncatedRequests}",
                task => $"{candidate.Tasks[task].TruncatedRequests}", "these lost their oldest tokens, so a part of the question or its examples"),
            .. Said("served", Served(a), Served(b), "log-probabilities are asked for in another way: near-ties may turn over"),
            .. Said("architecture", a.Architecture, b.Architecture, "another model"),
            .. Said("weights_sha256", Short(a.WeightsSha256), Short(b.WeightsSha256), "another model"),
            .. Said("dtype", a.Dtype, b.Dtype, "rounding: near-ties may turn over"),
            .. Said("logprob_dtype", a.LogprobDtype, b.LogprobDtype, "rounding: with the model's type close choices tie, and the first one wins"),
            .. Said("device", a.Device, b.Device, "rounding: near-ties may turn over"),
            .. Said("exact", $"{a.Exact}", $"{b.Exact}", "rounding: near-ties may turn over"),
            .. Said("batch_tokens", $"{a.BatchTokens}", $"{b.BatchTokens}", "rounding: near-ties may turn over"),
            .. Versions(a.Versions, b.Versions),
        ];
    }

    /// <summary>How it was asked for; a model of its own is asked directly.</summary>
    private static string Served(Provenance about) => about.Served is not { } served ? about.Kind == Provenance.Measured ? "not served" : ""
        : string.Join(" and ", new[] { served.Recipe, served.ChoiceRecipe, served.GenerationRecipe }.OfType<string>());

    /// <summary>Where both runs say it, and not the same.</summary>
    private static IEnumerable<SettingDifferences> Said(string what, string? a, string? b, string effect, bool asks = false)
    {
        if (!string.IsNullOrEmpty(a) && !string.IsNullOrEmpty(b) && a != b)
            yield return new(what, a, b, effect, asks);
    }

    /// <summary>One line for all tasks that differ in the same way.</summary>
    private static IEnumerable<SettingDifferences> Grouped(
        IEnumerable<string> tasks, string what, Func<string, string> one, Func<string, string> other, string effect, bool asks = false) =>
        tasks.Select(task => (Task: task, A: one(task), B: other(task)))
            .Where(it => it.A.Length > 0 && it.B.Length > 0 && it.A != it.B)
            .GroupBy(it => what == "data_sha256" ? ("", "") : (it.A, it.B))
            .Select(same => new SettingDifferences(
                $"{what} of {string.Join(", ", same.Take(3).Select(it => it.Task))}{(same.Count() > 3 ? $" and {same.Count() - 3} more" : "")}",
                same.First().A, same.First().B, effect, asks));

    private static IEnumerable<SettingDifferences> Versions(IReadOnlyDictionary<string, string>? a, IReadOnlyDictionary<string, string>? b) =>
        a is null || b is null ? [] : a.Keys.Where(b.ContainsKey).SelectMany(package =>
            Said(package, a[package], b[package], "another version computed it: rounding, or a corrected error"));

    private static string Rows(TaskRecord task) =>
        string.Join(' ', task.DataSha256.OrderBy(split => split.Key, StringComparer.Ordinal).Select(split => $"{split.Key} {Short(split.Value)}"));

    /// <summary>Empty where it is not known.</summary>
    private static string Version(Run run, string task) =>
        run.Versions.TryGetValue(task, out var version) ? version.ToString() : "";

    /// <summary>Null where it is not known.</summary>
    private static string? Limit(Run run) => run.Config is not { } config ? null : config.Limit?.ToString(CultureInfo.InvariantCulture) ?? "none";

    private static HarnessPrompting Prompting(Provenance about) =>
        about.Prompting ?? (about.Kind == Provenance.Measured ? HarnessPrompting.Plain : HarnessPrompting.Unknown);

    /// <summary>Null where it is not known, or nothing was generated.</summary>
    private static string? Generation(Run run) => run.Provenance.Prompting is { } theirs ? theirs.Generation : run.Provenance.Kind != Provenance.Measured || run.Tasks.Count == 0 ? null
        : run.Provenance.Generation?.Settings ?? "greedy decoding alone";

    private static string? Short(string? sha256) => sha256 is { Length: > 12 } ? sha256[..12] : sha256;
}
