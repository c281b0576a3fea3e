using System.Text.Json;
using Cognito.Eval.Files;
using Cognito.Eval.Torch.Architectures;

namespace Cognito.Eval.Tests;

/// <summary>
/// config.jsons of known models: those of the families that are known are read, the others refused by name. The file holds
/// each model's keys in its own spelling, and what transformers' classes make of them.
/// </summary>
public sealed class RealConfigsTests : IDisposable
{
    private sealed record Model(string Name, JsonElement Config, JsonElement Expect);

    private static readonly Dictionary<string, Model> Models = JsonSerializer.Deserialize<Model[]>(
        File.ReadAllText(Fixture.Path("real-configs.json")), JsonSerializerOptions.Web)!.ToDictionary(model => model.Name);

    public static TheoryData<string> Known => [.. Models.Values.Where(IsKnown).Select(model => model.Name)];
    public static TheoryData<string> Others => [.. Models.Values.Where(model => !IsKnown(model)).Select(model => model.Name)];

    private static bool IsKnown(Model model) => model.Expect.TryGetProperty("architecture", out _);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private ModelConfig Read(string name)
    {
        _folder.Write("config.json", Models[name].Config.GetRawText());
        return ModelConfig.Read(_folder.Path);
    }

    [Theory, MemberData(nameof(Known))]
    public void A_model_of_a_known_family_is_read(string name)
    {
        var config = Read(name);
        Assert.Equal(Expected(Models[name].Expect, config.Layers), Found(config));
    }

    [Theory, MemberData(nameof(Others))]
    public void Any_other_is_refused_by_name_with_the_nearest(string name)
    {
        var (expect, message) = (Models[name].Expect, Assert.Throws<InputException>(() => Read(name)).Message);
        Assert.StartsWith(Path.Combine(_folder.Path, "config.json")
            + $": \"architectures\" begins with {expect.GetProperty("refused")}, which this version does not know" + (expect.GetProperty("nearest").GetString() is { } nearest
                ? $"; the nearest that it knows is {nearest}, of " : ", nor any like it; it knows "), message);
        Assert.All(Architecture.Known, known => Assert.Contains(known.Name, message));
        Assert.Single(message.Split('\n'));
    }

    /// <summary>One line a fact, so that a failure shows which differ.</summary>
    private static string Found(ModelConfig config) => $"""
        architecture {config.Architecture}
        layers {config.Layers}, hidden {config.HiddenSize}, tied {config.Spec.TiesEmbeddings}, length {config.MaxLength}
        heads {config.Heads}, key-value heads {config.KeyValueHeads}, head size {config.HeadDim}
        experts {config.Experts}, a token's {config.ExpertsPerToken}
        windows {Each(config, attention => attention.Window is { } window && window < config.MaxLength ? $"{window}" : "-")}
        positions {Each(config, attention => $"{attention.Rope.Kind}:{attention.Rope.Theta}")}
        notes {string.Join(' ', config.Notes.Select(note => note.Split('"')[1]))}
        """;

    private static string Each(ModelConfig config, Func<AttentionSpec, string> fact) =>
        string.Join(' ', config.Spec.Layers.Select(layer => fact(layer.Attention)));

    /// <param name="layers">Lists of windows and positions go round over the layers.</param>
    private static string Expected(JsonElement expect, int layers)
    {
        JsonElement Of(string key) => expect.GetProperty(key);
        string Round(Func<int, string> one) => string.Join(' ', Enumerable.Range(0, layers).Select(one));
        JsonElement At(string key, int layer) => Of(key)[layer % Of(key).GetArrayLength()];
        return $"""
            architecture {Of("architecture")}
            layers {Of("layers")}, hidden {Of("hidden")}, tied {Of("tied")}, length {Of("maxLength")}
            heads {Of("heads")}, key-value heads {Of("keyValueHeads")}, head size {Of("headDim")}
            experts {Of("experts")}, a token's {Of("expertsPerToken")}
            windows {Round(layer => At("windows", layer) is { ValueKind: JsonValueKind.Number } window ? $"{window}" : "-")}
            positions {Round(layer => $"{At("rope", layer)}:{At("theta", layer).GetDouble()}")}
            notes {string.Join(' ', Of("notes").EnumerateArray())}
            """;
    }
}
