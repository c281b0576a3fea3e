using System.Runtime.InteropServices;

namespace Cognito.Eval.Torch.Native;

/// <summary>Loads a native library by its path, and says why it does not.</summary>
internal static partial class NativeFile
{
    private const int Lazy = 1, Now = 2;

    /// <summary>The library, or zero and the loader's words, on one line.</summary>
    /// <param name="complete">
    /// Whether all that it needs must be there. The runtime's own loading does not look, and what another libtorch lacks
    /// would end the process in the midst of a run. Linux only.
    /// </param>
    public static nint TryLoad(string path, bool complete, out string error)
    {
        error = "";
        if (OperatingSystem.IsLinux())
        {
            // The first call binds dlerror, which would lose the words of a failed dlopen before it.
            LastError();
            var library = Open(path, complete ? Now : Lazy);
            if (library == 0)
                error = Marshal.PtrToStringUTF8(LastError())?.Split('\n')[0] ?? "no reason given";
            return library;
        }
        try
        {
            return NativeLibrary.Load(path);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            error = NativeTorch.FirstLine(e);
            return 0;
        }
    }

    [LibraryImport("libc", EntryPoint = "dlopen", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Open(string path, int mode);

    [LibraryImport("libc", EntryPoint = "dlerror")]
    private static partial nint LastError();
}
