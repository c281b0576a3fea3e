using Cognito.Eval.Files;
using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Goldens;
using Cognito.Eval.Torch.Layers;
using Cognito.Eval.Torch.Native;
using Cognito.Eval.Torch.Weights;

namespace Cognito.Eval.Torch;

/// <summary>Whether the numbers that are computed here are a checkpoint's own, and where two models part.</summary>
internal static class Verification
{
    /// <summary>Compares a checkpoint's logits with those in a file that another program made (<see cref="GoldenFile"/>).</summary>
    /// <param name="folder">The checkpoint's; it needs no tokenizer.</param>
    /// <param name="tolerance">The largest relative difference that passes; null takes the type's own.</param>
    /// <param name="options">Device, type, threads and libtorch count.</param>
    /// <exception cref="InputException">File, checkpoint or options are not sound, or do not go together.</exception>
    public static VerificationReport Run(
        string folder, string golden, LocalModelOptions options, double? tolerance = null, CancellationToken cancel = default)
    {
        var config = ModelConfig.Read(folder);
        using var file = GoldenFile.Open(golden, config);
        var placement = Place(config, options);
        using var decoder = Load(folder, placement, options);
        return new(placement, GoldenCheck.Run(decoder, file, tolerance, cancel), [.. file.Notes, .. NotesOf(folder, config)]);
    }

    /// <summary>What two models make of one text, layer by layer; one is in memory at a time.</summary>
    /// <exception cref="InputException">A model's files are not sound, or the two have nothing to compare.</exception>
    public static IReadOnlyList<LayerDifference> Compare(
        string folder, LocalModelOptions options, string other, LocalModelOptions otherOptions, int[] ids)
    {
        var (config, against) = (ModelConfig.Read(folder), ModelConfig.Read(other));
        if (Shape(config) != Shape(against))
            throw new InputException($"{other}: it has {Shape(against)}, and {folder} has {Shape(config)}; give two models of one shape");
        if (Array.FindIndex(ids, id => id >= config.VocabularySize) is >= 0 and var place)
            throw new InputException($"{folder}: its tokenizer makes token {ids[place]} of the text, and its vocab_size is {config.VocabularySize}; "
                + "use the tokenizer of this checkpoint");
        using var one = Outputs(folder, config, options, ids);
        using var two = Outputs(other, against, otherOptions, ids);
        return one.Against(two);
    }

    private static string Shape(ModelConfig config) =>
        $"{config.Layers} layers, hidden size {config.HiddenSize} and vocabulary {config.VocabularySize}";

    private static LayerOutputs Outputs(string folder, ModelConfig config, LocalModelOptions options, int[] ids)
    {
        using var decoder = Load(folder, Place(config, options), options);
        return LayerOutputs.Of(decoder, ids);
    }

    private static Placement Place(ModelConfig config, LocalModelOptions options)
    {
        if (options.Device is { } devices && devices.Contains(',', StringComparison.Ordinal))
            throw new InputException($"--device {devices}: one model computes here; name one device");
        return Placement.Choose(config, options.LibTorch, options.Device, options.Dtype, options.Threads, options.BatchTokens,
            exact: true, options.Logger);
    }

    private static Decoder Load(string folder, Placement placement, LocalModelOptions options)
    {
        // One sequence at a time: all threads work on it.
        NativeTorch.Threads(placement.IsCpu ? options.Threads : 1);
        return Decoder.Load(folder, placement.Device, placement.Dtype);
    }

    private static IEnumerable<string> NotesOf(string folder, ModelConfig config)
    {
        using var weights = WeightFiles.Open(folder);
        return [.. config.Notes, .. UnusedTensors.Find(config, weights).Notes];
    }
}

/// <summary>What a verification found, and where it was computed.</summary>
/// <param name="Notes">What of the file or the checkpoint was not looked at, a sentence each.</param>
internal sealed record VerificationReport(Placement Placement, GoldenReport Found, IReadOnlyList<string> Notes);
