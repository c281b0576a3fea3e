using Cognito.Eval.Models;
using Cognito.Eval.Torch;
using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Layers;
using Cognito.Eval.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Tests;

/// <summary>A model over cards against the CPU's, and against one card's. With one card all stages are on it. Skipped without.</summary>
[Collection("torch")]
public sealed class CudaSplitTests
{
    public static TheoryData<string> Checkpoints => DecoderTests.Checkpoints;

    public static TheoryData<string, string> Settings => GenerationGoldens.Cases;

    private static Device Card(int stage)
    {
        Assert.SkipUnless(cuda.is_available(), "needs a CUDA device and a CUDA libtorch (COGNITO_LIBTORCH)");
        return device($"cuda:{stage % cuda.device_count()}");
    }

    private static TorchModel Split(string folder, ScalarType dtype = ScalarType.Float32) =>
        SplitTests.Split(folder, SplitTests.Deals(ModelConfig.Read(folder).Layers).Last(), 1, Card, dtype);

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void Scores_and_texts_are_those_of_the_CPU(string name)
    {
        using var actual = Split(SplitTests.Folder(name));
        using var expected = TorchModel.Load(SplitTests.Folder(name), CPU, ScalarType.Float32);
        var batches = SplitTests.Batches(51, expected.VocabularySize, 20);
        foreach (var (one, other) in expected.Score(batches).Zip(actual.Score(batches)))
            TorchModelTests.AssertEqual(one, other);
        var prompts = SplitTests.Prompts(52, expected.VocabularySize, 9);
        Assert.Equal(
            expected.Generate(prompts).SelectMany(batch => batch.Select(row => string.Join(',', row.Tokens))),
            actual.Generate(prompts).SelectMany(batch => batch.Select(row => string.Join(',', row.Tokens))));
    }

    /// <summary>Equal kernels in the same order on equal cards.</summary>
    [Theory]
    [InlineData("tiny-mixtral-2x")]
    [InlineData("tiny-mixtral-8x")]
    [InlineData("tiny-gemma2")]
    [InlineData("tiny-qwen2")]
    [InlineData("tiny-gpt-neox")]
    public void In_16_bits_scores_routing_and_texts_are_those_of_one_card(string name)
    {
        using var actual = Split(SplitTests.Folder(name), ScalarType.BFloat16);
        using var expected = TorchModel.Load(SplitTests.Folder(name), Card(0), ScalarType.BFloat16);
        (actual.RecordsRouting, expected.RecordsRouting) = (true, true);
        var batches = SplitTests.Batches(53, expected.VocabularySize, 40);
        var scores = expected.Score(batches).SelectMany(SplitTests.Bits).ToList();
        for (var round = 0; round < 5; round++)
            Assert.Equal(scores, actual.Score(batches).SelectMany(SplitTests.Bits));
        var prompts = SplitTests.Prompts(54, expected.VocabularySize, 12);
        Assert.Equal(
            expected.Generate(prompts).SelectMany(batch => batch.Select(row => string.Join(',', row.Tokens))),
            actual.Generate(prompts).SelectMany(batch => batch.Select(row => string.Join(',', row.Tokens))));
        Assert.All(actual.Decoder.Pipeline!.BusySeconds, seconds => Assert.True(seconds > 0));
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public void Settings_of_generation_are_applied_on_the_last_card(string checkpoint, string name)
    {
        Card(0);
        GenerationGoldens.Check(checkpoint, name, folder => Split(folder));
    }

    [Fact]
    public void Random_weights_are_the_same_wherever_they_lie()
    {
        var config = ModelConfig.Read(SplitTests.Folder("tiny-mixtral-8x"));
        using var whole = TorchModel.Random(config, Card(0), ScalarType.BFloat16, 5);
        using var split = TorchModel.Random(config, [new(Card(0), 2), new(Card(1), 1)], ScalarType.BFloat16, 5);
        var batches = SplitTests.Batches(55, config.VocabularySize);
        Assert.Equal(whole.Score(batches).SelectMany(SplitTests.Bits), split.Score(batches).SelectMany(SplitTests.Bits));
    }

    [Fact]
    public void Memory_that_runs_out_on_the_last_card_halves_batches_and_loses_none()
    {
        using var model = Split(SplitTests.Folder("tiny-mixtral-8x"), ScalarType.BFloat16);
        var batches = SplitTests.Batches(56, model.VocabularySize, 12);
        var expected = model.Score(batches).ToList();
        var (thrown, halved) = (0, 0);
        // Nothing has so much memory: libtorch's own words come from the allocator.
        model.Decoder.OnHidden = (layer, _) =>
        {
            if (layer == model.Decoder.Config.Layers - 1 && Interlocked.Exchange(ref thrown, 1) == 0)
                empty(1L << 45, ScalarType.Byte, Card(1)).Dispose();
        };
        var found = OutOfMemoryRetry.Score(model, batches, () => halved++).ToList();
        Assert.Equal((1, 1), (thrown, halved));
        Assert.Equal(expected.Select(batch => batch.Count), found.Select(batch => batch.Count));
        foreach (var (one, other) in expected.SelectMany(batch => batch).Zip(found.SelectMany(batch => batch)))
            Assert.Equal(one.LogLikelihood, other.LogLikelihood, 0.2 + 0.02 * Math.Abs(one.LogLikelihood));
    }

    [Fact]
    public void What_is_carried_to_another_card_arrives_whole_while_both_compute()
    {
        Assert.SkipUnless(cuda.is_available() && cuda.device_count() > 1, "needs two CUDA devices and a CUDA libtorch (COGNITO_LIBTORCH)");
        using var link = PeerLink.TryCreate(Card(0), Card(1));
        Assert.NotNull(link);
        Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, thread =>
        {
            using var mode = inference_mode();
            using var scope = NewDisposeScope();
            var random = new Random(thread);
            var (here, there) = (randn([2048, 2048], ScalarType.BFloat16, Card(0)), randn([2048, 2048], ScalarType.BFloat16, Card(1)));
            for (var round = 0; round < 50; round++)
            {
                using var one = NewDisposeScope();
                var made = full([1 + random.Next(4000), 256], round + 100 * thread, ScalarType.Float32, Card(0));
                cuda.synchronize(Card(0));
                // Both cards' streams have work and memory that comes and goes.
                for (var i = 0; i < 5; i++)
                {
                    here.mm(here).Dispose();
                    there.mm(there).Dispose();
                }
                var carried = link.Carry(made);
                Assert.Equal(made.shape, carried.Stream.shape);
                Assert.True(carried.Stream.eq(round + 100 * thread).all().item<bool>(), $"round {round} of thread {thread}");
                carried.Release();
            }
        });
    }
}
