using System.Text.Json.Nodes;

namespace Cognito.Eval.Tests;

/// <summary><c>verify</c> and <c>debug logits</c> as a user runs them.</summary>
public sealed class VerifyCommandTests : IDisposable
{
    private const string Tiny = "tiny-mixtral-2x";
    private readonly CommandLine line = new();

    public void Dispose() => line.Dispose();

    private static string Golden(string tiny) => Fixture.Path("checkpoints", tiny, "golden.safetensors");

    private CommandLine.Outcome Verify(string folder, string golden, params string[] more) =>
        line.Run(["verify", "--model", folder, "--golden", golden, "--device", "cpu", .. more]);

    [Fact]
    public void A_checkpoint_that_is_its_golden_exits_with_0()
    {
        var outcome = Verify(Fixture.Path("checkpoints", Tiny), Golden(Tiny));
        Assert.True(outcome.Code == 0, outcome.Error);
        Assert.Equal("", outcome.Error);
        Assert.Contains("| router_logits.33.layer1 ", outcome.Out);
        Assert.Contains("generate: all 40 tokens are equal\n", outcome.Out);
        Assert.EndsWith($"{Tiny} in float32 on cpu is what {Golden(Tiny)} holds (tolerance 2e-5 of the largest)\n", outcome.Out);
    }

    [Fact]
    public void A_changed_golden_exits_with_1_and_says_where()
    {
        using var golden = new ChangedGolden(Tiny);
        golden.Change<float>("logits.33", 7, x => x + 0.1f);
        golden.Change<long>("generate.output", 2, id => id == 3 ? 4 : 3);
        var path = golden.Write();
        var outcome = Verify(Fixture.Path("checkpoints", Tiny), path);
        Assert.Equal(1, outcome.Code);
        Assert.Contains("NO", outcome.Out.Split('\n').Single(row => row.StartsWith("| logits.33 ", StringComparison.Ordinal)));
        Assert.Contains("generate: token 2 of 40, counted from 0, is ", outcome.Out);
        Assert.Contains($"is not what {path} holds", outcome.Out);

        var json = Verify(Fixture.Path("checkpoints", Tiny), path, "--json");
        Assert.Equal(1, json.Code);
        var found = JsonNode.Parse(json.Out)!;
        Assert.False((bool)found["passes"]!);
        Assert.Equal([("1", true), ("7", true), ("33", false), ("130", true)],
            found["logits"]!.AsArray().Select(one => ((string)one!["label"]!, (bool)one["difference"]!["passes"]!)));
        Assert.Equal(2, (int)found["generation"]!["differs_at"]!);
        Assert.Equal(2e-5, (double)found["tolerance"]!);

        Assert.Equal(1, Verify(Fixture.Path("checkpoints", Tiny), path, "--tolerance", "0.5").Code);
        golden.Tensors.Remove("generate.prompt");
        golden.Tensors.Remove("generate.output");
        Assert.Equal(0, Verify(Fixture.Path("checkpoints", Tiny), golden.Write(), "--tolerance", "0.5").Code);
    }

    [Fact]
    public void In_sixteen_bits_other_tokens_are_told_and_decide_nothing()
    {
        using var golden = new ChangedGolden(Tiny);
        golden.Change<long>("generate.output", 0, id => id == 3 ? 4 : 3);
        golden.Tensors["more"] = golden.Tensors["logits.1"];
        var outcome = Verify(Fixture.Path("checkpoints", Tiny), golden.Write(), "--dtype", "float16");
        Assert.True(outcome.Code == 0, outcome.Out + outcome.Error);
        Assert.Contains("in 16 bits rounding may choose another, so that decides nothing", outcome.Out);
        Assert.Contains("note: ", outcome.Error);
        Assert.Contains("\"more\" is none that verify knows", outcome.Error);
    }

    [Fact]
    public void A_model_without_numbers_has_none_in_json()
    {
        using var checkpoint = new ChangedCheckpoint("tiny-llama");
        (checkpoint.Tensors["model.norm.weight"].Bytes[0], checkpoint.Tensors["model.norm.weight"].Bytes[1]) = (0x01, 0x7e);
        var outcome = Verify(checkpoint.Write(), Golden("tiny-llama"), "--json");
        Assert.Equal(1, outcome.Code);
        var found = JsonNode.Parse(outcome.Out)!;
        Assert.All(found["logits"]!.AsArray(), one => Assert.Null(one!["difference"]!["relative"]));
        Assert.Equal(0, (int)found["generation"]!["not_finite_at"]!);
    }

    [Theory]
    [InlineData("no-such-file.safetensors", "no such file; --golden names a safetensors file")]
    [InlineData("not-one.safetensors", "its header")]
    public void A_file_that_cannot_be_read_exits_with_2_in_one_line(string name, string fact)
    {
        line.Write("not-one.safetensors", "this is no safetensors file at all");
        var outcome = Verify(Fixture.Path("checkpoints", Tiny), line.At(name));
        Assert.Equal((2, ""), (outcome.Code, outcome.Out));
        Assert.StartsWith($"cognito-eval: {line.At(name)}: ", outcome.Error);
        Assert.Contains(fact, outcome.Error);
        Assert.Single(outcome.Error.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public void A_golden_of_another_model_exits_with_2_in_one_line()
    {
        var outcome = Verify(Fixture.Nano, Golden(Tiny));
        Assert.Equal((2, ""), (outcome.Code, outcome.Out));
        Assert.Contains("vocab_size it is [2, 1, 4096]", outcome.Error);
        Assert.Single(outcome.Error.TrimEnd('\n').Split('\n'));
    }

    [Theory]
    [InlineData("--tolerance", "-1", "--tolerance")]
    [InlineData("--tolerance", "NaN", "--tolerance not finite")]
    [InlineData("--device", "cpu,cpu", "name one device")]
    public void Options_that_make_no_sense_exit_with_2(string option, string value, string message)
    {
        var outcome = line.Run("verify", "--model", Fixture.Path("checkpoints", Tiny), "--golden", Golden(Tiny), option, value);
        Assert.Equal(2, outcome.Code);
        Assert.Contains(message, outcome.Error);
    }

    [Fact]
    public void Debug_logits_tells_where_two_types_part_and_is_not_in_help()
    {
        var outcome = line.Run("debug", "logits", "--against", Fixture.Nano, "--against-dtype", "bfloat16", "--device", "cpu", "--text", "Once upon a time");
        Assert.True(outcome.Code == 0, outcome.Error);
        string[][] rows = [.. outcome.Out.TrimEnd('\n').Split('\n').Skip(2).Select(row => row.Trim('|').Split('|', StringSplitOptions.TrimEntries))];
        Assert.Equal(["embedding", "layer 0", "layer 1", "layer 2", "layer 3", "layer 4", "layer 5", "logits"], rows.Select(row => row[0]));
        Assert.Equal("0.00e0", rows[0][1]);
        Assert.All(rows.Skip(1), row => Assert.InRange(double.Parse(row[1]), 1e-4, 0.2));
        var help = line.Run("--help").Out;
        Assert.Contains("verify", help);
        Assert.DoesNotContain("debug", help);
    }

    [Fact]
    public void Debug_logits_of_a_model_and_itself_are_zeros()
    {
        var outcome = line.Run("debug", "logits", "--against", Fixture.Nano, "--device", "cpu");
        Assert.Equal(8, outcome.Out.Split('\n').Count(row => row.EndsWith("0.00e0 |", StringComparison.Ordinal)));
    }
}
