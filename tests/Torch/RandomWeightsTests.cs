using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Torch;
using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Kernels;
using Cognito.Eval.Torch.Layers;
using Cognito.Eval.Torch.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Tests;

[Collection("torch")]
public sealed class RandomWeightsTests
{
    private static readonly string Tiny = Fixture.Path("checkpoints", "tiny-mixtral-8x");

    /// <summary>Notes what a decoder asks for.</summary>
    private sealed class Noted : WeightSource
    {
        public Dictionary<string, long[]> Shapes { get; } = [];

        public override void Check(string name, long[] shape) => Shapes.Add(name, shape);

        public override void Fill(string name, Tensor place) => Assert.Equal(Shapes[name], place.shape);
    }

    private static Dictionary<string, long[]> Shapes(ModelConfig config)
    {
        var noted = new Noted();
        using var weights = new DecoderWeights(
            config, noted, META, ScalarType.BFloat16, new TensorElementwise());
        weights.Norm();
        weights.Head(weights.Embedding());
        for (var layer = 0; layer < config.Layers; layer++)
            weights.Layer(layer);
        return noted.Shapes;
    }

    [Theory]
    [MemberData(nameof(DecoderTests.Checkpoints), MemberType = typeof(DecoderTests))]
    public void The_weights_a_decoder_asks_for_are_the_checkpoints_and_as_many_as_counted(string name)
    {
        var config = ModelConfig.Read(Fixture.Path("checkpoints", name));
        using var files = WeightFiles.Open(Fixture.Path("checkpoints", name));
        var (asked, places) = (Shapes(config), new TensorPlaces(files, config));
        Assert.Equal(asked.Keys.Order(), config.Tensors.All.Select(t => t.Name).Order());
        var found = asked.Sum(tensor => places.Find(tensor.Key, tensor.Value).Entry.Length);
        // Of Gemma 3 with eyes, the text's.
        var held = files.Tensors.Where(t => !t.Name.Contains("vision_tower") && !t.Name.Contains("multi_modal_projector")).ToList();
        Assert.Equal(held.Select(t => t.Name).Order(), places.Used.Order());
        Assert.Equal(held.Sum(t => t.Length), found);
        Assert.Equal(held.Sum(t => t.Shape.Aggregate(1L, (a, b) => a * b)), config.Parameters);
    }

    [Theory]
    [InlineData("cognito-2x7b")]
    [InlineData("mistral-7b")]
    [InlineData("mixtral-8x7b")]
    public void A_named_shape_has_as_many_weights_as_counted(string name)
    {
        var config = ModelConfig.Named(name);
        Assert.Equal(Shapes(config).Values.Sum(s => s.Aggregate(1L, (a, b) => a * b)), config.Parameters);
    }

    [Fact]
    public void A_seed_makes_the_same_weights_and_another_seed_others()
    {
        var config = ModelConfig.Read(Tiny);
        byte[] Logits(long seed)
        {
            using var decoder = Decoder.Random(config, CPU, ScalarType.Float32, seed);
            using var logits = decoder.Logits([1, 2, 3]);
            Assert.Equal([3, config.VocabularySize], logits.shape);
            Assert.True(logits.isfinite().all().item<bool>());
            return logits.bytes.ToArray();
        }
        Assert.Equal(Logits(1), Logits(1));
        Assert.NotEqual(Logits(1), Logits(2));
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Norms_are_ones_and_the_rest_is_small_and_normal(ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        using var source = new RandomWeights(5);
        var (norm, layer, matrix) = (empty(9, dtype), empty(9, dtype), empty(300, 400, dtype));
        source.Fill("model.norm.weight", norm);
        source.Fill("model.layers.0.input_layernorm.weight", layer);
        source.Fill("model.layers.0.self_attn.o_proj.weight", matrix);
        Assert.True(norm.eq(1).all().item<bool>() && layer.eq(1).all().item<bool>());
        var wide = matrix.to_type(float64);
        Assert.InRange(wide.mean().item<double>(), -5e-4, 5e-4);
        Assert.InRange(wide.std().item<double>(), 0.0195, 0.0205);
        Assert.InRange(wide.abs().max().item<double>(), 0.05, 0.15);
    }

    [Fact]
    public void A_random_model_scores()
    {
        using var model = TorchModel.Random(ModelConfig.Read(Tiny), CPU, ScalarType.Float32, 3, maxLength: 20);
        var score = Assert.Single(model.Score(new ScoreBatch([new(null, [1, 2], [new([], [3])])])));
        Assert.InRange(score.LogLikelihood, -20, -0.01);
        Assert.Equal(20, model.MaxLength);
    }
}
