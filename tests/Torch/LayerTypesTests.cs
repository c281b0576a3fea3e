using System.Text;
using Cognito.Eval.Files;
using Cognito.Eval.Torch.Architectures;

namespace Cognito.Eval.Tests;

public sealed class LayerTypesTests
{
    private static IReadOnlyList<int?> Windows(string types, int? window) => LayerTypes.Windows(
        ConfigFile.Parse("config.json", Encoding.UTF8.GetBytes($$"""{"num_hidden_layers": 3, "layer_types": {{types}}}""")),
        new Llama().Absent, window, layer => layer == 2);

    [Fact]
    public void The_list_says_which_layers_have_a_window_and_else_the_architectures_own_rule()
    {
        Assert.Equal([7, null, 7], Windows("""["sliding_attention", "full_attention", "sliding_attention"]""", 7));
        Assert.Equal([null, null, 7], Windows("null", 7));
        Assert.Equal([null, null, null], Windows("""["full_attention", "full_attention", "full_attention"]""", null));
    }

    [Fact]
    public void A_window_that_layers_have_by_the_architectures_rule_is_there() => Assert.StartsWith(
        "config.json: \"sliding_window\" is null, and some layers have a window",
        Assert.Throws<InputException>(() => Windows("null", null)).Message);

    [Theory]
    [InlineData("\"full_attention\"", "is \"full_attention\", not a list")]
    [InlineData("""["full_attention", 1, "full_attention"]""", "holds 1; this version knows full_attention, sliding_attention")]
    [InlineData("""["chunked_attention"]""", "holds \"chunked_attention\"; this version knows full_attention, sliding_attention")]
    [InlineData("""["full_attention"]""", "names 1 layers, and num_hidden_layers is 3")]
    [InlineData("""["full_attention", "full_attention", "sliding_attention"]""", "holds \"sliding_attention\", and no sliding_window is in use")]
    public void A_list_that_cannot_be_is_refused_by_its_key(string types, string fact) => Assert.StartsWith(
        $"config.json: \"layer_types\" {fact}", Assert.Throws<InputException>(() => Windows(types, null)).Message);
}
