using Cognito.Eval.Planning;
using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Attention;
using Cognito.Eval.Torch.Native;
using Cognito.Eval.Torch.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Layers;

/// <summary>
/// The decoder that a <see cref="DecoderSpec"/> asks for, with the numerics of transformers' own: norms and rotary angles in
/// float32 and then cast, the router's softmax in float32, attention by scaled_dot_product_attention.
/// </summary>
/// <remarks>
/// It is one stage on one device, or several, each with some of the layers on a device of its own (<see cref="Pipeline"/>).
/// Letters: N tokens, D hidden size, V vocabulary, R chosen rows.
/// </remarks>
public sealed class Decoder : IDisposable
{
    private readonly List<DecoderStage> _stages = [];
    private readonly Pipeline? _pipeline;
    private long _tokens;

    /// <param name="atOnce">Batches at a time in each of several stages.</param>
    /// <param name="open">What a device's weights come from.</param>
    private Decoder(
        ModelConfig config, IReadOnlyList<StagePlace> places, ScalarType dtype, int atOnce, Func<Device, WeightSource> open)
    {
        if (places.Sum(place => place.Layers) != config.Layers)
            throw new ArgumentException($"{places.Sum(place => place.Layers)} of {config.Layers} layers have a place.", nameof(places));
        (Config, Dtype) = (config, dtype);
        var sources = new List<WeightSource>();
        try
        {
            using var mode = inference_mode();
            var first = 0;
            foreach (var (device, layers) in places)
            {
                sources.Add(open(device));
                _stages.Add(new(config, first..(first + layers), device, dtype, sources[^1]));
                first += layers;
            }
            // All are under way by now, each to its own device.
            sources.ForEach(source => source.Finish());
            _stages.ForEach(stage => stage.Arrange());
            _pipeline = _stages.Count == 1 ? null : new(_stages, atOnce);
        }
        catch
        {
            sources.ForEach(source => source.Dispose());
            Dispose();
            throw;
        }
        sources.ForEach(source => source.Dispose());
    }

    /// <summary>Reads a checkpoint's folder. libtorch must be loaded (<see cref="NativeTorch.Load"/>).</summary>
    public static Decoder Load(string folder, Device device, ScalarType dtype) =>
        Load(folder, device, dtype, device.type == DeviceType.CUDA ? Staging.ForCuda : null);

    /// <param name="staging">What weights pass through; null copies them from mapped files.</param>
    internal static Decoder Load(string folder, Device device, ScalarType dtype, Staging? staging) =>
        Load(folder, config => [new(device, config.Layers)], dtype, 1, staging);

    /// <summary>The same over several devices: each gets its own layers' weights and no others.</summary>
    /// <param name="atOnce">Batches at a time in each stage.</param>
    internal static Decoder Load(string folder, IReadOnlyList<StagePlace> places, ScalarType dtype, int atOnce) =>
        Load(folder, _ => places, dtype, atOnce, places[0].Device.type == DeviceType.CUDA ? Staging.ForCuda : null);

    private static Decoder Load(
        string folder, Func<ModelConfig, IReadOnlyList<StagePlace>> places, ScalarType dtype, int atOnce, Staging? staging)
    {
        var config = ModelConfig.Read(folder);
        using var files = WeightFiles.Open(folder);
        var found = new TensorPlaces(files, config);
        return new(config, places(config), dtype, atOnce,
            device => staging is null ? new MappedWeights(found) : new StagedWeights(found, device, staging));
    }

    /// <summary>Of this shape with random weights, made on the device: for measuring without files.</summary>
    public static Decoder Random(ModelConfig config, Device device, ScalarType dtype, long seed) =>
        Random(config, [new(device, config.Layers)], dtype, 1, seed);

    /// <summary>The same over several devices, each of which makes its own layers' weights.</summary>
    internal static Decoder Random(ModelConfig config, IReadOnlyList<StagePlace> places, ScalarType dtype, int atOnce, long seed) =>
        new(config, places, dtype, atOnce, _ => new RandomWeights(seed));

    public ModelConfig Config { get; }

    /// <summary>Where tokens come in; the first of several.</summary>
    public Device Device => _stages[0].Device;

    public ScalarType Dtype { get; }

    internal IReadOnlyList<DecoderStage> Stages => _stages;

    /// <summary>What several stages share; null where there is one.</summary>
    internal Pipeline? Pipeline => _pipeline;

    /// <summary>The stage that has a layer.</summary>
    internal DecoderStage StageOf(int layer) => _stages.Last(stage => stage.FirstLayer <= layer);

    /// <summary>How many tokens went through the layers so far.</summary>
    public long Tokens => Interlocked.Read(ref _tokens);

    /// <summary>Sees each layer's router logits, [tokens, experts], in the order of the layers.</summary>
    public Action<int, Tensor>? OnRouting { get; set; }

    /// <summary>Sees the tokens' hidden states after each layer, [N, D], and before the first as after layer -1.</summary>
    internal Action<int, Tensor>? OnHidden { get; set; }

    /// <summary>A shared prefix's keys and values in every layer, each on its layer's device, which the caller disposes.</summary>
    internal IReadOnlyList<LayerKeyValues> Layers(SharedPrefix sharedPrefix, CancellationToken cancel = default)
    {
        using var mode = inference_mode();
        var layers = new LayerKeyValues[Config.Layers];
        try
        {
            var batch = PackedBatch.Pack([new(null, sharedPrefix.Tokens, [])]);
            Hidden(batch, (_, _) => 0, cancel: cancel,
                keep: stage => (layer, keys, values) => layers[layer] = new(Kept(stage, keys), Kept(stage, values)));
            return layers;
        }
        catch
        {
            foreach (var (keys, values) in layers)
            {
                keys?.Dispose();
                values?.Dispose();
            }
            throw;
        }

        static Tensor Kept(DecoderStage stage, Tensor x) =>
            (stage.IsFlash ? x.clone() : BlockAttention.ByHead(x)).DetachFromDisposeScope();
    }

    /// <summary>The last layer's output at the batch's rows, [R, D], on the last stage's device.</summary>
    internal Tensor Hidden(PackedBatch batch)
    {
        using var hidden = Hidden(batch, (_, x) => x.DetachFromDisposeScope());
        return hidden.alias();
    }

    /// <summary>What is made of the last layer's output at the batch's rows, [R, D], where it is.</summary>
    /// <param name="finish">On the last stage; what it gives belongs to no dispose scope.</param>
    /// <param name="sharedPrefixes">The kept keys and values of the shared prefixes that the batch names, layer by layer.</param>
    /// <param name="keep">From a stage to what sees its layers' keys and values, [N, K, d].</param>
    /// <param name="routing">Takes each layer's router logits at the batch's rows, [R, E], which the caller disposes.</param>
    internal T Hidden<T>(
        PackedBatch batch, Func<DecoderStage, Tensor, T> finish, Func<SharedPrefix, IReadOnlyList<LayerKeyValues>>? sharedPrefixes = null,
        Func<DecoderStage, Action<int, Tensor, Tensor>>? keep = null, List<Tensor>? routing = null, CancellationToken cancel = default) =>
        Through(stage =>
        {
            var (attention, kept) = (stage.Attention(batch), keep?.Invoke(stage));
            Tensor Here(long[] numbers) => DecoderAttention.OnDevice(numbers, stage.Device);
            var rows = Here([.. batch.Rows]);
            var isLong = batch.IsLong(Config.LongFrom) is { } flags ? Here(flags) : null;
            return new(
                stage.IsFirst ? Here(batch.Ids) : null, new(Here(batch.Positions), isLong, batch.LongestPath),
                (layer, queries, keys, values) =>
                {
                    kept?.Invoke(layer, keys, values);
                    // After the last attention only the rows asked for matter.
                    return attention.Over(Config.Spec.Layers[layer].Attention,
                        queries, keys, values, o => sharedPrefixes!(o)[layer], layer == Config.Layers - 1 ? rows : null);
                }, rows);
        }, finish, routing, cancel);

    /// <summary>Tokens through all stages.</summary>
    /// <param name="pass">What they bring along on a stage's device.</param>
    /// <param name="finish">From the last layer's output to what it is wanted for, which belongs to no dispose scope.</param>
    internal T Through<T>(
        Func<DecoderStage, StagePass> pass, Func<DecoderStage, Tensor, T> finish, List<Tensor>? routing = null,
        CancellationToken cancel = default)
    {
        if (_pipeline is not null)
            return _pipeline.Through((stage, input) => On(stage, input, pass(stage), routing, cancel), finish, routing, cancel);
        using var scope = NewDisposeScope();
        return finish(_stages[0], On(_stages[0], null, pass(_stages[0]), routing, cancel));
    }

    private Tensor On(DecoderStage stage, Tensor? input, StagePass pass, List<Tensor>? routing, CancellationToken cancel)
    {
        Interlocked.Add(ref _tokens, pass.Ids?.shape[0] ?? 0);
        return stage.Run(input, pass, OnHidden, layer => Routing(layer, pass.Rows, routing), cancel);
    }

    /// <summary>The vocabulary's logits of hidden states: [R, D] to [R, V], in the model's type.</summary>
    internal Tensor Project(Tensor hidden) => _stages[^1].Project(hidden);

    /// <summary>The logits after each of a sequence's tokens: [N, V], in the model's type.</summary>
    public Tensor Logits(ReadOnlySpan<int> ids)
    {
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        // Every token of the sequence counts as the predictor of some target.
        var batch = PackedBatch.Pack([new(null, ids.ToArray(), [new([], new int[ids.Length])])]);
        return Project(Hidden(batch)).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _stages.ForEach(stage => stage.Dispose());
        _pipeline?.Dispose();
    }

    /// <summary>Who sees a layer's router logits; null if nobody does. The last layer's are of the rows alone.</summary>
    private Action<Tensor>? Routing(int layer, Tensor? rows, List<Tensor>? routing) => OnRouting is null && routing is null ? null : logits =>
    {
        OnRouting?.Invoke(layer, logits);
        routing?.Add((layer == Config.Layers - 1 ? logits.clone() : logits.index_select(0, rows!)).DetachFromDisposeScope());
    };
}

/// <summary>Where tokens stand in their sequences.</summary>
/// <param name="Of">[N]</param>
/// <param name="IsLong">[N], 1 where the sequence is long (<see cref="RopeConfig.LongFrom"/>), else 0; null where length has no say.</param>
/// <param name="Longest">One more than the largest position.</param>
internal readonly record struct TokenPositions(Tensor Of, Tensor? IsLong, int Longest);
