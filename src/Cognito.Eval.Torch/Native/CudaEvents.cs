using System.Runtime.InteropServices;

namespace Cognito.Eval.Torch.Native;

/// <summary>Marks in a card's default stream, which is libtorch's, that the host can wait for one by one.</summary>
internal sealed unsafe partial class CudaEvents : IDisposable
{
    private const uint WithoutTiming = 2;
    private readonly nint _context;
    private readonly nint[] _events;

    private CudaEvents(nint context, int count)
    {
        (_context, _events) = (context, new nint[count]);
        for (var i = 0; i < count; i++)
            fixed (nint* one = &_events[i])
                Check(Create(one, WithoutTiming));
    }

    /// <summary>Null where the driver cannot be reached.</summary>
    public static CudaEvents? TryCreate(int device, int count)
    {
        nint context;
        if (!NativeTorch.TryLoad(CudaModule.Library) || CudaModule.PrimaryContext(&context, Math.Max(device, 0)) != 0)
            return null;
        CudaModule.Push(context);
        try
        {
            return new(context, count);
        }
        finally
        {
            CudaModule.Pop(out _);
        }
    }

    /// <summary>Marks what was given to the stream up to now.</summary>
    public void Record(int index) => Within(() => Record(_events[index], 0));

    /// <summary>Returns when all before the mark is done.</summary>
    public void Wait(int index) => Within(() => Synchronize(_events[index]));

    public void Dispose() => Within(() =>
    {
        foreach (var one in _events)
            Destroy(one);
        return 0;
    });

    private void Within(Func<int> call)
    {
        CudaModule.Push(_context);
        var code = call();
        CudaModule.Pop(out _);
        Check(code);
    }

    private static void Check(int code)
    {
        if (code != 0)
            throw new ExternalException($"CUDA could not mark its stream (error {code})");
    }

    [LibraryImport(CudaModule.Library, EntryPoint = "cuEventCreate")]
    internal static partial int Create(nint* made, uint flags);

    [LibraryImport(CudaModule.Library, EntryPoint = "cuEventRecord")]
    internal static partial int Record(nint recorded, nint stream);

    [LibraryImport(CudaModule.Library, EntryPoint = "cuEventSynchronize")]
    internal static partial int Synchronize(nint recorded);

    [LibraryImport(CudaModule.Library, EntryPoint = "cuEventDestroy_v2")]
    internal static partial int Destroy(nint recorded);
}
