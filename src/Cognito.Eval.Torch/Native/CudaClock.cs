using System.Runtime.InteropServices;
using TorchSharp;

namespace Cognito.Eval.Torch.Native;

/// <summary>Times what a card is given, by the card's own clock: marks in its default stream, which is libtorch's.</summary>
internal sealed unsafe partial class CudaClock
{
    private readonly nint _context;

    private CudaClock(nint context) => _context = context;

    /// <summary>Null where the device is none of CUDA's, or the driver cannot be reached.</summary>
    public static CudaClock? TryCreate(torch.Device device)
    {
        nint context;
        return device.type == DeviceType.CUDA && NativeTorch.TryLoad(CudaModule.Library)
            && CudaModule.PrimaryContext(&context, Math.Max(device.index, 0)) == 0 ? new(context) : null;
    }

    /// <summary>Marks the stream where what is given next begins.</summary>
    public Span Begin() => new(this);

    private void Within(Func<int> call)
    {
        CudaModule.Push(_context);
        var code = call();
        CudaModule.Pop(out _);
        if (code != 0)
            throw new ExternalException($"CUDA could not time its stream (error {code})");
    }

    /// <summary>What was given to the card between two marks.</summary>
    internal sealed class Span : IDisposable
    {
        private readonly CudaClock _clock;
        private nint _begin, _end;

        public Span(CudaClock clock)
        {
            _clock = clock;
            clock.Within(() =>
            {
                fixed (nint* begin = &_begin, end = &_end)
                    return CudaEvents.Create(begin, 0) is not 0 and var code ? code : CudaEvents.Create(end, 0);
            });
            clock.Within(() => CudaEvents.Record(_begin, 0));
        }

        /// <summary>Marks the stream where it ends.</summary>
        public void End() => _clock.Within(() => CudaEvents.Record(_end, 0));

        /// <summary>Returns when the card has done it: the seconds that it took, waits of the card within it included.</summary>
        public double Wait()
        {
            var milliseconds = 0f;
            _clock.Within(() => CudaEvents.Synchronize(_end));
            _clock.Within(() =>
            {
                float found;
                var code = Elapsed(&found, _begin, _end);
                milliseconds = found;
                return code;
            });
            return milliseconds / 1000;
        }

        public void Dispose()
        {
            CudaModule.Push(_clock._context);
            foreach (var one in (nint[])[_begin, _end])
                if (one != 0)
                    CudaEvents.Destroy(one);
            CudaModule.Pop(out _);
        }
    }

    [LibraryImport(CudaModule.Library, EntryPoint = "cuEventElapsedTime")]
    private static partial int Elapsed(float* milliseconds, nint begin, nint end);
}
