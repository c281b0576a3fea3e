using System.Text;
using Cognito.Eval.Files;
using Cognito.Eval.Torch.Architectures;

namespace Cognito.Eval.Tests;

public sealed class RopeConfigTests
{
    private static (RopeConfig Rope, IReadOnlyList<string> Notes) Read(string json, Architecture? page = null) =>
        RopeConfig.Read(ConfigFile.Parse("config.json", Encoding.UTF8.GetBytes(json)), (page ?? new Llama()).Absent, 64);

    [Fact]
    public void A_factor_of_null_is_the_ratio_of_the_lengths()
    {
        const string Yarn = """
            {"max_position_embeddings": 4096, "rope_parameters": {"rope_type": "yarn", "factor": FACTOR,
            "original_max_position_embeddings": 512, "rope_theta": 10000.0}}
            """;
        Assert.Equal(8, Read(Yarn.Replace("FACTOR", "null")).Rope.Factor);
        Assert.Equal(Read(Yarn.Replace("FACTOR", "8")).Rope, Read(Yarn.Replace("FACTOR", "null")).Rope);
    }

    [Theory]
    [InlineData("\"beta_fast\": -1")]
    [InlineData("\"mscale\": 1, \"mscale_all_dim\": -10")]
    public void What_would_make_numbers_that_are_none_is_refused(string said)
    {
        const string Yarn = """{"rope_scaling": {"type": "yarn", "factor": 2.718281828, SAID}}""";
        Assert.Contains(", not a number from 0", Assert.Throws<InputException>(() => Read(Yarn.Replace("SAID", said))).Message);
    }

    [Theory]
    [InlineData("""{"rope_theta": 10000, "rope_parameters": {"rope_theta": 500000}}""", "rope_theta")]
    [InlineData("""{"rotary_emb_base": 10000, "rope_parameters": {"rope_theta": 500000}}""", "rotary_emb_base")]
    [InlineData("""
        {"original_max_position_embeddings": 512,
        "rope_scaling": {"type": "yarn", "factor": 4, "original_max_position_embeddings": 1024}}
        """, "original_max_position_embeddings")]
    public void What_is_told_twice_and_read_once_is_named(string json, string key)
    {
        var page = key == "rotary_emb_base" ? (Architecture)new GptNeoX() : new Llama();
        Assert.StartsWith($"config.json: \"{key}\" is ", Read(json, page).Notes.Single());
        Assert.Empty(Read(json.Replace("10000", "500000").Replace("1024", "512"), page).Notes);
    }
}
