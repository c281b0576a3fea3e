using Cognito.Eval.Files;
using Cognito.Eval.Planning;
using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Generation;
using Cognito.Eval.Torch.Layers;
using Cognito.Eval.Torch.Native;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using TorchSharp;

namespace Cognito.Eval.Torch;

/// <summary>Where a model computes, in which type, and how much of it goes through at once.</summary>
/// <param name="Devices">Of one kind; each holds a copy of the model, or a part of one.</param>
/// <param name="Workers">Batches at a time on each device, one thread each; 1 on a GPU.</param>
internal sealed record Placement(
    IReadOnlyList<torch.Device> Devices, torch.ScalarType Dtype, Budget Budget, int Workers)
{
    /// <summary>More tokens in a batch make no product faster; on the CPU fewer leave no worker without one at the end.</summary>
    private const int MostTokens = 16384, MostTokensOnCpu = 1024, LeastTokens = 512;

    /// <summary>
    /// Of a split model on cards: shorter batches fill the stages sooner and wait less for shared prefixes, and below this nothing
    /// more is won (decision 22 has the figures).
    /// </summary>
    private const int MostTokensOfTwoStages = 6144, MostTokensOfManyStages = 4096;

    /// <summary>The stages of each copy, where copies are split over devices; else null.</summary>
    public IReadOnlyList<IReadOnlyList<StagePlace>>? Copies { get; init; }

    /// <summary>Every copy's stages: where copies are not split one each.</summary>
    public IReadOnlyList<IReadOnlyList<StagePlace>> CopiesOf(int layers) =>
        Copies ?? [.. Devices.Select(device => (IReadOnlyList<StagePlace>)[new(device, layers)])];

    /// <summary>
    /// Runs of batches that a copy answers side by side. Of several split ones each has two: while one run's last batches leave its
    /// stages, the other's come in.
    /// </summary>
    public int RunsAtOnce => RunsOf(Copies?.Count ?? 0);

    /// <summary>How many batches generate side by side on all devices.</summary>
    public int Groups => Copies is null ? Workers * Devices.Count : Copies.Sum(copy => Pipeline.GroupsOf(copy.Count, Workers));

    private static int RunsOf(int splitCopies) => splitCopies > 1 ? 2 : 1;

    /// <summary>What was decided of a split, where one was asked for.</summary>
    public string? SplitNote { get; init; }

    /// <summary>The first.</summary>
    public torch.Device Device => Devices[0];

    /// <summary>The devices' names as --device takes them.</summary>
    public string DeviceNames => string.Join(',', Devices);

    public bool IsCpu => Device.type == DeviceType.CPU;

    /// <summary>What the devices are: cpu or cuda. Equal ones give equal numbers, whatever their number in the machine.</summary>
    public string Kind => IsCpu ? "cpu" : "cuda";

    /// <summary>The type's name as --dtype takes it.</summary>
    public string DtypeName => Dtype.ToString().ToLowerInvariant();

    /// <summary>
    /// Loads libtorch and chooses: CUDA and the checkpoint's own type where there is a card, else the CPU and float32; the
    /// token budget from the memory that is free now, before the weights, on the device that has least.
    /// </summary>
    /// <param name="devices">Names, with commas between them.</param>
    /// <param name="logger">Told what was chosen and why.</param>
    /// <param name="split">How devices share copies, as --split takes it; null: a copy on each.</param>
    public static Placement Choose(
        ModelConfig config, string? libtorch, string? devices, string? dtype, int threads, int? batchTokens, bool exact,
        ILogger? logger = null, string? split = null)
    {
        logger ??= NullLogger.Instance;
        NativeTorch.Load(libtorch);
        if (NativeTorch.Version is var version)
            logger.LogDebug("libtorch: {Version} in {Folder}", version.LibTorch ?? "unknown", version.Folder ?? "TorchSharp's own folder");
        // Batches side by side, one thread each, keep all cores at work, and their numbers do not depend on how many.
        NativeTorch.Threads(1);
        var on = Named(devices);
        var isCpu = on[0].type == DeviceType.CPU;
        var type = Enum.Parse<torch.ScalarType>(dtype ?? (isCpu ? "float32" : config.Dtype ?? "float32"), ignoreCase: true);
        var workers = isCpu ? Math.Max(1, threads / on.Count) : 1;
        logger.LogDebug("device: {Devices}, {Why}; {Workers} batches at a time on each", string.Join(',', on),
            devices is not null ? "as asked" : isCpu ? "as there is no CUDA device" : "as there is a CUDA device", workers);
        logger.LogDebug("type: {Dtype}, {Why}", type.ToString().ToLowerInvariant(), dtype is not null ? "as asked"
            : isCpu ? "as always on the CPU" : config.Dtype is not null ? "the checkpoint's own" : "as config.json names none");
        var bytes = type == torch.ScalarType.Float32 ? 4 : 2;
        var rooms = DeviceRoom.Of(on, DeviceMemory.Free);
        var chosen = split is null ? null : DeviceSplit.Choose(
            config, rooms, split, bytes, 2L * LeastTokens * MemoryEstimate.BytesPerToken(config, bytes));
        if (chosen is not null)
            logger.LogDebug("{Note}", chosen.Note);
        var parts = chosen?.Copies is { } copies ? Parts(config, copies, rooms, bytes, workers)
            : [.. rooms.Select(room => new DevicePart(room.Free, config.Parameters * bytes, config.Layers, workers))];
        var budget = exact ? Budget.Exact : Of(config, parts, bytes, isCpu, workers, chosen?.Copies?[0].Count ?? 1, batchTokens, logger);
        if (exact)
            logger.LogDebug("budget: one sequence at a time, as asked");
        return new(on, type, budget, workers) { Copies = chosen?.Copies, SplitNote = chosen?.Note };
    }

    /// <summary>What a device holds of a copy.</summary>
    /// <param name="InFlight">Batches that keep keys and values there at a time.</param>
    private sealed record DevicePart(long Free, long Weights, int Layers, int InFlight);

    private static List<DevicePart> Parts(
        ModelConfig config, IReadOnlyList<IReadOnlyList<StagePlace>> copies, IReadOnlyList<DeviceRoom> rooms, int bytes, int workers)
    {
        var costs = DecoderCosts.Of(config, bytes);
        return [.. copies.SelectMany(copy => copy.Select((stage, s) => (
                stage.Layers, costs.Of([.. copy.Select(place => place.Layers)], s).Bytes,
                InFlight: RunsOf(copies.Count) * Pipeline.GroupsOf(copy.Count, workers))))
            .Zip(rooms, (part, room) => new DevicePart(room.Free, part.Bytes, part.Layers, part.InFlight))];
    }

    private static List<torch.Device> Named(string? devices)
    {
        if (devices is null)
            return [NativeTorch.Device(null)];
        var names = devices.Split(',', StringSplitOptions.TrimEntries);
        if (names.Contains(""))
            throw new InputException($"--device {devices}: a name is empty; give cpu, cuda or cuda:N, or several");
        List<torch.Device> on = [.. names.Select(NativeTorch.Device)];
        return on.All(device => device.type == on[0].type) ? on : throw new InputException(
            $"--device {devices}: numbers would depend on which device does what; name devices of one kind");
    }

    private static Budget Of(
        ModelConfig config, List<DevicePart> parts, int bytes, bool isCpu, int workers, int stages, int? asked, ILogger logger)
    {
        // Two batches are under way on a GPU, and one on each worker of a CPU; half of the memory is for what is kept.
        var room = parts.Min(part => (part.Free - part.Weights) / 2 / (isCpu ? workers : 2) / MemoryEstimate.BytesPerToken(config, bytes));
        var most = isCpu ? MostTokensOnCpu : stages == 1 ? MostTokens
            : Math.Clamp(MostTokens / stages, MostTokensOfManyStages, MostTokensOfTwoStages);
        var tokens = asked ?? (int)Math.Clamp(PowerOf2(room), LeastTokens, most);
        // While a GPU generates, nothing else is kept there, and prompts are read so many tokens at a time.
        var reading = 2L * GreedyDecoding.PromptTokensOnCuda * MemoryEstimate.BytesPerToken(config, bytes);
        long Spare(DevicePart part) => Math.Max(
            (part.Free - part.Weights) / 2, isCpu ? 0 : (part.Free - part.Weights - reading) / 10 * 9);
        var kept = parts.Min(part => Spare(part) / part.InFlight
            / Math.Max(1, MemoryEstimate.CacheBytesPerToken(config, bytes) * part.Layers / config.Layers));
        // Rounded, as what is free differs by a little on equal cards, and shards must cut the same batches.
        var cache = Math.Clamp(isCpu ? 8L * tokens : 32L * tokens, 1, Math.Max(1, isCpu ? PowerOf2(kept) : Rounded(kept)));
        var fullest = parts.MinBy(part => part.Free - part.Weights)!;
        logger.LogDebug("budget: {BatchTokens} tokens a batch, {Why}, {CacheTokens} kept while generating; {Free} bytes are free and the "
            + "weights take {Weights}", tokens, asked is null ? "by the free memory" : "as asked", cache, fullest.Free, fullest.Weights);
        return new(tokens, cache);
    }

    /// <summary>The largest number up to this whose binary digits after the first three are 0.</summary>
    private static long Rounded(long most) => PowerOf2(most) is > 4 and var power ? most / (power / 4) * (power / 4) : PowerOf2(most);

    private static long PowerOf2(long most) => most < 1 ? 0 : 1L << (int)Math.Log2(most);
}
