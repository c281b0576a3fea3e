using Cognito.Eval.Torch;
using TorchSharp;

namespace Cognito.Eval.Cli;

/// <summary>Where a model computes, in which type, and how much of it goes through at once.</summary>
/// <param name="Workers">Batches at a time, one thread each; 1 on a GPU.</param>
internal sealed record Placement(torch.Device Device, torch.ScalarType Dtype, Budget Budget, int Workers)
{
    /// <summary>More tokens in a batch make no product faster; on the CPU fewer leave no worker without one at the end.</summary>
    private const int MostTokens = 16384, MostTokensOnCpu = 1024, LeastTokens = 512;

    public bool IsCpu => Device.type == DeviceType.CPU;

    /// <summary>The type's name as --dtype takes it.</summary>
    public string DtypeName => Dtype.ToString().ToLowerInvariant();

    /// <summary>
    /// Loads libtorch and chooses: CUDA and the checkpoint's own type where there is a card, else the CPU and float32; the
    /// token budget from the memory that is free now, before the weights.
    /// </summary>
    public static Placement Choose(
        ModelConfig config, string? libtorch, string? device, string? dtype, int threads, int? batchTokens, bool exact)
    {
        NativeTorch.Load(libtorch);
        // Batches side by side, one thread each, keep all cores at work, and their numbers do not depend on how many.
        NativeTorch.Threads(1);
        var on = NativeTorch.Device(device);
        var isCpu = on.type == DeviceType.CPU;
        var type = Enum.Parse<torch.ScalarType>(dtype ?? (isCpu ? "float32" : config.Dtype ?? "float32"), ignoreCase: true);
        var workers = isCpu ? threads : 1;
        var budget = exact ? Budget.Exact : Of(config, on, type, workers, batchTokens);
        return new(on, type, budget, workers);
    }

    private static Budget Of(ModelConfig config, torch.Device on, torch.ScalarType type, int workers, int? asked)
    {
        var isCpu = on.type == DeviceType.CPU;
        var bytes = type == torch.ScalarType.Float32 ? 4 : 2;
        var free = DeviceMemory.Free(on) - config.Parameters * bytes;
        // Two batches are under way on a GPU, and one on each worker of a CPU; half of the memory is for what is kept.
        var room = free / 2 / (isCpu ? workers : 2) / MemoryEstimate.BytesPerToken(config, bytes);
        var most = isCpu ? MostTokensOnCpu : MostTokens;
        var tokens = asked ?? (int)Math.Clamp(PowerOf2(room), LeastTokens, most);
        var kept = free / 2 / workers / MemoryEstimate.CacheBytesPerToken(config, bytes);
        return new(tokens, Math.Clamp(isCpu ? 8L * tokens : 32L * tokens, 1, Math.Max(1, kept)));
    }

    private static long PowerOf2(long most) => most < 1 ? 0 : 1L << (int)Math.Log2(most);
}
