using System.Text.Json.Nodes;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>Encoding, truncation, merging, order, scoring and generation against the reference, on toy models.</summary>
public sealed class ModelSideTests
{
    private static readonly Lazy<JsonNode> Cases =
        new(() => Golden.Json(Shared.Path("goldens", "harness", "model_side.json")));

    private static IReadOnlyList<(string Context, string Continuation)> RequestsOf(JsonNode item)
    {
        if (item["requests"] is { } given)
            return [.. given.AsArray().Select(r => (r![0]!.GetValue<string>(), r[1]!.GetValue<string>()))];
        var task = item["case"]!.GetValue<string>().Split(' ')[0];
        return [.. Golden.Lines(Shared.Path("goldens", "harness", "requests", task + ".jsonl.gz"))
            .Take(item["n"]!.GetValue<int>())
            .Select(r => (r.GetProperty("context").GetString()!, r.GetProperty("continuation").GetString()!))];
    }

    private static string Json(IEnumerable<IEnumerable<int>> rows) =>
        "[" + string.Join(',', rows.Select(row => "[" + string.Join(',', row) + "]")) + "]";

    [Fact]
    public void Encoding_order_merging_truncation_and_batches_are_the_references()
    {
        var items = Cases.Value["loglikelihood"]!.AsArray();
        Assert.Equal(15, items.Count);
        foreach (var item in items)
        {
            var spans = RequestsOf(item!).Select(r => Encode(r.Context, r.Continuation)).ToList();
            var pairs = "[" + string.Join(',', spans.Select(span => Json([span.Context, span.Continuation]))) + "]";
            if (item!["encoded"] is { } encoded)
                Assert.Equal(encoded.ToJsonString(), pairs);
            if (item["encoded_sha256"] is { } hash)
                Assert.Equal(hash.GetValue<string>(), Golden.Sha256(pairs));
            var batches = TokenSpan.Merge(spans).Distinct
                .Select(span => span.Input(item["max_length"]!.GetValue<int>()))
                .Select(input => input.Slice(0, input.Length))
                .Chunk(item["batch_size"]!.GetValue<int>())
                .Select(batch => batch.Select(row => row.Concat(Enumerable.Repeat(0, batch[0].Length - row.Length))));
            Assert.Equal(
                item["batches_sha256"]!.GetValue<string>(),
                Golden.Sha256("[" + string.Join(',', batches.Select(Json)) + "]"));
        }
    }

    [Fact]
    public void Log_likelihoods_and_greedy_flags_are_the_references_whatever_the_batch()
    {
        foreach (var item in Cases.Value["loglikelihood"]!.AsArray())
            foreach (var batchTokens in new[] { 1, 300, 100_000 })
            {
                IReadOnlyList<LogLikelihood>[] documents =
                    [.. RequestsOf(item!).Select(r => new LogLikelihood(r.Context, r.Continuation)).Chunk(4)];
                using var model = new Toys.HashModel(item!["max_length"]!.GetValue<int>());
                var planned = Planned.Model(model, new Toys.HashTokenizer(), batchTokens, new(Toys.HashTokenizer.EndOfText));
                var answers = planned.Ask([.. documents.Index().SelectMany(document =>
                    document.Item.Select(request => request with { Origin = new("task", document.Index) }))]);
                foreach (var (expected, actual) in item["results"]!.AsArray().Zip(answers.Select(answer => (Likelihood)answer.Reply)))
                {
                    Golden.Close(expected![0]!.GetValue<double>(), actual.LogProbability, 1e-12 * Math.Max(1, Math.Abs(actual.LogProbability)), item["case"]!.ToString());
                    Assert.Equal(expected[1]!.GetValue<bool>(), actual.IsGreedy);
                }
            }
    }

    [Fact]
    public void Reordering_is_the_references()
    {
        var expected = Cases.Value["reorder"]!;
        var spans = expected["input"]!.AsArray().Select(pair => new TokenSpan(Ints(pair![0]!), Ints(pair[1]!))).ToList();
        var (distinct, of) = TokenSpan.Merge(spans);
        Assert.Equal(
            expected["reordered"]!.ToJsonString(),
            "[" + string.Join(',', distinct.Select(span => Json([span.Context, span.Continuation]))) + "]");
        Assert.Equal(Ints(expected["original_of_index"]!), of);
    }

    [Fact]
    public void Generation_is_the_references_at_every_batch_size()
    {
        var items = Cases.Value["greedy_until"]!.AsArray();
        Assert.Equal(5, items.Count);
        string[] scripts = [.. Cases.Value["scripts"]!.AsArray().Select(s => s!.GetValue<string>())];
        foreach (var item in items)
            foreach (var batchTokens in new[] { 1, 100_000 })
            {
                var maxLength = item!["max_length"]!.GetValue<int>();
                var protocol = LeaderboardV1.Rules with
                {
                    MaxNewTokens = item["max_gen_toks"]!.GetValue<int>(),
                    GenerationBatch = item["batch_size"]!.GetValue<int>(),
                };
                using var model = new Toys.ScriptModel(maxLength, scripts);
                var planned = Planned.Model(model, new Toys.CharTokenizer(), batchTokens, new(0, [0], "</s>"), protocol);
                var requests = item["prompts"]!.AsArray()
                    .Select(p => new GreedyUntil(p!.GetValue<string>(), [":", "Question:", "Question"])).ToList();
                Assert.Equal(
                    item["results"]!.AsArray().Select(r => r!.GetValue<string>()),
                    planned.Ask(requests).Select(answer => ((Completion)answer.Reply).Text));
            }
    }

    private static TokenSpan Encode(string context, string continuation) => TokenSpan.From(
        LeaderboardV1.Rules.Encode(new Toys.HashTokenizer(), new(Toys.HashTokenizer.EndOfText), context).With(continuation));

    private static int[] Ints(JsonNode node) => [.. node.AsArray().Select(i => i!.GetValue<int>())];
}
