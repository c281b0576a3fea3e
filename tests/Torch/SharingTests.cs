using System.Runtime.InteropServices;
using Cognito.Eval.Planning;
using Cognito.Eval.Torch;
using Cognito.Eval.Torch.Layers;
using static TorchSharp.torch;

namespace Cognito.Eval.Tests;

/// <summary>
/// What is shared or kept changes nothing: trees, shared prefixes and caches against whole sequences, each alone.
/// Windows, caps, two rotary bases and factors that depend on a sequence's length are those of every tiny checkpoint.
/// </summary>
[Collection("torch")]
public sealed class SharingTests
{
    public static TheoryData<string> Checkpoints => DecoderTests.Checkpoints;

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void Planned_scores_are_those_of_each_sequence_alone(string name)
    {
        using var model = Load(name);
        var (documents, tasks) = Documents(new(21), model.VocabularySize);
        var spans = documents.SelectMany(document => document).ToList();
        var expected = spans.Select(span => Alone(model.Decoder, span)).ToList();
        foreach (var batchTokens in (int[])[60, 400, 100_000])
        {
            var plan = Plan.Make(documents, tasks, 480, batchTokens);
            Assert.Contains(plan.Batches.SelectMany(batch => batch.Trees), tree => tree.SharedPrefix is not null);
            var scores = model.Score(plan.Batches).ToList();
            for (var s = 0; s < spans.Count; s++)
            {
                var (score, alone) = (scores[plan.Answers[s].Batch][plan.Answers[s].Continuation], expected[s]);
                var error = Math.Abs(score.LogLikelihood - alone.LogLikelihood);
                Assert.True(error <= alone.Tolerance,
                    $"span {s} of {spans[s].Context.Length} + {spans[s].Continuation.Length} tokens, {batchTokens} a batch: "
                    + $"{score.LogLikelihood} for {alone.LogLikelihood}");
                Assert.Equal(alone.IsGreedy, score.IsGreedy);
            }
        }
    }

    /// <summary>A greedy token may be another only where rounding decides between the two likeliest.</summary>
    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void Generation_with_a_cache_is_that_of_whole_sequences(string name)
    {
        using var model = Load(name);
        var random = new Random(22);
        Prompt[] prompts = [.. ((int[])[1, 12, 25, 50, 61])
            .Select(length => new Prompt(Tokens(random, length, model.VocabularySize), 24))];
        var generated = model.Generate(prompts, (_, _) => false);
        foreach (var (prompt, tokens) in prompts.Zip(generated))
            for (var at = 0; at < tokens.Length; at++)
            {
                using var scope = NewDisposeScope();
                var last = model.Decoder.Logits([.. prompt.Tokens, .. tokens[..at]])[-1];
                var (found, best) = (last[tokens[at]].item<float>(), last.max().item<float>());
                Assert.True(best - found <= 2e-5 * last.abs().max().item<float>(),
                    $"token {at} after a prompt of {prompt.Tokens.Length}: {best - found} below the likeliest");
            }
    }

    /// <summary>
    /// Three tasks: questions behind examples that all of them share, short ones alone, and long ones past an attention's block.
    /// </summary>
    private static (List<IReadOnlyList<TokenSpan>> Documents, List<string> Tasks) Documents(Random random, int vocabulary)
    {
        var (documents, tasks) = (new List<IReadOnlyList<TokenSpan>>(), new List<string>());
        void Add(string task, int[] examples, int length, int answers)
        {
            int[] context = [.. examples, .. Tokens(random, length, vocabulary)];
            documents.Add([.. Enumerable.Range(0, answers)
                .Select(_ => new TokenSpan(context, Tokens(random, 1 + random.Next(12), vocabulary)))]);
            tasks.Add(task);
        }
        var (few, many) = (Tokens(random, 21, vocabulary), Tokens(random, 270, vocabulary));
        for (var d = 0; d < 5; d++)
        {
            Add("few", few, 1 + random.Next(60), 4);
            Add("none", [], 1 + random.Next(30), 2);
        }
        for (var d = 0; d < 3; d++)
            Add("many", many, 1 + random.Next(150), 3);
        return (documents, tasks);
    }

    /// <summary>From logits of the whole sequence; its error may be 2e-5 of the largest logit for each token.</summary>
    private static (double LogLikelihood, bool IsGreedy, double Tolerance) Alone(Decoder decoder, TokenSpan span)
    {
        using var scope = NewDisposeScope();
        var count = span.Continuation.Length;
        var logits = decoder.Logits([.. span.Context, .. span.Continuation[..^1]]);
        var last = logits.narrow(0, logits.shape[0] - count, count);
        var targets = tensor(span.Continuation.Select(id => (long)id).ToArray()).unsqueeze(1);
        var sum = nn.functional.log_softmax(last.to_type(ScalarType.Float64), -1).gather(1, targets).sum().item<double>();
        long[] best = [.. MemoryMarshal.Cast<byte, long>(last.argmax(-1).bytes).ToArray()];
        var largest = logits.abs().max().item<float>();
        return (sum, best.SequenceEqual(span.Continuation.Select(id => (long)id)), 2e-5 * count * largest);
    }

    private static TorchModel Load(string name) =>
        TorchModel.Load(Fixture.Path("checkpoints", name), CPU, ScalarType.Float32);

    private static int[] Tokens(Random random, int length, int vocabulary) =>
        TorchModelTests.Tokens(random, length, vocabulary);
}
