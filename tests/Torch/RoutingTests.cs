using System.Text.Json.Nodes;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Results;
using Cognito.Eval.Torch;
using Cognito.Eval.Torch.Layers;
using Cognito.Eval.Torch.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Tests;

/// <summary>What is recorded of routers, against transformers' router logits and against itself in other batches.</summary>
[Collection("torch")]
public sealed class RoutingTests
{
    public static TheoryData<string> Mixtures => [.. Directory.EnumerateDirectories(Fixture.Path("checkpoints"), "tiny-*")
        .Where(folder => File.ReadAllText(Path.Combine(folder, "config.json")).Contains("\"num_experts_per_tok\"", StringComparison.Ordinal))
        .Select(folder => Path.GetFileName(folder)!).Order(StringComparer.Ordinal)];

    private static TorchModel Load(string name, bool records = true) =>
        new(Decoder.Load(Fixture.Path("checkpoints", name), CPU, ScalarType.Float32)) { RecordsRouting = records };

    /// <summary>Whether transformers scales chosen shares to add up to 1: Mixtral always, the others where the config says so.</summary>
    private static bool Renormalises(JsonNode config) =>
        (string)config["model_type"]! == "mixtral" || ((bool?)config["norm_topk_prob"] ?? false);

    /// <summary>The layers of experts, as transformers' classes read the config.</summary>
    private static IEnumerable<int> Routed(JsonNode config)
    {
        var (dense, step) = (config["mlp_only_layers"]?.AsArray().Select(layer => (int)layer!).ToList() ?? [], (int?)config["decoder_sparse_step"] ?? 1);
        return Enumerable.Range(0, (int)config["num_hidden_layers"]!).Where(layer => (layer + 1) % step == 0 && !dense.Contains(layer));
    }

    [Theory, MemberData(nameof(Mixtures))]
    public void Means_are_those_of_transformers_router_logits(string name)
    {
        using var model = Load(name);
        using var golden = SafetensorsFile.Open(Fixture.Path("checkpoints", name, "golden.safetensors"));
        var config = model.Decoder.Config;
        var (experts, chosen) = (config.Experts, config.ExpertsPerToken);
        var asked = JsonNode.Parse(File.ReadAllText(Fixture.Path("checkpoints", name, "config.json")))!;
        var ids = Numbers(golden, "input_ids.33").Select(id => (int)id).Take(33).ToArray();
        // Positions 12 to 31 predict the tokens 13 to 32.
        var batch = new ScoreBatch([new(null, ids[..13], [new(ids[13..32], ids[13..])])]);
        var record = RoutingRecord.FromSums(model.Score(batch).Single().Routing!);
        Assert.Equal(20, record.Tokens);
        Assert.Equal(Routed(asked), record.Numbers);
        for (var layer = 0; layer < record.Layers.Count; layer++)
        {
            var logits = Numbers(golden, $"router_logits.33.layer{layer}");
            var (weights, firsts, entropy) = (new double[experts], new double[experts], 0.0);
            for (var p = 12; p < 32; p++)
            {
                var shares = logits[(p * experts)..((p + 1) * experts)].Select(Math.Exp).ToArray();
                shares = [.. shares.Select(share => share / shares.Sum())];
                int[] order = [.. Enumerable.Range(0, experts).OrderByDescending(e => shares[e])];
                foreach (var e in order.Take(chosen))
                    weights[e] += shares[e] / (Renormalises(asked) ? order.Take(chosen).Sum(other => shares[other]) : 1) / 20;
                firsts[order[0]] += 1 / 20.0;
                entropy -= shares.Sum(share => share * Math.Log(share)) / 20;
            }
            for (var e = 0; e < experts; e++)
            {
                Golden.Close(weights[e], record.Layers[layer].MeanWeight[e], 1e-4, $"layer {layer} expert {e} weight");
                Golden.Close(firsts[e], record.Layers[layer].FirstShare[e], 1e-9, $"layer {layer} expert {e} first");
            }
            Golden.Close(entropy, record.Layers[layer].Entropy, 1e-4, $"layer {layer} entropy");
        }
    }

    [Fact]
    public void Layers_are_numbered_as_the_model_numbers_them_and_only_where_one_has_no_router()
    {
        RoutingRecord Record(string name)
        {
            using var model = Load(name);
            return RoutingRecord.FromSums(model.Score(new ScoreBatch([new(null, [1, 2], [new([3], [4])])])).Single().Routing!);
        }
        Assert.Equal([1, 2, 3], Record("tiny-qwen3-moe").Layers.Select(layer => layer.Layer));
        Assert.Equal([3], Record("tiny-qwen2-moe-sparse").Layers.Select(layer => layer.Layer));
        Assert.Equal([null, null, null], Record("tiny-mixtral-8x").Layers.Select(layer => layer.Layer));
    }

    /// <summary>OLMoE weighs by shares in the model's type, Mixtral by shares in float32.</summary>
    [Theory, InlineData("tiny-olmoe", true), InlineData("tiny-mixtral-8x", false)]
    public void Weights_are_rounded_where_the_model_rounds_them(string name, bool rounds)
    {
        using var model = new TorchModel(Decoder.Load(Fixture.Path("checkpoints", name), CPU, ScalarType.BFloat16)) { RecordsRouting = true };
        var record = RoutingRecord.FromSums(model.Score(new ScoreBatch([new(null, [1, 2], [new([3], [4])])])).Single().Routing!);
        Assert.Equal(rounds, record.Layers.SelectMany(layer => layer.MeanWeight).All(weight => TorchModel.RoundedToBFloat16((float)weight) == (float)weight));
    }

    [Theory, InlineData("tiny-mixtral-2x"), InlineData("tiny-mixtral-8x"), InlineData("tiny-qwen3-moe"), InlineData("tiny-qwen2-moe"), InlineData("tiny-olmoe")]
    public void Sums_are_the_same_for_other_batches_and_without_sharing(string name)
    {
        using var model = Load(name);
        var random = new Random(3);
        int[] Tokens(int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(100))];
        var (documents, tasks) = (new List<IReadOnlyList<TokenSpan>>(), new List<string>());
        for (var d = 0; d < 12; d++)
        {
            var context = Tokens(10 + 3 * d);
            documents.Add([.. Enumerable.Range(0, 4).Select(_ => new TokenSpan(context, Tokens(1 + random.Next(5))))]);
            tasks.Add(d % 3 == 0 ? "one" : "two");
        }
        IReadOnlyDictionary<string, RoutingSums> Sums(int batchTokens, bool shares)
        {
            var plan = Plan.Make(documents, tasks, 64, batchTokens, shares: shares);
            return RoutingSums.Total(model.Score(plan.Batches).Zip(plan.Tasks, RoutingSums.ByTask));
        }
        var expected = Sums(100_000, shares: true);
        Assert.Equal(documents.Where((_, d) => d % 3 == 0).SelectMany(spans => spans).Sum(span => span.Continuation.Length), expected["one"].Tokens);
        foreach (var (batchTokens, shares) in new[] { (50, true), (200, true), (100_000, false), (1, false) })
            foreach (var (task, sums) in Sums(batchTokens, shares))
            {
                Assert.Equal(expected[task].Tokens, sums.Tokens);
                foreach (var (was, now) in expected[task].Values.Zip(sums.Values))
                    Golden.Close(was, now, 1e-3, $"{task}, {batchTokens} tokens a batch");
            }
    }

    [Fact]
    public void Scores_are_the_same_and_nothing_is_recorded_unless_asked()
    {
        var batch = new ScoreBatch([new(null, [1, 2, 3], [new([4, 5], [5, 6]), new([7], [7, 8])])]);
        using var with = Load("tiny-mixtral-2x");
        using var without = Load("tiny-mixtral-2x", records: false);
        using var dense = Load("tiny-llama");
        Assert.All(with.Score(batch), score => Assert.NotNull(score.Routing));
        Assert.All(without.Score(batch).Concat(dense.Score(batch)), score => Assert.Null(score.Routing));
        Assert.Equal(without.Score(batch), with.Score(batch).Select(score => score with { Routing = null }));
    }

    private static double[] Numbers(SafetensorsFile file, string name)
    {
        using var scope = NewDisposeScope();
        return file.Tensor(file.Tensors.Single(t => t.Name == name)).cpu().to_type(ScalarType.Float64).flatten().data<double>().ToArray();
    }
}
