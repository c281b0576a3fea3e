using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Cognito.Eval.Files;
using Microsoft.Win32.SafeHandles;
using TorchSharp;

namespace Cognito.Eval.Torch.Weights;

/// <summary>Tensors over bytes of a mapped file, without a copy.</summary>
internal static unsafe partial class MappedTensor
{
    /// <summary>By the address of its first byte, the map a tensor looks into, and how many look there.</summary>
    private static readonly Dictionary<nint, (SafeMemoryMappedViewHandle Map, int Count)> InUse = [];

    public static torch.Tensor Over(SafeMemoryMappedViewHandle map, TensorEntry entry)
    {
        var type = TypeOf(entry.DType);
        if (entry.Length == 0)
            return torch.empty(entry.Shape, type);
        byte* start = null;
        map.AcquirePointer(ref start);
        var at = (nint)(start + entry.Offset);
        lock (InUse)
            InUse[at] = (map, InUse.GetValueOrDefault(at).Count + 1);
        nint handle;
        fixed (long* sizes = entry.Shape)
            handle = New(at, &Release, sizes, entry.Shape.Length, (sbyte)type, (sbyte)type, 0, 0, 0);
        if (handle == 0)
            throw new InvalidOperationException($"libtorch made no tensor of {QuotedName.Of(entry.Name)}");
        var tensor = torch.Tensor.UnsafeCreateTensor(handle);
        if (entry.Offset % type.ElementSize() == 0)
            return tensor;
        // Old writers do not align; libtorch expects its elements aligned.
        using (tensor)
            return tensor.clone();
    }

    /// <summary>Called by libtorch, on any thread, when nothing looks into a tensor's bytes any more.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Release(void* bytes)
    {
        SafeMemoryMappedViewHandle map;
        lock (InUse)
        {
            (map, var count) = InUse[(nint)bytes];
            if (count == 1)
                InUse.Remove((nint)bytes);
            else
                InUse[(nint)bytes] = (map, count - 1);
        }
        map.ReleasePointer();
    }

    /// <summary>What the format calls by that name.</summary>
    public static torch.ScalarType TypeOf(string dtype) => dtype switch
    {
        "BOOL" => torch.ScalarType.Bool,
        "U8" => torch.ScalarType.Byte,
        "I8" => torch.ScalarType.Int8,
        "I16" => torch.ScalarType.Int16,
        "I32" => torch.ScalarType.Int32,
        "I64" => torch.ScalarType.Int64,
        "F16" => torch.ScalarType.Float16,
        "BF16" => torch.ScalarType.BFloat16,
        "F32" => torch.ScalarType.Float32,
        "F64" => torch.ScalarType.Float64,
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, null),
    };

    [LibraryImport("LibTorchSharp", EntryPoint = "THSTensor_new")]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    private static partial nint New(nint data, delegate* unmanaged[Cdecl]<void*, void> deleter, long* sizes,
        int dimensions, sbyte scalarType, sbyte dtype, int deviceType, int deviceIndex, byte requiresGrad);
}
