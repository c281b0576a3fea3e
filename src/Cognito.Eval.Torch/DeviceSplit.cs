using System.Globalization;
using Cognito.Eval.Files;
using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Layers;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch;

/// <summary>A device and what of its memory one copy of a model, or a part of one, may take.</summary>
internal sealed record DeviceRoom(Device Device, long Free)
{
    /// <summary>A device that is named several times shares its memory.</summary>
    public static IReadOnlyList<DeviceRoom> Of(IReadOnlyList<Device> devices, Func<Device, long> free)
    {
        var each = devices.GroupBy(device => $"{device}").ToDictionary(same => same.Key, same => free(same.First()) / same.Count());
        return [.. devices.Select(device => new DeviceRoom(device, each[$"{device}"]))];
    }
}

/// <summary>How several devices share a model by layers: groups of them, each with a copy.</summary>
/// <param name="Copies">Each copy's stages.</param>
/// <param name="Note">What was decided and why, one sentence.</param>
internal sealed record DeviceSplit(IReadOnlyList<IReadOnlyList<StagePlace>>? Copies, string Note)
{
    /// <summary>As --split takes them.</summary>
    public const string All = "all", Auto = "auto";

    /// <param name="asked">All devices as one group, groups of so many, or as many as the weights need.</param>
    /// <param name="reserve">Bytes of each device that the smallest batch takes.</param>
    /// <returns>Without copies where every device holds a whole one.</returns>
    /// <exception cref="InputException">The devices do not make such groups, or the weights do not fit them.</exception>
    public static DeviceSplit Choose(ModelConfig config, IReadOnlyList<DeviceRoom> devices, string asked, int bytes, long reserve)
    {
        var named = string.Join(',', devices.Select(device => device.Device));
        var (weights, least) = (config.Parameters * bytes, devices.MinBy(device => device.Free)!);
        if (asked == Auto && weights + reserve <= least.Free)
            return new(null, $"--split auto: the weights take {Gigabytes(weights)} and fit each of {named} ({Gigabytes(least.Free)} free"
                + $"{(devices.Count > 1 ? $" on {least.Device}): a copy on each" : ")")}");
        if (devices.Count == 1)
            throw asked == Auto ? Full(weights, devices) : new InputException(
                $"--split: {named} is one device; name several with --device, or leave --split out");
        int[] sizes = asked switch
        {
            All => [devices.Count],
            Auto => [.. Enumerable.Range(2, devices.Count - 1).Where(size => devices.Count % size == 0)],
            _ => [Size(asked, devices.Count)],
        };
        if (sizes[0] > config.Layers)
            throw new InputException($"--split: the model has {config.Layers} layers, too few for {sizes[0]} devices; "
                + $"name at most {config.Layers}");
        var costs = DecoderCosts.Of(config, bytes);
        foreach (var size in sizes.Where(size => size <= config.Layers))
        {
            var copies = devices.Chunk(size).Select(group => Deal(costs, group, reserve)).ToList();
            if (copies.All(copy => copy is not null))
                return new([.. copies.Select(copy => copy!)],
                    $"{(asked == All ? "--split" : $"--split {asked}")}: the weights take {Gigabytes(weights)}"
                    + $"{(asked == Auto ? $", and {least.Device} has {Gigabytes(least.Free)} free" : "")}: "
                    + string.Join("; ", copies.SelectMany(copy => Describe(copy!))));
        }
        throw Full(weights, devices);
    }

    /// <summary>What each stage holds, for people.</summary>
    public static IEnumerable<string> Describe(IReadOnlyList<StagePlace> places)
    {
        var first = 0;
        foreach (var (s, (device, layers)) in places.Index())
        {
            var last = first + layers - 1;
            yield return $"{device}: {(s == 0 ? "embedding, " : "")}{(layers == 1 ? $"layer {first}" : $"layers {first} to {last}")}"
                + $"{(s == places.Count - 1 ? ", head" : "")}";
            first += layers;
        }
    }

    private static IReadOnlyList<StagePlace>? Deal(DecoderCosts costs, IReadOnlyList<DeviceRoom> group, long reserve) =>
        LayerDeal.Deal(costs, [.. group.Select(device => device.Free - reserve)]) is { } deal
            ? [.. group.Zip(deal, (device, layers) => new StagePlace(device.Device, layers))] : null;

    private static int Size(string asked, int devices) =>
        !int.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out var size) || size < 2
            ? throw new InputException($"--split {asked}: give auto, or how many devices share a copy (2 or more), or nothing for all of them")
        : devices % size != 0
            ? throw new InputException($"--split {asked}: {devices} devices make no groups of {size}; name a multiple of {size}")
        : size;

    private static InputException Full(long weights, IReadOnlyList<DeviceRoom> devices) => new(
        $"--split: the weights take {Gigabytes(weights)}, and there are "
        + $"{string.Join(", ", devices.Select(device => $"{Gigabytes(device.Free)} free on {device.Device}"))}; name more devices, "
        + "or free their memory");

    private static string Gigabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.0#} GB");
}
