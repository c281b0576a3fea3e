using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text;
using TorchSharp;

namespace Cognito.Eval.Torch.Native;

/// <summary>CUDA C compiled at run time for one card, and its kernels. Everything runs on the default stream, as libtorch's does.</summary>
/// <remarks>libtorch brings NVIDIA's compiler (nvrtc) and names the driver; where either is missing there is no module.</remarks>
internal sealed unsafe partial class CudaModule : IDisposable
{
    internal const string Library = "caffe2_nvrtc";

    /// <summary>What was compiled. Cards of one kind share it: the compiler does one source after the other.</summary>
    private static readonly ConcurrentDictionary<(string Source, string Define, int Architecture), Lazy<byte[]?>> images = [];

    private readonly nint _context, _module;

    private CudaModule(nint context, nint module) => (_context, _module) = (context, module);

    /// <summary>Null where this libtorch or the driver cannot compile.</summary>
    /// <param name="define">A macro to define.</param>
    public static CudaModule? TryCompile(string source, string define, int device)
    {
        if (!NativeTorch.TryLoad(Library))
            return null;
        int major, minor, card;
        nint context, module;
        if (DeviceGet(&card, Math.Max(device, 0)) != 0 || Attribute(&major, 75, card) != 0 || Attribute(&minor, 76, card) != 0
            || images.GetOrAdd((source, define, major * 10 + minor), it => new(() => Compile(it.Source, it.Define, it.Architecture))).Value is not { } image
            || PrimaryContext(&context, card) != 0)
            return null;
        Push(context);
        try
        {
            fixed (byte* bytes = image)
                return LoadData(&module, bytes) == 0 ? new(context, module) : null;
        }
        finally
        {
            Pop(out _);
        }
    }

    /// <summary>How many multiprocessors the card has.</summary>
    public static int Multiprocessors(int device)
    {
        int count, card;
        return NativeTorch.TryLoad(Library) && DeviceGet(&card, Math.Max(device, 0)) == 0 && Attribute(&count, 16, card) == 0 ? count : 1;
    }

    public nint this[string kernel]
    {
        get
        {
            nint function;
            return GetFunction(&function, _module, kernel) == 0 ? function
                : throw new ExternalException($"no kernel {kernel} in the module");
        }
    }

    /// <summary>Where a tensor's numbers lie on the card; it must be contiguous.</summary>
    public static nint Pointer(torch.Tensor tensor)
    {
        nint pointer;
        return tensor.is_contiguous() && DataPointer(tensor.Handle, &pointer) == 0 ? pointer
            : throw new ArgumentException("A kernel reads contiguous tensors.", nameof(tensor));
    }

    /// <summary>Where a matrix's numbers lie; rows may be apart, a row's numbers not.</summary>
    public static nint PointerToRows(torch.Tensor matrix)
    {
        nint pointer;
        return matrix.dim() == 2 && matrix.stride(1) == 1 && DataPointer(matrix.Handle, &pointer) == 0 ? pointer
            : throw new ArgumentException("A kernel reads rows that are contiguous.", nameof(matrix));
    }

    /// <summary>Starts a kernel: so many blocks of so many threads, and pointers to its arguments.</summary>
    public void Launch(nint kernel, long blocks, int threads, params ReadOnlySpan<nint> arguments) =>
        Launch(kernel, blocks, threads, 0, arguments);

    /// <summary>Lets a kernel's blocks have so many bytes of shared memory, where that is more than is usual.</summary>
    public void AllowShared(nint kernel, int bytes)
    {
        const int mostDynamicShared = 8;
        Push(_context);
        var code = SetAttribute(kernel, mostDynamicShared, bytes);
        Pop(out _);
        if (code != 0)
            throw new ExternalException($"a CUDA kernel cannot have {bytes} bytes of shared memory (error {code})");
    }

    /// <param name="shared">Bytes of shared memory that a block has beside what the kernel declares.</param>
    public void Launch(nint kernel, long blocks, int threads, int shared, params ReadOnlySpan<nint> arguments)
    {
        if (blocks == 0)
            return;
        Push(_context);
        fixed (nint* all = arguments)
        {
            var code = LaunchKernel(kernel, checked((uint)blocks), 1, 1, (uint)threads, 1, 1, (uint)shared, 0, all, null);
            Pop(out _);
            if (code != 0)
                throw new ExternalException($"a CUDA kernel could not be started (error {code})");
        }
    }

    public void Dispose()
    {
        Push(_context);
        Unload(_module);
        Pop(out _);
    }

    private static byte[]? Compile(string source, string define, int architecture)
    {
        nint program;
        if (CreateProgram(&program, source, "elementwise.cu", 0, 0, 0) != 0)
            return null;
        string[] options = [$"--gpu-architecture=sm_{architecture}", $"-D{define}", "-DINFINITY=__int_as_float(0x7f800000)"];
        var texts = options.Select(o => Marshal.StringToCoTaskMemUTF8(o)).ToArray();
        try
        {
            fixed (nint* all = texts)
                if (CompileProgram(program, texts.Length, all) != 0)
                    throw new ExternalException($"the fused kernels do not compile: {Log(program)}");
            nuint size;
            if (CubinSize(program, &size) != 0)
                return null;
            var image = new byte[size];
            fixed (byte* bytes = image)
                return Cubin(program, bytes) == 0 ? image : null;
        }
        finally
        {
            foreach (var text in texts)
                Marshal.FreeCoTaskMem(text);
            DestroyProgram(&program);
        }
    }

    private static string Log(nint program)
    {
        nuint size;
        if (LogSize(program, &size) != 0)
            return "no reason given";
        var log = new byte[size];
        fixed (byte* bytes = log)
            GetLog(program, bytes);
        return Encoding.UTF8.GetString(log).Split('\n')[0];
    }

    [LibraryImport("torch_cpu", EntryPoint = "aoti_torch_get_data_ptr")]
    private static partial int DataPointer(nint tensor, nint* pointer);

    [LibraryImport(Library, EntryPoint = "nvrtcCreateProgram", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CreateProgram(nint* program, string source, string name, int headers, nint texts, nint names);

    [LibraryImport(Library, EntryPoint = "nvrtcCompileProgram")]
    private static partial int CompileProgram(nint program, int count, nint* options);

    [LibraryImport(Library, EntryPoint = "nvrtcGetCUBINSize")]
    private static partial int CubinSize(nint program, nuint* size);

    [LibraryImport(Library, EntryPoint = "nvrtcGetCUBIN")]
    private static partial int Cubin(nint program, byte* image);

    [LibraryImport(Library, EntryPoint = "nvrtcGetProgramLogSize")]
    private static partial int LogSize(nint program, nuint* size);

    [LibraryImport(Library, EntryPoint = "nvrtcGetProgramLog")]
    private static partial int GetLog(nint program, byte* log);

    [LibraryImport(Library, EntryPoint = "nvrtcDestroyProgram")]
    private static partial int DestroyProgram(nint* program);

    [LibraryImport(Library, EntryPoint = "cuDeviceGet")]
    private static partial int DeviceGet(int* device, int ordinal);

    [LibraryImport(Library, EntryPoint = "cuDeviceGetAttribute")]
    private static partial int Attribute(int* value, int attribute, int device);

    [LibraryImport(Library, EntryPoint = "cuDevicePrimaryCtxRetain")]
    internal static partial int PrimaryContext(nint* context, int device);

    [LibraryImport(Library, EntryPoint = "cuCtxPushCurrent_v2")]
    internal static partial int Push(nint context);

    [LibraryImport(Library, EntryPoint = "cuCtxPopCurrent_v2")]
    internal static partial int Pop(out nint context);

    [LibraryImport(Library, EntryPoint = "cuModuleLoadData")]
    private static partial int LoadData(nint* module, byte* image);

    [LibraryImport(Library, EntryPoint = "cuModuleGetFunction", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int GetFunction(nint* function, nint module, string name);

    [LibraryImport(Library, EntryPoint = "cuFuncSetAttribute")]
    private static partial int SetAttribute(nint kernel, int attribute, int value);

    [LibraryImport(Library, EntryPoint = "cuModuleUnload")]
    private static partial int Unload(nint module);

    [LibraryImport(Library, EntryPoint = "cuLaunchKernel")]
    private static partial int LaunchKernel(nint kernel, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY,
        uint blockZ, uint shared, nint stream, nint* arguments, nint* extra);
}
