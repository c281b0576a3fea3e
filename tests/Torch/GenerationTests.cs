using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Cognito.Eval.Planning;
using Cognito.Eval.Torch;
using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Generation;
using static TorchSharp.torch;

namespace Cognito.Eval.Tests;

/// <summary>Greedy decoding under the settings of generation_config.json, and of logits that are no numbers.</summary>
[Collection("torch")]
public sealed class GenerationTests : IDisposable
{
    private const float Never = float.NegativeInfinity;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("generation-");

    public void Dispose() => _folder.Delete(recursive: true);

    public static TheoryData<string, string> Cases => GenerationGoldens.Cases;

    [Theory]
    [MemberData(nameof(Cases))]
    public void Tokens_are_those_of_transformers_under_each_setting(string checkpoint, string name) =>
        GenerationGoldens.Check(checkpoint, name, CPU);

    /// <summary>Logits [1, V] after the settings; the row's tokens are a prompt and what was generated.</summary>
    private static float[] Processed(GenerationConfig config, float[] logits, int[] prompt, int[] generated, int maxNewTokens = 9) =>
        Processed(config, [logits], [new(prompt, maxNewTokens)], [generated])[0];

    private static float[][] Processed(GenerationConfig config, float[][] logits, Prompt[] prompts, int[][] generated)
    {
        using var scope = NewDisposeScope();
        using var rows = new TokenHistory(prompts, prompts, CPU);
        for (var at = 0; at < generated[0].Length; at++)
            rows.Add(tensor(generated.Select(row => (long)row[at]).ToArray()));
        var vocabulary = logits[0].Length;
        var processors = LogitsProcessors.Of(config, vocabulary, CPU);
        var made = processors.Aggregate(tensor(logits.SelectMany(row => row).ToArray()).view(-1, vocabulary), (scores, one) => one.Apply(scores, rows));
        foreach (var one in processors)
            one.Dispose();
        return [.. MemoryMarshal.Cast<byte, float>(made.contiguous().bytes).ToArray().Chunk(vocabulary)];
    }

    [Fact]
    public void Without_settings_nothing_is_done_to_logits() => Assert.Empty(LogitsProcessors.Of(new() { EndIds = [1] }, 4, CPU));

    [Fact]
    public void A_repetition_penalty_divides_what_is_positive_multiplies_what_is_negative_and_does_so_once()
    {
        var config = new GenerationConfig { RepetitionPenalty = 2 };
        Assert.Equal([2, -2, 3, -1], Processed(config, [4, -1, 3, -1], [0, 0, 1], [0]));
        Assert.Equal([2, -2, 1.5f, -1], Processed(config, [4, -1, 3, -1], [0, 0, 1], [2]));
    }

    [Fact]
    public void An_encoders_penalty_favours_the_prompts_tokens_and_no_later_ones() => Assert.Equal(
        [8, -0.5f, 3, -1], Processed(new() { EncoderRepetitionPenalty = 2 }, [4, -1, 3, -1], [0, 1], [2]));

    [Theory]
    [InlineData(1, new[] { 0, 1 }, new[] { 2 }, new[] { 0, 1, 2 })]
    [InlineData(2, new[] { 0, 1, 0, 3, 0 }, new int[0], new[] { 1, 3 })]
    [InlineData(2, new[] { 0, 1, 0 }, new[] { 1 }, new[] { 0 })]
    [InlineData(3, new[] { 0, 1, 2, 0 }, new[] { 1 }, new[] { 2 })]
    [InlineData(3, new[] { 0, 0, 0 }, new int[0], new[] { 0 })]
    [InlineData(9, new[] { 0, 1, 0 }, new[] { 1 }, new int[0])]
    public void No_n_tokens_come_twice(int size, int[] prompt, int[] generated, int[] banned) => Assert.Equal(
        Without(banned), Processed(new() { NoRepeatNgramSize = size }, [1, 1, 1, 1], prompt, generated));

    [Fact]
    public void No_n_tokens_of_the_prompt_come_again_but_those_of_the_answer_may() => Assert.Equal(
        Without([1]), Processed(new() { EncoderNoRepeatNgramSize = 2 }, [1, 1, 1, 1], [0, 1, 2], [0, 3, 0]));

    private static float[] Without(int[] banned) => [.. Enumerable.Range(0, 4).Select(t => banned.Contains(t) ? Never : 1)];

    [Fact]
    public void Bad_words_of_one_token_never_come_and_longer_ones_are_not_completed()
    {
        var config = new GenerationConfig { BadWords = [[3], [0, 1], [2, 0, 2], [1, 1, 1, 1, 1]] };
        Assert.Equal([1, Never, 1, Never], Processed(config, [1, 1, 1, 1], [3, 0], []));
        Assert.Equal([1, Never, Never, Never], Processed(config, [1, 1, 1, 1], [3, 2], [0]));
        // As many tokens as the word has must be there, though one fewer would do to complete it.
        Assert.Equal([1, 1, 1, Never], Processed(config, [1, 1, 1, 1], [1, 1], [1, 1]));
        Assert.Equal([1, Never, 1, Never], Processed(config, [1, 1, 1, 1], [1, 1, 1], [1, 1]));
    }

    [Fact]
    public void Biases_add_up_where_their_tokens_stand_before() => Assert.Equal(
        [1, 4.75f, 1, 0.5f], Processed(
            new() { SequenceBias = [new([1], 2.5), new([0, 1], 1.25), new([2, 1], 9), new([3], -0.5)] }, [1, 1, 1, 1], [2, 3], [0]));

    [Fact]
    public void Ends_are_kept_back_until_the_length_is_reached()
    {
        GenerationConfig least = new() { EndIds = [1, 3, 9], MinLength = 4 }, leastNew = new() { EndIds = [1, 3, 9], MinNewTokens = 2 };
        Assert.Equal(Without([1, 3]), Processed(least, [1, 1, 1, 1], [0, 0], [0]));
        Assert.Equal(Without([]), Processed(least, [1, 1, 1, 1], [0, 0], [0, 0]));
        Assert.Equal(Without([1, 3]), Processed(leastNew, [1, 1, 1, 1], [0, 0, 0, 0], [0]));
        Assert.Equal(Without([]), Processed(leastNew, [1, 1, 1, 1], [0, 0, 0, 0], [0, 0]));
    }

    [Fact]
    public void A_first_token_is_forced_after_a_prompt_of_one_and_a_last_one_where_there_is_room_for_one()
    {
        GenerationConfig first = new() { ForcedBos = [2] }, last = new() { ForcedEos = [3, 1] };
        Assert.Equal([Never, Never, 0, Never], Processed(first, [1, 1, 1, 1], [0], []));
        Assert.Equal([1, 1, 1, 1], Processed(first, [1, 1, 1, 1], [0], [0]));
        Assert.Equal([1, 1, 1, 1], Processed(first, [1, 1, 1, 1], [0, 0], []));
        Assert.Equal([1, 1, 1, 1], Processed(last, [1, 1, 1, 1], [0, 0], [0], maxNewTokens: 3));
        Assert.Equal([Never, 0, Never, 0], Processed(last, [1, 1, 1, 1], [0, 0], [0, 0], maxNewTokens: 3));
    }

    [Fact]
    public void What_is_no_number_is_made_one() => Assert.Equal(
        [0, float.MaxValue, float.MinValue, 1], Processed(new() { RemovesInvalidValues = true }, [float.NaN, float.PositiveInfinity, Never, 1], [0], []));

    [Fact]
    public void An_end_is_drawn_in_by_powers_of_the_factor()
    {
        var config = new GenerationConfig { EndIds = [1, 2], ExponentialDecay = new(1, 1.5) };
        Assert.Equal([1, 2, -2, 1], Processed(config, [1, 2, -2, 1], [0, 0], [0]));
        Assert.Equal([1, 3, -1, 1], Processed(config, [1, 2, -2, 1], [0, 0], [0, 0])); // |2| (1.5 − 1) more
        Assert.Equal([1, 4.5f, 0.5f, 1], Processed(config, [1, 2, -2, 1], [0, 0], [0, 0, 0])); // |2| (2.25 − 1) more
        // An end that may not come yet is an infinity less an infinity, which the arg max takes for the largest.
        var banned = Processed(config with { MinNewTokens = 9 }, [1, 2, -2, 1], [0, 0], [0, 0]);
        Assert.Equal((1, float.NaN, float.NaN, 1), (banned[0], banned[1], banned[2], banned[3]));
    }

    [Fact]
    public void Tokens_are_suppressed_always_or_at_the_beginning()
    {
        GenerationConfig always = new() { SuppressTokens = [0, 2] }, begin = new() { BeginSuppressTokens = [0, 2] };
        Assert.Equal(Without([0, 2]), Processed(always, [1, 1, 1, 1], [0], [1]));
        Assert.Equal(Without([0, 2]), Processed(begin, [1, 1, 1, 1], [0], []));
        Assert.Equal(Without([]), Processed(begin, [1, 1, 1, 1], [0], [1]));
        Assert.Equal(Without([0, 2]), Processed(begin with { ForcedBos = [3] }, [1, 1, 1, 1], [0], [3]));
    }

    [Fact]
    public void Renormalized_logits_are_log_probabilities()
    {
        var made = Processed(new() { RenormalizesLogits = true }, [0, 0, MathF.Log(2), Never], [0], []);
        foreach (var (expected, value) in new[] { 0.25, 0.25, 0.5, 0 }.Zip(made))
            Assert.Equal(expected, Math.Exp(value), 6);
    }

    [Fact]
    public void Each_row_has_its_own_tokens_lengths_and_padding()
    {
        var config = new GenerationConfig { EndIds = [3], RepetitionPenalty = 2, MinLength = 5 };
        Prompt[] prompts = [new([0], 9), new([1, 0, 0, 0], 9), new([1], 9) { Padding = [2, 2, 2] }];
        var made = Processed(config, [[4, 4, 4, 4], [4, 4, 4, 4], [4, 4, 4, 4]], prompts, [[1], [2], [0]]);
        Assert.Equal<float[]>([[2, 2, 4, Never], [2, 2, 2, 4], [2, 2, 2, 4]], made);
    }

    [Fact]
    public void Where_a_row_stops_being_numbers_is_told_and_what_came_after_its_end_is_not()
    {
        const string checkpoint = "tiny-mixtral-2x";
        int[][] prompts = [[11, 12, 13, 14], [21, 22, 23], [31, 32]];
        GenerationGoldens.Write(_folder.FullName, checkpoint, "generation_config.json", []);
        int[] plain;
        using (var sound = TorchModel.Load(_folder.FullName, CPU, ScalarType.Float32))
        {
            var rows = sound.Generate([new([.. prompts.Select(p => new Prompt(p, 8))])]).Single();
            Assert.All(rows, row => Assert.Null(row.NotFiniteAt));
            plain = rows[0].Tokens;
        }
        var bad = plain[2];
        Assert.DoesNotContain(bad, plain[..2].Concat(prompts.SelectMany(p => p)));
        Nan(bad);
        using var model = TorchModel.Load(_folder.FullName, CPU, ScalarType.Float32);
        var answers = model.Generate([TokenModels.Batch([.. prompts.Select(p => new Prompt(p, 8))], (p, tokens) => p == 0 && tokens.Count == 5)]).Single();
        Assert.Equal(3, answers[0].NotFiniteAt);
        Assert.Equal([.. plain[..3], 0, 0], answers[0].Tokens); // of nothing but NaN the first is the largest
        Assert.Null(model.Generate([TokenModels.Batch([new(prompts[0], 8)], (_, tokens) => tokens.Count == 3)]).Single().Single().NotFiniteAt);
        Assert.Equal(0, model.Generate([new([new([bad], 1)])]).Single().Single().NotFiniteAt);
        foreach (var row in answers.Skip(1))
            Assert.Equal(Array.IndexOf(row.Tokens, bad) is >= 0 and var at && at < 7 ? at + 1 : null, row.NotFiniteAt);
    }

    /// <summary>Makes a NaN of a token's embedding.</summary>
    private void Nan(int token)
    {
        foreach (var path in Directory.EnumerateFiles(_folder.FullName, "*.safetensors"))
        {
            var bytes = File.ReadAllBytes(path);
            var length = (int)BitConverter.ToUInt64(bytes);
            if (JsonNode.Parse(bytes.AsSpan(8, length))!["model.embed_tokens.weight"] is not { } tensor)
                continue;
            var width = tensor["shape"]![1]!.GetValue<int>();
            var at = 8 + length + tensor["data_offsets"]![0]!.GetValue<int>() + token * width * 2;
            MemoryMarshal.Cast<byte, ushort>(bytes.AsSpan(at, width * 2)).Fill(0x7FC0);
            File.WriteAllBytes(path, bytes);
        }
    }
}
