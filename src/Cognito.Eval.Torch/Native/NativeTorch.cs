using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using Cognito.Eval.Files;
using TorchSharp;

namespace Cognito.Eval.Torch.Native;

/// <summary>What computes: TorchSharp's version, and libtorch's with its folder where they are known.</summary>
public sealed record TorchVersion(string TorchSharp, string? LibTorch, string? Folder);

/// <summary>Loads libtorch from a folder of the user's choice, and answers for the devices it sees.</summary>
/// <remarks>
/// TorchSharp alone would copy 500 MB of libtorch beside the app, and knows no folder but the package cache. What is
/// loaded here by its full path, before the first use of <c>torch</c>, is what TorchSharp later finds loaded.
/// </remarks>
public static partial class NativeTorch
{
    public const string Variable = "COGNITO_LIBTORCH";

    private static readonly Lock Loading = new();
    private static readonly Dictionary<string, nint> Loaded = [];
    private static string? _folder;
    private static bool _ready;

    /// <summary>
    /// Loads libtorch once a process: from <paramref name="libtorchFolder"/>, else COGNITO_LIBTORCH, else beside the
    /// app, else from the folder the build found, else from libtorch's package where it is or comes from. Call it before anything touches <c>torch</c>.
    /// </summary>
    public static void Load(string? libtorchFolder) => Load(libtorchFolder, Fetch);

    /// <summary>
    /// What the program fetches libtorch's package with where nothing has it; a library's user is not surprised by that.
    /// </summary>
    internal static LibTorchFetch? Fetch { get; set; }

    /// <summary>
    /// Loads the libraries that <see cref="Load(string?)"/> will look for, where they are; nothing is fetched, and TorchSharp is not
    /// touched, which would remember a failure.
    /// </summary>
    internal static void LoadAhead(string? libtorchFolder)
    {
        lock (Loading)
            if (!_ready && LibTorchFolder.Find(libtorchFolder) is { } folder)
                LoadFrom(folder);
    }

    private static void Load(string? libtorchFolder, LibTorchFetch? fetch)
    {
        lock (Loading)
        {
            if (_ready && (libtorchFolder is null || SameFile(libtorchFolder, _folder)))
                return;
            if (_ready)
                throw new InputException($"{libtorchFolder}: libtorch of {_folder ?? "TorchSharp's choice"} is " +
                    "loaded already, and a process holds one; start anew with the other folder");
            var folder = LibTorchFolder.Find(libtorchFolder, fetch);
            if (folder is not null)
                LoadFrom(folder);
            _folder = folder;
            Start();
            _ready = true;
        }
    }

    /// <summary>Loads one more library of the same libtorch, where it has it.</summary>
    internal static bool TryLoad(string name)
    {
        lock (Loading)
        {
            if (Loaded.ContainsKey(name))
                return true;
            if (_folder is null || NativeFile.TryLoad(
                Path.Combine(_folder, LibTorchFolder.FileName(name)), complete: false, out _) is not (not 0 and var library))
                return false;
            Loaded[name] = library;
            return true;
        }
    }

    /// <summary>What was loaded.</summary>
    public static TorchVersion Version => new(
        typeof(torch).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
            .Split('+')[0] ?? typeof(torch).Assembly.GetName().Version!.ToString(),
        LibTorchVersion(), _folder);

    /// <summary>How many threads one operation on the CPU may use.</summary>
    public static void Threads(int count) => torch.set_num_threads(Math.Max(count, 1));

    /// <summary>The device "cpu", "cuda" or "cuda:N"; without a name the first CUDA device, else the CPU.</summary>
    public static torch.Device Device(string? name)
    {
        if (name is null)
            return torch.device(CudaDevices() > 0 ? "cuda:0" : "cpu");
        if (name == "cpu")
            return torch.CPU;
        var index = name == "cuda" ? 0
            : name.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(name.AsSpan(5),
                System.Globalization.NumberStyles.None, null, out var n) ? n
            : throw new InputException($"{name}: no such kind of device; use cpu, cuda or cuda:N");
        var devices = CudaDevices();
        if (index < devices)
            return torch.device($"cuda:{index}");
        var fix = devices > 0 ? $"use cuda:0 to cuda:{devices - 1}, or cpu"
            : _folder is not null && !File.Exists(Path.Combine(_folder, LibTorchFolder.FileName("torch_cuda")))
            ? $"the libtorch in {_folder} is a CPU one: name a CUDA one with --libtorch DIR, or use cpu"
            : "see that the driver works (nvidia-smi) and CUDA_VISIBLE_DEVICES hides none, or use cpu";
        throw new InputException($"{name}: this machine has {devices} CUDA devices that libtorch sees; {fix}");
    }

    private static int CudaDevices() => torch.cuda.is_available() ? torch.cuda.device_count() : 0;

    private static void LoadFrom(string folder)
    {
        // In the order of their dependencies; libtorch itself is an empty library that names the others.
        foreach (var name in (string[])["c10", "torch_cpu", "c10_cuda", "torch_cuda", "torch"])
        {
            var path = Path.Combine(folder, LibTorchFolder.FileName(name));
            if (!File.Exists(path) && name is "c10_cuda" or "torch_cuda")
                continue;
            if (!File.Exists(path))
                throw new InputException($"{folder}: not a whole libtorch, {Path.GetFileName(path)} is missing; " +
                    $"name a folder that has it with --libtorch DIR or {Variable}");
            var library = NativeFile.TryLoad(path, complete: false, out var error);
            Loaded[name] = library != 0 ? library
                : throw new InputException($"{path}: it does not load ({error}); " +
                    $"name another libtorch with --libtorch DIR or {Variable}");
        }
        // Once: what is loaded ahead may be a copy made for this process.
        if (!Loaded.ContainsKey("LibTorchSharp"))
            Loaded["LibTorchSharp"] = LibTorchSharp.Load();
        AssemblyLoadContext.Default.ResolvingUnmanagedDll -= Resolve;
        AssemblyLoadContext.Default.ResolvingUnmanagedDll += Resolve;
    }

    /// <summary>Asked when the runtime's own search has failed, for TorchSharp's imports and for ours.</summary>
    private static nint Resolve(Assembly assembly, string name) => Loaded.GetValueOrDefault(name);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Start()
    {
        try
        {
            _ = torch.get_num_threads();
        }
        catch (Exception e) when (e is TypeInitializationException or NotSupportedException or DllNotFoundException
            or EntryPointNotFoundException)
        {
            throw new InputException($"{_folder ?? AppContext.BaseDirectory}: TorchSharp does not start " +
                $"({FirstLine(e.GetBaseException())}); name a libtorch with --libtorch DIR or {Variable}", e);
        }
    }

    internal static string FirstLine(Exception e) => e.Message.Split('\n')[0].Trim();

    private static bool SameFile(string one, string? other) =>
        other is not null && LibTorchFolder.Real(other) is var real
        && (LibTorchFolder.Real(one) == real || LibTorchFolder.Real(Path.Combine(one, "lib")) == real);

    private static string? LibTorchVersion()
    {
        // Byte 7 is the major version, byte 6 the minor, byte 5 the patch.
        if (Loaded.TryGetValue("torch_cpu", out var library)
            && NativeLibrary.TryGetExport(library, "aoti_torch_abi_version", out var version))
            unsafe
            {
                var v = ((delegate* unmanaged<ulong>)version)();
                return $"{v >> 56}.{v >> 48 & 255}.{v >> 40 & 255}";
            }
        return null;
    }
}
