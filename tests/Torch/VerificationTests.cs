using Cognito.Eval.Files;
using Cognito.Eval.Torch;
using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Goldens;

namespace Cognito.Eval.Tests;

/// <summary>Verification of the tiny checkpoints with the goldens that transformers made, and with changed ones.</summary>
[Collection("torch")]
public sealed class VerificationTests
{
    private const string Tiny = "tiny-mixtral-2x";
    private static readonly LocalModelOptions OnCpu = new() { Device = "cpu", Threads = 1 };

    private static string Folder(string tiny) => Fixture.Path("checkpoints", tiny);

    private static GoldenReport Found(string golden, string tiny = Tiny, string? dtype = null, double? tolerance = null) =>
        Verification.Run(Folder(tiny), golden, OnCpu with { Dtype = dtype }, tolerance).Found;

    private static GoldenReport Found(ChangedGolden golden, string? dtype = null) => Found(golden.Write(), dtype: dtype);

    [Theory]
    [MemberData(nameof(DecoderTests.Checkpoints), MemberType = typeof(DecoderTests))]
    public void A_tiny_checkpoint_is_its_goldens(string tiny)
    {
        var found = Found(Path.Combine(Folder(tiny), "golden.safetensors"), tiny);
        Assert.True(found.Passes);
        Assert.Equal(["1", "7", "33", "130"], found.Cases.Select(one => one.Case.Label));
        Assert.Equal([1, 7, 33, 8], found.Cases.Select(one => one.Case.Rows));
        Assert.All(found.Cases, one => Assert.InRange(one.Logits.Relative, 0, 2e-5));
        Assert.Equal((40, null, true), (found.Continuation!.Tokens, found.Continuation.Differs, found.Continuation.Decides));
        var routers = found.Cases.SelectMany(one => one.Routers).ToList();
        var routed = ModelConfig.Read(Folder(tiny)).Spec.Layers.Index().Where(layer => layer.Item.FeedForward.Mixture is not null);
        Assert.Equal(routed.Select(layer => layer.Index), routers.Select(router => router.Layer));
        Assert.All(routers, router => Assert.InRange(router.Difference.Relative, 0, 2e-5));
    }

    [Fact]
    public void In_sixteen_bits_the_tolerance_is_wider_and_rounding_shows()
    {
        var found = Found(Path.Combine(Folder(Tiny), "golden.safetensors"), dtype: "float16");
        Assert.Equal(2e-2, found.Tolerance);
        Assert.All(found.Cases, one => Assert.InRange(one.Logits.Relative, 1e-4, 2e-2));
        Assert.False(found.Continuation!.Decides);
        Assert.False(Found(Path.Combine(Folder(Tiny), "golden.safetensors"), dtype: "float16", tolerance: 2e-5).Passes);
    }

    [Fact]
    public void A_changed_logit_is_found_at_its_label_alone()
    {
        using var golden = new ChangedGolden(Tiny);
        golden.Change<float>("logits.7", 100, x => x + 0.01f);
        var found = Found(golden);
        Assert.False(found.Passes);
        Assert.Equal(["7"], found.Cases.Where(one => !one.Passes).Select(one => one.Case.Label));
        var logits = found.Cases[1].Logits;
        Assert.InRange(logits.Absolute, 0.0099, 0.0101);
        Assert.Equal(logits.Absolute / logits.Largest, logits.Relative);
    }

    [Fact]
    public void A_changed_router_is_found_at_its_layer_alone()
    {
        using var golden = new ChangedGolden(Tiny);
        golden.Change<float>("router_logits.33.layer1", 2 * 33 + 1, x => x + 0.01f);
        var found = Found(golden);
        Assert.False(found.Passes);
        Assert.Equal([true, false, true], found.Cases[2].Routers.Select(router => router.Difference.Passes));
        Assert.All(found.Cases, one => Assert.True(one.Logits.Passes));
    }

    [Fact]
    public void A_generated_token_that_differs_decides_in_float32_and_nothing_in_sixteen_bits()
    {
        using var golden = new ChangedGolden(Tiny);
        golden.Change<long>("generate.output", 0, id => id == 3 ? 4 : 3);
        var found = Found(golden);
        Assert.False(found.Passes);
        Assert.Equal((0, false), (found.Continuation!.Differs!.Place, found.Continuation.Passes));
        Assert.NotEqual(found.Continuation.Differs.Expected, found.Continuation.Differs.Found);
        var rounded = Found(golden, dtype: "float16");
        Assert.NotNull(rounded.Continuation!.Differs);
        Assert.True(rounded.Passes);
    }

    [Fact]
    public void A_changed_weight_is_found()
    {
        using var checkpoint = new ChangedCheckpoint("tiny-llama");
        checkpoint.Tensors["model.norm.weight"].Bytes[1] ^= 0x04;
        var golden = Path.Combine(Folder("tiny-llama"), "golden.safetensors");
        Assert.False(Verification.Run(checkpoint.Write(), golden, OnCpu).Found.Passes);
    }

    [Fact]
    public void A_model_that_gives_no_numbers_does_not_pass()
    {
        using var checkpoint = new ChangedCheckpoint("tiny-llama");
        // In float16 all ones of the exponent: a NaN.
        (checkpoint.Tensors["model.norm.weight"].Bytes[0], checkpoint.Tensors["model.norm.weight"].Bytes[1]) = (0x01, 0x7e);
        var found = Verification.Run(checkpoint.Write(), Path.Combine(Folder("tiny-llama"), "golden.safetensors"), OnCpu).Found;
        Assert.All(found.Cases, one => Assert.Equal((double.NaN, false), (one.Logits.Relative, one.Logits.Passes)));
        Assert.Equal(0, found.Continuation!.NotFiniteAt);
        Assert.False(found.Continuation.Passes);
    }

    [Fact]
    public void A_tensor_that_is_not_known_is_named()
    {
        using var golden = new ChangedGolden(Tiny);
        golden.Tensors["attention.7"] = golden.Tensors["logits.7"];
        var report = Verification.Run(Folder(Tiny), golden.Write(), OnCpu);
        Assert.True(report.Found.Passes);
        Assert.Contains("\"attention.7\" is none that verify knows", Assert.Single(report.Notes));
    }

    private static readonly Dictionary<string, (Action<ChangedGolden> Change, string Fact)> Bad = new()
    {
        ["no logits"] = (golden => golden.Tensors.Remove("logits.7"), "it holds \"input_ids.7\" and no \"logits.7\""),
        ["no ids"] = (golden => golden.Tensors.Remove("input_ids.7"), "it holds \"logits.7\" and no \"input_ids.7\""),
        ["a router's ids"] = (golden => golden.Rename("router_logits.33.layer0", "router_logits.34.layer0"),
            "it holds \"router_logits.34.layer0\" and no \"input_ids.34\""),
        ["no prompt"] = (golden => golden.Tensors.Remove("generate.prompt"), "it holds \"generate.output\" and no \"generate.prompt\""),
        ["no output"] = (golden => golden.Tensors.Remove("generate.output"), "it holds \"generate.prompt\" and no \"generate.output\""),
        ["nothing"] = (golden => golden.Tensors.Clear(), "no tensors input_ids.L and logits.L"),
        ["a smaller vocabulary"] = (golden => golden.Tensors["logits.1"] = golden.Tensors["logits.1"] with { Shape = [2, 2, 256] },
            "\"logits.1\" is [2, 2, 256], and by \"input_ids.1\" and the checkpoint's vocab_size it is [2, 1, 512]"),
        ["more sequences"] = (golden => golden.Tensors["input_ids.1"] = golden.Tensors["input_ids.1"] with { Shape = [1, 2] },
            "\"logits.1\" is [2, 1, 512]"),
        ["flat ids"] = (golden => golden.Tensors["input_ids.1"] = golden.Tensors["input_ids.1"] with { Shape = [2] },
            "\"input_ids.1\" is [2], and token ids are [sequences, tokens]"),
        ["an id beyond"] = (golden => golden.Change<long>("input_ids.7", 3, _ => 512), "holds the id 512, and the checkpoint's vocab_size is 512"),
        ["an id below"] = (golden => golden.Change<long>("generate.prompt", 3, _ => -1), "holds the id -1"),
        ["a NaN"] = (golden => golden.Change<float>("logits.33", 5, _ => float.NaN), "\"logits.33\" holds a NaN or an infinity"),
        ["a router's infinity"] = (golden => golden.Change<float>("router_logits.33.layer1", 5, _ => float.PositiveInfinity),
            "\"router_logits.33.layer1\" holds a NaN or an infinity"),
        ["a layer beyond"] = (golden => golden.Rename("router_logits.33.layer1", "router_logits.33.layer3"), "is of a router that the checkpoint does not have: 3 of its 3 layers have one"),
        ["a router's shape"] = (golden => golden.Tensors["router_logits.33.layer1"] = golden.Tensors["router_logits.33.layer1"] with { Shape = [33, 4] },
            "\"router_logits.33.layer1\" is [33, 4], and by its input_ids and the checkpoint's experts it is [66, 2]"),
        ["ids of a float"] = (golden => golden.Tensors["input_ids.1"] = golden.Tensors["input_ids.1"] with { DType = "F64" },
            "holds F64, and token ids are I64 or I32"),
        ["logits of a whole number"] = (golden => golden.Tensors["logits.1"] = golden.Tensors["logits.1"] with { DType = "I32" },
            "holds I32, and logits are floating-point numbers"),
        ["two prompts"] = (golden => golden.Tensors["generate.output"] = golden.Tensors["generate.output"] with { Shape = [2, 20] },
            "\"generate.output\" has 2 sequences"),
    };

    public static TheoryData<string> BadNames => [.. Bad.Keys];

    [Theory]
    [MemberData(nameof(BadNames))]
    public void A_golden_that_is_not_sound_is_one_line_that_names_file_fact_and_fix(string name)
    {
        using var golden = new ChangedGolden(Tiny);
        Bad[name].Change(golden);
        var path = golden.Write();
        var error = Assert.Throws<InputException>(() => Found(path));
        Assert.StartsWith($"{path}: ", error.Message);
        Assert.Contains(Bad[name].Fact, error.Message);
        Assert.Contains("; ", error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Routers_of_a_model_without_one_are_refused()
    {
        var golden = Path.Combine(Folder("tiny-mixtral-8x"), "golden.safetensors");
        Assert.Contains("none of its layers has one", Assert.Throws<InputException>(() => Found(golden, "tiny-llama")).Message);
    }

    [Fact]
    public void Half_precision_and_thirty_two_bit_ids_are_read()
    {
        using var golden = new ChangedGolden(Tiny);
        var (ids, logits) = (golden.Tensors["input_ids.7"], golden.Tensors["logits.7"]);
        golden.Tensors.Clear();
        golden.Tensors["input_ids.a.b"] = new("I32", ids.Shape, [.. ids.Bytes.Chunk(8).SelectMany(id => id[..4])]);
        golden.Tensors["logits.a.b"] = new("BF16", logits.Shape, [.. logits.Bytes.Chunk(4).SelectMany(x => x[2..])]);
        var found = Found(golden, "float16");
        Assert.Equal("a.b", Assert.Single(found.Cases).Case.Label);
        Assert.InRange(found.Cases[0].Logits.Relative, 1e-4, 2e-2);
        Assert.Null(found.Continuation);
    }

    [Fact]
    public void Two_models_part_at_the_layer_that_was_changed()
    {
        using var checkpoint = new ChangedCheckpoint("tiny-llama");
        checkpoint.Tensors["model.layers.1.mlp.down_proj.weight"].Bytes[1] ^= 0x04;
        var found = Verification.Compare(Folder("tiny-llama"), OnCpu, checkpoint.Write(), OnCpu, [5, 6, 7]);
        Assert.Equal(["embedding", "layer 0", "layer 1", "layer 2", "logits"], found.Select(layer => layer.After));
        Assert.Equal([true, true, false, false, false], found.Select(layer => layer.Relative == 0));
    }

    [Fact]
    public void One_model_in_two_types_parts_at_once_by_rounding()
    {
        var found = Verification.Compare(Folder(Tiny), OnCpu, Folder(Tiny), OnCpu with { Dtype = "bfloat16" }, [5, 6, 7]);
        // The weights are bfloat16 in either.
        Assert.Equal(0, found[0].Relative);
        Assert.All(found.Skip(1), layer => Assert.InRange(layer.Relative, 1e-4, 0.1));
    }

    [Fact]
    public void Models_of_two_shapes_have_no_difference()
    {
        var error = Assert.Throws<InputException>(() => Verification.Compare(Folder(Tiny), OnCpu, Fixture.Nano, OnCpu, [5]));
        Assert.Contains("give two models of one shape", error.Message);
    }
}
