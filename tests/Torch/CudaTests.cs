using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Torch;
using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Tests;

/// <summary>A GPU's answers against the CPU's. Skipped where there is none.</summary>
[Collection("torch")]
public sealed class CudaTests
{
    public static TheoryData<string> Checkpoints => DecoderTests.Checkpoints;

    private const string NoGpu = "needs a CUDA device and a CUDA libtorch (COGNITO_LIBTORCH)";

    private static TorchModel Load(string name, Device device, ScalarType dtype = ScalarType.Float32)
    {
        Assert.SkipUnless(cuda.is_available(), NoGpu);
        return TorchModel.Load(Folder(name), device, dtype);
    }

    private static string Folder(string name) => name == "cognito-nano"
        ? Path.Combine(AppContext.BaseDirectory, "checkpoints", name)
        : Fixture.Path("checkpoints", name);

    public static TheoryData<string, string> Settings => GenerationGoldens.Cases;

    [Theory]
    [MemberData(nameof(Settings))]
    public void Tokens_on_a_GPU_are_those_of_transformers_under_each_setting(string checkpoint, string name)
    {
        Assert.SkipUnless(cuda.is_available(), NoGpu);
        GenerationGoldens.Check(checkpoint, name, CUDA);
    }

    [Theory]
    [MemberData(nameof(Checkpoints))]
    [InlineData("cognito-nano")]
    public void Trees_score_on_a_GPU_as_on_the_CPU(string name)
    {
        using var expected = Load(name, CPU);
        using var actual = Load(name, CUDA);
        var random = new Random(21);
        for (var round = 0; round < 30; round++)
        {
            var batch = round < 20 ? TorchModelTests.RandomBatch(random, expected.VocabularySize) : Wide(random, round, expected.VocabularySize);
            TorchModelTests.AssertEqual(expected.Score(batch), actual.Score(batch));
        }
    }

    /// <summary>Two or four continuations, as tasks have them, on contexts of many lengths.</summary>
    private static ScoreBatch Wide(Random random, int round, int vocabulary) => new([.. Enumerable.Range(0, 5).Select(_ =>
    {
        var context = TorchModelTests.Tokens(random, 20 + random.Next(40 * (round - 18)), vocabulary);
        return new PrefixTree(null, context, [.. Enumerable.Range(0, 2 + 2 * random.Next(2)).Select(_ =>
        {
            var tokens = TorchModelTests.Tokens(random, 1 + random.Next(30), vocabulary);
            return new Continuation(tokens, [.. tokens.Skip(1), 7]);
        })]);
    })]);

    /// <summary>Last tiles of one row: what a memory-efficient kernel once got wrong.</summary>
    [Fact]
    public void Blocks_of_every_length_score_on_a_GPU_as_on_the_CPU()
    {
        using var expected = Load("tiny-llama", CPU);
        using var actual = Load("tiny-llama", CUDA);
        var random = new Random(23);
        for (var length = 1; length <= 140; length++)
        {
            var context = TorchModelTests.Tokens(random, length);
            ScoreBatch batch = new([
                new(null, context, [new([], [context[0]])]),
                new(null, context, [new([5, 6], [6, 7]), new([8], [9])]),
                new(new([1, 2, 3]), context, [new([], [context[0]])]),
            ]);
            TorchModelTests.AssertEqual(expected.Score(batch), actual.Score(batch));
        }
    }

    /// <summary>Small buffers, so that even these weights take many turns; the device converts.</summary>
    [Theory]
    [InlineData("tiny-mixtral-2x", ScalarType.Float32)]
    [InlineData("tiny-llama-bias", ScalarType.Float16)]
    [InlineData("cognito-nano", ScalarType.BFloat16)]
    [InlineData("cognito-nano", ScalarType.Float32)]
    public void Weights_arrive_on_a_GPU_as_on_the_CPU(string name, ScalarType dtype)
    {
        Assert.SkipUnless(cuda.is_available(), NoGpu);
        using var files = WeightFiles.Open(Folder(name));
        using var scope = NewDisposeScope();
        using var source = new StagedWeights(new TensorPlaces(files), CUDA, new(3, 4096, 2, Pinned: true));
        var places = files.Tensors.ToDictionary(t => t.Name, t => empty(t.Shape, dtype, CUDA));
        foreach (var (tensor, place) in places)
            source.Fill(tensor, place);
        source.Finish();
        foreach (var (tensor, place) in places)
            Assert.True(files[tensor].to_type(dtype).bytes.SequenceEqual(place.cpu().bytes), tensor);
    }

    [Fact]
    public void Random_weights_on_a_GPU_are_small_and_normal_and_hang_on_the_seed()
    {
        Assert.SkipUnless(cuda.is_available(), NoGpu);
        using var scope = NewDisposeScope();
        Tensor Matrix(long seed)
        {
            using var source = new RandomWeights(seed);
            var matrix = empty([300, 400], ScalarType.BFloat16, CUDA);
            source.Fill("x.weight", matrix);
            return matrix.cpu().to_type(ScalarType.Float32);
        }
        var one = Matrix(1);
        Assert.InRange(one.std().item<float>(), 0.0195f, 0.0205f);
        Assert.True(one.bytes.SequenceEqual(Matrix(1).bytes));
        Assert.False(one.bytes.SequenceEqual(Matrix(2).bytes));
        using var model = TorchModel.Random(ModelConfig.Read(Folder("tiny-mixtral-8x")), CUDA, ScalarType.BFloat16, 3);
        Assert.InRange(model.Score(new ScoreBatch([new(null, [1, 2], [new([], [3])])]))[0].LogLikelihood, -20, -0.01);
    }

    [Fact]
    public void A_GPU_is_fed_at_gigabytes_a_second()
    {
        Assert.SkipUnless(cuda.is_available(), NoGpu);
        Assert.InRange(CopyRate.ToDevice(CUDA), 1e9, 1e12);
    }

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void Prompts_are_continued_on_a_GPU_as_on_the_CPU(string name)
    {
        using var expected = Load(name, CPU);
        using var actual = Load(name, CUDA);
        var random = new Random(22);
        var prompts = Enumerable.Range(0, 7).Select(i => new Prompt(TorchModelTests.Tokens(random, 1 + random.Next(90), expected.VocabularySize), 20)).ToList();
        Assert.Equal(expected.Generate(prompts, (_, _) => false), actual.Generate(prompts, (_, _) => false));
    }
}
