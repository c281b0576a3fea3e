using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Torch;
using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Tests;

/// <summary>A model whose layers are dealt to several devices answers as it does on one, bit for bit on the CPU.</summary>
[Collection("torch")]
public sealed class SplitTests
{
    public static TheoryData<string> Checkpoints => DecoderTests.Checkpoints;

    /// <summary>Two stages, the first with one layer; and as many as there are layers, of four at most.</summary>
    internal static IEnumerable<int[]> Deals(int layers) =>
        ((int[][])[[1, layers - 1], [.. Enumerable.Repeat(1, Math.Min(layers, 4) - 1), layers - Math.Min(layers, 4) + 1]]).DistinctBy(deal => deal.Length);

    internal static TorchModel Split(string folder, int[] deal, int atOnce = 1, Func<int, Device>? device = null, ScalarType dtype = ScalarType.Float32) =>
        TorchModel.Load(folder, [.. deal.Select((layers, s) => new StagePlace(device?.Invoke(s) ?? CPU, layers))], dtype, atOnce: atOnce);

    private static int[] InTwo(string name) => Deals(ModelConfig.Read(Folder(name)).Layers).First();

    internal static string Folder(string name) => Fixture.Path("checkpoints", name);

    private static TorchModel Whole(string name) => TorchModel.Load(Folder(name), CPU, ScalarType.Float32);

    /// <summary>Batches of trees that share prefixes across batches.</summary>
    internal static ScoreBatch[] Batches(int seed, int vocabulary, int count = 8)
    {
        var random = new Random(seed);
        var shared = new SharedPrefix(TorchModelTests.Tokens(random, 12, vocabulary));
        return [.. Enumerable.Range(0, count).Select(_ => TorchModelTests.RandomBatch(random, vocabulary))
            .Select(batch => new ScoreBatch([.. batch.Trees.Select(tree => tree.SharedPrefix is null ? tree : tree with { SharedPrefix = shared })]))];
    }

    internal static GenerationBatch[] Prompts(int seed, int vocabulary, int batches = 5)
    {
        var random = new Random(seed);
        var opening = TorchModelTests.Tokens(random, 10, vocabulary);
        return [.. Enumerable.Range(0, batches).Select(b => TokenModels.Batch(
            [.. Enumerable.Range(0, 1 + random.Next(4)).Select(_ => new Prompt(
                [.. random.Next(2) == 0 ? opening : [], .. TorchModelTests.Tokens(random, 1 + random.Next(40), vocabulary)], 3 + random.Next(9)))],
            (p, ids) => ids[^1] % 7 == p % 7))];
    }

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void Scores_routing_and_texts_are_those_of_one_device(string name)
    {
        using var whole = Whole(name);
        whole.RecordsRouting = true;
        var (batches, prompts) = (Batches(31, whole.VocabularySize), Prompts(32, whole.VocabularySize));
        var (scores, texts) = (whole.Score(batches).ToList(), whole.Generate(prompts).ToList());
        foreach (var deal in Deals(whole.Decoder.Config.Layers))
        {
            using var split = Split(Folder(name), deal, atOnce: deal.Length);
            split.RecordsRouting = true;
            Assert.Equal(scores.SelectMany(Bits), split.Score(batches).SelectMany(Bits));
            Assert.Equal(
                texts.SelectMany(batch => batch.Select(row => string.Join(',', row.Tokens))),
                split.Generate(prompts).SelectMany(batch => batch.Select(row => string.Join(',', row.Tokens))));
            Assert.Equal(split.Decoder.Pipeline!.BusySeconds.Count, deal.Length);
            Assert.All(split.Decoder.Pipeline.BusySeconds, seconds => Assert.True(seconds > 0));
        }
    }

    internal static IEnumerable<string> Bits(IReadOnlyList<TokenScore> scores) => scores.Select(score =>
        $"{BitConverter.DoubleToInt64Bits(score.LogLikelihood):x} {score.IsGreedy} {string.Join(',', score.Routing?.Values ?? [])}");

    [Theory]
    [MemberData(nameof(GenerationGoldens.Cases), MemberType = typeof(GenerationGoldens))]
    public void Settings_of_generation_are_applied_on_the_last_device(string checkpoint, string name) => GenerationGoldens.Check(
        checkpoint, name, folder => Split(folder, [.. Deals(ModelConfig.Read(folder).Layers).Last()]));

    [Fact]
    public void Stages_work_at_the_same_time()
    {
        using var model = Split(Folder("tiny-mixtral-2x"), InTwo("tiny-mixtral-2x"));
        ScoreBatch[] batches = [.. Enumerable.Range(0, 8).Select(i => new ScoreBatch([new(null, [i, 2, 3], [new([], [4])])]))];
        var (expected, last) = (model.Score(batches).ToList(), model.Decoder.Config.Layers - 1);
        // A batch in the last stage waits until another is in the first, which waits for it: stages that took turns would never go on.
        using var both = new Barrier(2);
        var isFirst = 1;
        model.Decoder.OnHidden = (layer, _) =>
        {
            // The first batch meets nobody in the first stage, the last one nobody in the last.
            if (layer == 0 && Interlocked.Exchange(ref isFirst, 0) == 1 || layer != 0 && layer != last || both.CurrentPhaseNumber >= 5)
                return;
            Assert.True(both.SignalAndWait(HangGuard.Long));
        };
        Assert.Equal(expected, model.Score(batches));
        Assert.Equal(5, both.CurrentPhaseNumber);
    }

    [Fact]
    public void Memory_that_runs_out_in_the_second_stage_halves_the_batch_and_loses_none()
    {
        using var model = Split(Folder("tiny-mixtral-8x"), [1, 1, 1]);
        var random = new Random(34);
        ScoreBatch[] batches = [.. Enumerable.Range(0, 9).Select(b => new ScoreBatch([.. Enumerable.Range(0, b == 4 ? 8 : 2).Select(_ =>
            new PrefixTree(null, TorchModelTests.Tokens(random, 10), [new([], [1])]))]))];
        var expected = model.Score(batches).ToList();
        var (halved, before) = (0, Tensor.TotalCount);
        model.Decoder.OnHidden = (layer, x) =>
        {
            if (layer == 1 && x.shape[0] > 40)
                throw new ExternalException("CUDA out of memory. Tried to allocate 2.00 GiB");
        };
        var found = OutOfMemoryRetry.Score(model, batches, () => halved++).ToList();
        Assert.Equal(1, halved);
        Assert.Equal(before, Tensor.TotalCount);
        Assert.Equal(expected.Count, found.Count);
        foreach (var (one, other) in expected.Zip(found))
            TorchModelTests.AssertEqual(one, other);
    }

    [Fact]
    public void An_error_in_one_stage_is_thrown_at_its_batch_and_ends_those_after_it()
    {
        using var model = Split(Folder("tiny-mixtral-8x"), [1, 1, 1]);
        // Many, because others go on until the thread of the one that fails has said so, which may wait for a processor.
        ScoreBatch[] batches = [.. Enumerable.Range(1, 300).Select(i =>
            new ScoreBatch([new(null, [.. Enumerable.Range(1, i <= 7 ? i : 8)], [new([], [1])])]))];
        var (expected, before, begun) = (model.Score(batches[..6]).ToList(), Tensor.TotalCount, 0);
        model.Decoder.OnHidden = (layer, x) =>
        {
            if (layer == 0)
                Interlocked.Increment(ref begun);
            if (layer == 1 && x.shape[0] == 7)
                throw new ExternalException("CUDA error: an illegal memory access was encountered");
        };
        var read = new List<IReadOnlyList<TokenScore>>();
        var error = Assert.Throws<ExternalException>(() =>
        {
            foreach (var scores in model.Score(batches))
                read.Add(scores);
        });
        Assert.Equal("CUDA error: an illegal memory access was encountered", error.Message);
        Assert.Equal(expected, read);
        Assert.True(begun < 300, "all batches were begun after the error");
        Assert.Equal(before, Tensor.TotalCount);
        model.Decoder.OnHidden = null;
        Assert.Equal(300, model.Score(batches).Count());
    }

    [Fact]
    public void An_answer_that_fails_ends_the_longer_ones_after_it_between_two_tokens()
    {
        using var model = Split(Folder("tiny-mixtral-8x"), [1, 2]);
        using var far = new ManualResetEventSlim();
        // The second would go on for long; the first fails once the second is under way.
        GenerationBatch[] batches = [
            TokenModels.Batch([new([1, 2], 50)], (_, ids) => far.Wait(HangGuard.Long) && ids.Count == 3 ? throw new ExternalException("broken") : false),
            TokenModels.Batch([new([3, 4], 4000)], (_, _) => { far.Set(); Thread.Sleep(1); return false; })];
        Assert.Equal("broken", Assert.Throws<ExternalException>(() => model.Generate(batches).Count()).Message);
        Assert.True(model.Decoder.Tokens < 3000, $"{model.Decoder.Tokens} tokens went through");
    }

    [Fact]
    public void Cancelling_keeps_what_was_answered_and_ends_the_rest_between_two_stages()
    {
        using var model = Split(Folder("tiny-mixtral-8x"), [1, 1, 1]);
        // All tokens are rows, so that a batch is known by its length in the last layer too.
        ScoreBatch[] batches = [.. Enumerable.Range(1, 40).Select(length =>
            new ScoreBatch([new(null, [.. Enumerable.Range(1, length)], [new([], [.. Enumerable.Repeat(1, length)])])]))];
        var (expected, before) = (model.Score(batches).ToList(), Tensor.TotalCount);
        using var cancel = new CancellationTokenSource();
        var (through, answered) = (new ConcurrentDictionary<long, bool>(), 0);
        model.Decoder.OnHidden = (layer, x) =>
        {
            if (layer == 2)
                through[x.shape[0]] = true;
            if (layer != 1 || x.shape[0] != 9)
                return;
            // An earlier one may still wait for a processor, and then those after it are not read.
            answered = Enumerable.Range(1, 8).TakeWhile(length => through.ContainsKey(length)).Count();
            cancel.Cancel();
        };
        var read = new List<IReadOnlyList<TokenScore>>();
        Assert.ThrowsAny<OperationCanceledException>(() =>
        {
            foreach (var scores in model.Score(batches, cancel.Token))
                read.Add(scores);
        });
        Assert.InRange(read.Count, answered, 8);
        Assert.Equal(expected[..read.Count], read);
        Assert.Equal(before, Tensor.TotalCount);
        model.Decoder.OnHidden = null;
        Assert.Equal(expected, model.Score(batches));
    }

    [Fact]
    public void No_tensor_is_left_behind()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var before = Tensor.TotalCount;
        using (var model = Split(Folder("tiny-gemma2"), InTwo("tiny-gemma2")))
        {
            var (batches, prompts) = (Batches(35, model.VocabularySize), Prompts(36, model.VocabularySize));
            _ = (model.Score(batches).Count(), model.Generate(prompts).Count());
            var kept = Tensor.TotalCount;
            _ = (model.Score(batches).Count(), model.Generate(prompts).Count());
            Assert.Equal(kept, Tensor.TotalCount);
        }
        Assert.Equal(before, Tensor.TotalCount);
    }

    [Fact]
    public void A_tied_head_on_another_device_is_a_copy_of_the_embedding_and_each_device_has_its_own_layers_alone()
    {
        long Numbers(TorchModel model) => model.Decoder.Config.Parameters;
        using var whole = Whole("tiny-gemma");
        Assert.True(whole.Decoder.Config.Spec.TiesEmbeddings);
        var costs = DecoderCosts.Of(whole.Decoder.Config, 1);
        var embedding = costs.Embedding.Bytes;
        Assert.Equal(Numbers(whole) + embedding, embedding + costs.Layers.Sum(layer => layer.Bytes) + costs.Head.Bytes);
        using var split = Split(Folder("tiny-gemma"), InTwo("tiny-gemma"));
        Assert.Equal(InTwo("tiny-gemma"), split.Decoder.Stages.Select(stage => stage.Specs.Count));
        Assert.Equal([(true, false), (false, true)], split.Decoder.Stages.Select(stage => (stage.IsFirst, stage.IsLast)));
        using var one = whole.Decoder.Logits([1, 2, 3]);
        using var two = split.Decoder.Logits([1, 2, 3]);
        Assert.Equal(one.bytes.ToArray(), two.bytes.ToArray());
    }

    [Fact]
    public void Random_weights_are_the_same_wherever_they_lie()
    {
        var config = ModelConfig.Read(Folder("tiny-mixtral-8x"));
        using var whole = TorchModel.Random(config, CPU, ScalarType.Float32, 5);
        using var split = TorchModel.Random(config, [new(CPU, 2), new(CPU, 1)], ScalarType.Float32, 5);
        var batches = Batches(37, config.VocabularySize);
        Assert.Equal(whole.Score(batches).SelectMany(Bits), split.Score(batches).SelectMany(Bits));
    }
}
