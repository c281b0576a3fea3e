using System.Text.Json;

namespace Cognito.Eval.Torch.Architectures;

/// <summary>"layer_types": which layers see a window of positions, and which all before them.</summary>
internal static class LayerTypes
{
    public const string Sliding = "sliding_attention", Full = "full_attention";
    private const string Key = "layer_types";

    /// <summary>The keys of the classes whose windows use_sliding_window switches on.</summary>
    public static readonly string[] SwitchedKeys = ["use_sliding_window", "sliding_window", "max_window_layers", Key];

    /// <summary>Each layer's window where use_sliding_window switches them on; null where it sees all.</summary>
    /// <param name="slides">From a layer and max_window_layers; as a rule the layers from there on.</param>
    public static IReadOnlyList<int?> SwitchedWindows(ConfigFile file, Defaults absent, Func<int, int, bool>? slides = null)
    {
        var window = file.Bool("use_sliding_window") ? file.IntOrNull("sliding_window", 1, int.MaxValue, absent: 4096) : null;
        var first = file.Int("max_window_layers", 0, int.MaxValue, 28);
        return Windows(file, absent, window, layer => window is not null && (slides?.Invoke(layer, first) ?? layer >= first));
    }

    /// <summary>Each layer's window; null where it sees all.</summary>
    /// <param name="window">Of the layers that have one; null where the config asks for none.</param>
    /// <param name="slides">Which have one where the key is missing.</param>
    /// <exception cref="Files.InputException">
    /// The key names other types, or not one a layer; or a layer has a window, and there is none.
    /// </exception>
    public static IReadOnlyList<int?> Windows(ConfigFile file, Defaults absent, int? window, Func<int, bool> slides)
    {
        var layers = UsualDecoder.Layers(file, absent);
        if (file.Value(Key) is not { } value)
            return window is null && Enumerable.Range(0, layers).Any(slides)
                ? throw file.Bad("sliding_window", "is null, and some layers have a window", "say how long it is")
                : [.. Enumerable.Range(0, layers).Select(layer => slides(layer) ? window : null)];
        if (value.ValueKind != JsonValueKind.Array)
            throw file.Bad(Key, $"is {ConfigFile.Shown(value)}, not a list");
        bool[] types = [.. value.EnumerateArray().Select(type => IsSliding(file, type))];
        if (types.Length != layers)
            throw file.Bad(Key, $"names {types.Length} layers, and num_hidden_layers is {layers}");
        if (window is null && types.Contains(true))
            throw file.Bad(Key, $"holds \"{Sliding}\", and no sliding_window is in use");
        return [.. types.Select(slides => slides ? window : null)];
    }

    private static bool IsSliding(ConfigFile file, JsonElement type) =>
        (type.ValueKind == JsonValueKind.String ? type.GetString() : null) switch
        {
            Sliding => true,
            Full => false,
            _ => throw file.Bad(Key, $"holds {ConfigFile.Shown(type)}; this version knows {Full}, {Sliding}", null),
        };
}
