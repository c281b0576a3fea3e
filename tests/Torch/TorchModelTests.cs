using System.Runtime.InteropServices;
using Cognito.Eval.Files;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Torch;
using Cognito.Eval.Torch.Kernels;
using Cognito.Eval.Torch.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Tests;

[Collection("torch")]
public sealed class TorchModelTests
{
    private const int Vocabulary = 512;

    public static TheoryData<string> Checkpoints => DecoderTests.Checkpoints;

    private static TorchModel Load(
        string name, ScalarType dtype = ScalarType.Float32, LogProbDtype logProbs = LogProbDtype.Float32) =>
        TorchModel.Load(Fixture.Path("checkpoints", name), CPU, dtype, logProbs);

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void A_tree_scores_as_each_of_its_sequences_alone(string name)
    {
        using var model = Load(name);
        var random = new Random(7);
        for (var round = 0; round < 5; round++)
        {
            var batch = RandomBatch(random, model.VocabularySize);
            AssertEqual(Alone(model, batch), model.Score(batch));
        }
    }

    [Theory]
    [InlineData("tiny-mistral")]
    [InlineData("tiny-mixtral-8x")]
    public void Trees_longer_than_an_attention_block_score_as_their_sequences_alone(string name)
    {
        using var model = Load(name);
        var random = new Random(8);
        var sharedPrefix = new SharedPrefix(Tokens(random, 270));
        // Each shape of a block: contexts and continuations that are cut, continuations that share a block, windows passed.
        var batch = new ScoreBatch([
            new(sharedPrefix, Tokens(random, 300), [New(3), New(290), New(2), New(0)]),
            new(null, Tokens(random, 600), [New(5), New(7)]),
            new(sharedPrefix, Tokens(random, 4), [New(2)]),
            new(sharedPrefix, Tokens(random, 9), [New(0), New(1)]),
            new(null, [], [New(300), New(20)]),
        ]);
        AssertEqual(Alone(model, batch), model.Score(batch));

        Continuation New(int length) => new(Tokens(random, length), Tokens(random, 1 + length / 2));
    }

    [Fact]
    public void A_score_is_the_sum_over_softmaxed_logits()
    {
        using var model = Load("tiny-mixtral-2x");
        var random = new Random(9);
        var (ids, targets) = (Tokens(random, 20), Tokens(random, 3));
        var expected = 0.0;
        using (var logits = model.Decoder.Logits(ids))
        {
            var values = MemoryMarshal.Cast<byte, float>(logits.bytes).ToArray();
            var rows = Enumerable.Range(17, 3).Select(r => values[(r * Vocabulary)..((r + 1) * Vocabulary)]).ToList();
            targets[0] = Array.IndexOf(rows[0], rows[0].Max());
            expected = rows.Zip(targets, (row, t) => row[t] - Math.Log(row.Sum(v => Math.Exp(v)))).Sum();
        }
        var scores = model.Score(new ScoreBatch([new(null, ids, [new([], targets), new([], [targets[2]])])]));
        Assert.Equal(expected, scores[0].LogLikelihood, 1e-4);
        Assert.False(scores[0].IsGreedy);
    }

    [Fact]
    public void Chances_read_row_by_row_are_those_of_libtorch()
    {
        using var scope = NewDisposeScope();
        manual_seed(3).Dispose();
        var logits = randn(5, 1003) * 20;
        logits[1, 7] = logits[1].max(); // a tie: the first of the likeliest is the arg max
        int[] rows = [0, 1, 1, 1, 3, 4], ids = [5, 7, (int)logits[1].argmax().item<long>(), 8, 1002, (int)logits[4].argmax().item<long>()];
        using var found = CpuElementwise.Chances(logits, [0, 1, 2, 3, 4, 5], i => rows[i], i => ids[i]);
        var expected = nn.functional.log_softmax(logits, -1);
        for (var i = 0; i < rows.Length; i++)
        {
            Assert.Equal(expected[rows[i], ids[i]].item<float>(), found[0, i].item<float>(), 1e-5f);
            Assert.Equal(logits[rows[i]].argmax().item<long>() == ids[i] ? 1f : 0f, found[1, i].item<float>());
        }
        Assert.Equal(2 + 1, found[1].sum().item<float>());
    }

    [Fact]
    public void A_branch_is_greedy_when_each_target_is_the_likeliest()
    {
        using var model = Load("tiny-llama");
        var prompt = Tokens(new(10), 12);
        var next = model.Generate([new(prompt, 3)], (_, _) => false).Single();
        var scores = model.Score(new ScoreBatch([new(null, prompt,
            [new(next[..2], next), new(next[..2], [next[0], next[1], next[2] ^ 1]), new([], []), new([], [next[0]])])]));
        Assert.Equal([true, false, true, true], scores.Select(s => s.IsGreedy));
        Assert.Equal(0, scores[2].LogLikelihood);
    }

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void A_greedy_text_equals_that_of_transformers(string name)
    {
        using var model = Load(name);
        using var golden = SafetensorsFile.Open(Fixture.Path("checkpoints", name, "golden.safetensors"));
        var (prompt, output) = (Ids("generate.prompt"), Ids("generate.output"));
        var expected = output.AsSpan().StartsWith(prompt) ? output[prompt.Length..] : output;
        Assert.Equal(expected, model.Generate([new(prompt, expected.Length)], (_, _) => false).Single());

        int[] Ids(string name)
        {
            using var tensor = golden.Tensor(golden.Tensors.Single(t => t.Name == name));
            return [.. MemoryMarshal.Cast<byte, long>(tensor.bytes).ToArray().Select(i => (int)i)];
        }
    }

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void Prompts_together_are_continued_as_each_alone(string name)
    {
        using var model = Load(name);
        var random = new Random(11);
        var prompts = Enumerable.Range(0, 7).Select(i => new Prompt(Tokens(random, 1 + random.Next(40), model.VocabularySize), i * 3)).ToList();
        // Prompt 5 ends by itself; prompt 0 may have no token at all.
        bool IsDone(int prompt, IReadOnlyList<int> tokens) => prompt == 5 && tokens.Count == 4;
        var together = model.Generate(prompts, IsDone);
        Assert.Equal([0, 3, 6, 9, 12, 4, 18], together.Select(t => t.Length));
        for (var p = 0; p < prompts.Count; p++)
            Assert.Equal(model.Generate([prompts[p]], (_, tokens) => IsDone(p, tokens)).Single(), together[p]);
    }

    [Fact]
    public void The_end_is_asked_about_once_after_each_token()
    {
        using var model = Load("tiny-llama");
        var asked = new List<(int, int)>();
        model.Generate([new([5, 6], 3), new([7], 2)], (p, tokens) =>
        {
            asked.Add((p, tokens.Count));
            return false;
        });
        Assert.Equal([(0, 1), (0, 2), (0, 3), (1, 1), (1, 2)], asked.Order());
    }

    [Fact]
    public void The_models_own_type_makes_ties_that_float32_does_not()
    {
        using var rounded = Load("tiny-mixtral-2x", ScalarType.BFloat16, LogProbDtype.Model);
        using var exact = Load("tiny-mixtral-2x", ScalarType.BFloat16);
        var prompt = Tokens(new(12), 30);
        ScoreBatch all = new([new(null, prompt, [.. Enumerable.Range(0, Vocabulary).Select(t => new Continuation([], [t]))])]);
        var (coarse, fine) = (rounded.Score(all), exact.Score(all));
        Assert.All(coarse, s => Assert.Equal(s.LogLikelihood, TorchModel.RoundedToBFloat16((float)s.LogLikelihood)));
        Assert.True(coarse.DistinctBy(s => s.LogLikelihood).Count() < fine.DistinctBy(s => s.LogLikelihood).Count());
        // Of those that tie for the best, the first alone is the arg max.
        var best = coarse.Max(s => s.LogLikelihood);
        Assert.Equal(coarse.ToList().FindIndex(s => s.LogLikelihood == best), coarse.ToList().FindIndex(s => s.IsGreedy));
        Assert.Single(coarse, s => s.IsGreedy);
    }

    [Fact]
    public void Sums_by_the_models_rule_are_rounded_once()
    {
        using var model = Load("tiny-llama", ScalarType.BFloat16, LogProbDtype.Model);
        var random = new Random(13);
        var (prompt, targets) = (Tokens(random, 10), Tokens(random, 5));
        var singles = Enumerable.Range(0, 5).Select(i =>
            new Continuation(targets[..i], [targets[i]])).Append(new(targets[..4], targets)).ToList();
        var scores = model.Score(new ScoreBatch([new(null, prompt, singles)]));
        var sum = scores.Take(5).Aggregate(0f, (s, t) => s + (float)t.LogLikelihood);
        Assert.Equal(TorchModel.RoundedToBFloat16(sum), scores[5].LogLikelihood);
    }

    [Theory]
    [InlineData(1f, 1f)]
    [InlineData(1.00390625f, 1f)] // halfway, the even one is below
    [InlineData(1.01171875f, 1.015625f)] // halfway, the even one is above
    [InlineData(-3.0001f, -3f)]
    [InlineData(float.NegativeInfinity, float.NegativeInfinity)]
    public void Bfloat16_rounds_to_the_nearest_even(float x, float rounded) =>
        Assert.Equal(rounded, TorchModel.RoundedToBFloat16(x));

    [Fact]
    public void No_tensor_is_left_behind()
    {
        // What other tests left to the collector must not be collected in between.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var before = Tensor.TotalCount;
        using (var model = Load("tiny-mixtral-8x"))
        {
            var random = new Random(14);
            model.Score(RandomBatch(random)); // makes what the model keeps: rotary angles, masks
            model.Score(new ScoreBatch([new(null, Tokens(random, 200), [new([], [1])])]));
            model.Generate([new(Tokens(random, 80), 2)], (_, _) => false);
            var kept = Tensor.TotalCount;
            for (var i = 0; i < 3; i++)
            {
                model.Score(RandomBatch(random));
                model.Score(new ScoreBatch([new(null, [4, 5], [new([], [1])])]));
                model.Generate([new([1, 2, 3], 5), new([4], 1)], (_, _) => false);
                Assert.Equal(kept, Tensor.TotalCount);
            }
        }
        Assert.Equal(before, Tensor.TotalCount);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void An_opening_is_computed_once_for_all_batches_that_name_it(int workers)
    {
        using var model = new TorchModel(Load("tiny-llama").Decoder, workers: workers);
        var (first, second) = (new SharedPrefix([1, 2, 3]), new SharedPrefix([4, 5]));
        PrefixTree With(SharedPrefix? sharedPrefix) => new(sharedPrefix, [7, 8], [new([], [9])]);
        ScoreBatch[] batches = [new([With(first), With(second)]), new([With(second)]), new([With(null)]), new([With(first)])];
        var scores = model.Score(batches).ToList();
        Assert.Equal(5 + 5 * 2, model.Decoder.Tokens);
        foreach (var (batch, score) in batches.Zip(scores))
            AssertEqual(Alone(model, batch), score);
    }

    [Fact]
    public void A_batch_that_fails_leaves_no_tensor_behind()
    {
        using var model = Load("tiny-mixtral-2x");
        PrefixTree[] trees = [new(new([1, 2, 3]), [7, 8], [new([], [9])])];
        var expected = model.Score(new ScoreBatch(trees));
        model.Score(new ScoreBatch([new(null, [4, 5], [new([], [1])])]));
        var before = Tensor.TotalCount;
        model.Decoder.OnRouting = (layer, _) => throw new ExternalException("out of memory");
        Assert.Throws<InsufficientMemoryException>(() => model.Score(new ScoreBatch(trees)));
        Assert.Equal(before, Tensor.TotalCount);
        model.Decoder.OnRouting = null;
        Assert.Equal(expected, model.Score(new ScoreBatch(trees)));
    }

    [Theory]
    [InlineData(Vocabulary)]
    [InlineData(-1)]
    public void A_token_the_model_does_not_know_is_refused(int token)
    {
        using var model = Load("tiny-llama");
        foreach (var act in (Action[])[
            () => model.Score(new ScoreBatch([new(null, [1, token], [new([], [1])])])),
            () => model.Score(new ScoreBatch([new(null, [1], [new([], [token])])])),
            () => model.Score(new ScoreBatch([new(new([token]), [1], [new([], [1])])])),
            () => model.Generate([new([1, token], 1)], (_, _) => false)])
            Assert.Contains($"Token {token} is not among the 512", Assert.Throws<InputException>(act).Message);
    }

    [Fact]
    public void A_trained_checkpoint_finds_English_likelier_than_the_same_words_shuffled()
    {
        using var model = TorchModel.Load(Path.Combine(AppContext.BaseDirectory, "checkpoints", "cognito-nano"),
            CPU, ScalarType.Float32);
        Assert.Equal((8192, 4096), (model.MaxLength, model.VocabularySize));
        // What is the name of the largest planet in the solar system? The answer is that the planet is a large body of water
        int[] text = [1080, 322, 263, 3534, 286, 263, 1132, 341, 3175, 4017, 294, 263, 1839, 284, 2397, 4069, 316, 2068,
            322, 384, 263, 3175, 4017, 322, 261, 1132, 1753, 286, 680];
        var shuffled = text.ToArray();
        new Random(15).Shuffle(shuffled);
        var scores = model.Score(new ScoreBatch([new(null, [1], [new(text[..^1], text), new(shuffled[..^1], shuffled)])]));
        Assert.True(scores[0].LogLikelihood > -7 * text.Length, $"{scores[0].LogLikelihood / text.Length:f2} a token");
        Assert.True(scores[1].LogLikelihood < scores[0].LogLikelihood - 10, "shuffled is no less likely");
    }

    internal static int[] Tokens(Random random, int length, int vocabulary = Vocabulary) =>
        [.. Enumerable.Range(0, length).Select(_ => random.Next(vocabulary))];

    private static List<TokenScore> Alone(TorchModel model, ScoreBatch batch) => [.. batch.Trees.SelectMany(t =>
        t.Continuations.Select(b => model.Score(new ScoreBatch([new(null,
            [.. t.SharedPrefix?.Tokens ?? [], .. t.Context, .. b.Tokens], [new([], b.Targets)])])).Single()))];

    /// <summary>Trees with and without shared prefixes, contexts and continuation tokens; every continuation has a place that predicts.</summary>
    internal static ScoreBatch RandomBatch(Random random, int vocabulary = Vocabulary)
    {
        int[] Tokens(Random random, int length) => TorchModelTests.Tokens(random, length, vocabulary);
        SharedPrefix?[] sharedPrefixes = [null, new(Tokens(random, 1 + random.Next(30))), new(Tokens(random, 1 + random.Next(5)))];
        return new([.. Enumerable.Range(0, 1 + random.Next(6)).Select(_ =>
        {
            var context = Tokens(random, random.Next(3) == 0 ? 0 : random.Next(60));
            return new PrefixTree(sharedPrefixes[random.Next(3)], context, [.. Enumerable.Range(0, 1 + random.Next(5)).Select(_ =>
            {
                var tokens = Tokens(random, random.Next(context.Length == 0 ? 1 : 0, 12));
                return new Continuation(tokens, Tokens(random, 1 + random.Next(tokens.Length + Math.Min(3, context.Length))));
            })]);
        })]);
    }

    internal static void AssertEqual(IReadOnlyList<TokenScore> expected, IReadOnlyList<TokenScore> actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        foreach (var (e, a) in expected.Zip(actual))
        {
            Assert.Equal(e.LogLikelihood, a.LogLikelihood, 1e-4 + 1e-6 * Math.Abs(e.LogLikelihood));
            Assert.Equal(e.IsGreedy, a.IsGreedy);
        }
    }
}
