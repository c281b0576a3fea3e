using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Native;

/// <summary>Operators of libtorch that TorchSharp has no method for, by libtorch's stable C interface.</summary>
/// <remarks>
/// A stack holds one value of 8 bytes an argument, in the schema's order; tensors in it are handles of their own, which the
/// call takes. An optional argument is 0 or points to such a value, allocated by malloc; the call frees it.
/// Letters: T tokens of all sequences, S keys of all sequences, H query heads, K key-value heads, d head size.
/// </remarks>
internal static unsafe partial class AtenOps
{
    private const string FlashForward = "aten::_flash_attention_forward", Sdpa = "aten::scaled_dot_product_attention", Grouped = "aten::_grouped_mm";

    /// <summary>
    /// Products of stretches of rows, each with a matrix of its own, on CUDA in 16 bits: [M, D] with [E, O, D] to [M, O].
    /// </summary>
    /// <param name="ends">[E], int32: where each matrix's rows end.</param>
    public static Tensor GroupedLinear(Tensor rows, Tensor matrices, Tensor ends)
    {
        using var transposed = matrices.transpose(-2, -1);
        var stack = stackalloc ulong[5];
        (stack[0], stack[1], stack[2], stack[3], stack[4]) = (Handle(rows), Handle(transposed), Optional(ends), 0, 0);
        return CallDispatcher(Grouped, "", stack) == 0 ? Result(stack[0])
            : throw Failed(Grouped, rows, [rows.shape[0], matrices.shape[1]]);
    }

    /// <summary>scaled_dot_product_attention; <paramref name="mask"/> is added to the scores.</summary>
    /// <param name="scale">What scores are multiplied by; null is 1 / sqrt(d).</param>
    public static Tensor Attention(Tensor q, Tensor k, Tensor v, Tensor? mask, bool causal, double? scale)
    {
        if (scale is null)
            return nn.functional.scaled_dot_product_attention(q, k, v, mask, 0, is_casual: causal);
        var stack = stackalloc ulong[8];
        (stack[0], stack[1], stack[2], stack[3]) = (Handle(q), Handle(k), Handle(v), Optional(mask));
        (stack[4], stack[5], stack[6], stack[7]) = (0, causal ? 1u : 0u, Optional(scale), 0);
        return CallDispatcher(Sdpa, "", stack) == 0 ? Result(stack[0]) : throw Failed(Sdpa, q, q.shape);
    }

    /// <summary>
    /// Attention with what a merge of two needs: the output [B, H, L, d], and the logarithm of each query's sum of
    /// exponentials [B, H, L]. On the CPU. <paramref name="mask"/> is added to the scores.
    /// </summary>
    public static (Tensor Output, Tensor LogSum) FlashOnCpu(Tensor q, Tensor k, Tensor v, bool causal, Tensor? mask, double? scale)
    {
        var stack = stackalloc ulong[7];
        (stack[0], stack[1], stack[2]) = (Handle(q), Handle(k), Handle(v));
        (stack[3], stack[4], stack[5], stack[6]) = (0, causal ? 1u : 0u, Optional(mask), Optional(scale));
        Call("aten::_scaled_dot_product_flash_attention_for_cpu", stack);
        return (Result(stack[0]), Result(stack[1]));
    }

    /// <summary>
    /// Attention of many sequences in one launch, on CUDA in 16 bits: queries [T, H, d] over keys and values [S, K, d],
    /// sequence i's from the i-th to the next of the cumulated lengths (int32, [sequences + 1]). A sequence's queries are
    /// the last of its keys and see none after themselves.
    /// </summary>
    /// <param name="window">How many keys a query sees, its own included; null is all.</param>
    /// <param name="seqUsedK">How many of a sequence's keys are there, where that is not all, int32.</param>
    public static Tensor Flash(
        Tensor q, Tensor k, Tensor v, Tensor cuSeqlensQ, Tensor cuSeqlensK, long maxSeqlenQ, long maxSeqlenK, int? window,
        double? scale, Tensor? seqUsedK = null)
    {
        var stack = stackalloc ulong[15];
        (stack[0], stack[1], stack[2], stack[3], stack[4]) = (Handle(q), Handle(k), Handle(v), Optional(cuSeqlensQ), Optional(cuSeqlensK));
        (stack[5], stack[6], stack[7], stack[8], stack[9]) = ((ulong)maxSeqlenQ, (ulong)maxSeqlenK, 0, 1, 0);
        (stack[10], stack[11], stack[12]) = (Optional(scale), window is { } w ? Optional(w - 1) : 0, window is null ? 0 : Optional(0));
        (stack[13], stack[14]) = (Optional(seqUsedK), 0);
        if (CallDispatcher(FlashForward, "", stack) != 0)
            throw Failed(FlashForward, q, q.shape);
        for (var i = 1; i < 5; i++)
            Delete((nint)stack[i]);
        return Result(stack[0]);
    }

    private static void Call(string name, ulong* stack)
    {
        if (CallDispatcher(name, "", stack) != 0)
            throw Failed(name);
    }

    private static ExternalException Failed(string name) => new($"{name} failed; the lines above say why");

    /// <summary>
    /// The C interface says no more than that a call failed. Whether memory ran out shows when as much again is asked for as
    /// the kernel takes: what that ends with is the reason. A CUDA error of another kind shows there too, or stays unnamed.
    /// </summary>
    private static ExternalException Failed(string name, Tensor like, long[] output)
    {
        try
        {
            // The output and each row's sum, twice: some of what was missing may be free by now.
            using var outputs = empty([2, .. output], like.dtype, like.device);
            using var sums = empty([2, .. output[..^1]], ScalarType.Float32, like.device);
            return Failed(name);
        }
        catch (ExternalException reason)
        {
            return reason;
        }
    }

    private static ulong Handle(Tensor tensor)
    {
        nint handle;
        if (NewHandle(tensor.Handle, &handle) != 0)
            throw new ExternalException("a tensor handle could not be made");
        return (ulong)handle;
    }

    private static ulong Optional(Tensor? tensor) => tensor is null ? 0 : Boxed(Handle(tensor));

    private static ulong Optional(long value) => Boxed((ulong)value);

    private static ulong Optional(double? value) => value is { } number ? Boxed(BitConverter.DoubleToUInt64Bits(number)) : 0;

    private static ulong Boxed(ulong value)
    {
        var box = (ulong*)NativeMemory.Alloc(sizeof(ulong));
        *box = value;
        return (ulong)box;
    }

    private static Tensor Result(ulong handle) => Tensor.UnsafeCreateTensor((nint)handle);

    [LibraryImport("torch_cpu", EntryPoint = "aoti_torch_call_dispatcher", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CallDispatcher(string name, string overload, ulong* stack);

    [LibraryImport("torch_cpu", EntryPoint = "aoti_torch_new_tensor_handle")]
    private static partial int NewHandle(nint tensor, nint* handle);

    [LibraryImport("torch_cpu", EntryPoint = "aoti_torch_delete_tensor_object")]
    private static partial int Delete(nint handle);
}
