using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Cognito.Eval.Files;

namespace Cognito.Eval.Torch.Native;

/// <summary>TorchSharp's native half.</summary>
internal static class LibTorchSharp
{
    /// <summary>Loads it, patched where the system's libstdc++ is too old for it; libtorch must be loaded.</summary>
    public static nint Load()
    {
        var name = OperatingSystem.IsWindows() ? "LibTorchSharp.dll" : LibTorchFolder.FileName("LibTorchSharp");
        var path = LibTorchFolder.BesideTheApp().Select(place => Path.Combine(place, name)).FirstOrDefault(File.Exists)
            ?? throw new InputException($"{AppContext.BaseDirectory}: {name} is missing, which the build puts there " +
                $"(for linux-x64, win-x64 and osx-arm64; this is {RuntimeInformation.RuntimeIdentifier}); build again");
        if (NativeFile.TryLoad(path, complete: true, out var error) is var library && library != 0)
            return library;
        if (OperatingSystem.IsLinux() && error.Contains(ElfCompat.MissingVersion, StringComparison.Ordinal))
            return LoadPatched(path);
        throw Refused(path, error);
    }

    private static nint LoadPatched(string path)
    {
        byte[] patched;
        try
        {
            patched = ElfCompat.DropIosBaseLibraryInit(File.ReadAllBytes(path));
        }
        catch (InvalidDataException e)
        {
            throw new InputException($"{path}: it wants {ElfCompat.MissingVersion}, which this system's libstdc++ " +
                $"lacks, and cannot do without ({e.Message}); install the libstdc++ of GCC 13 or later", e);
        }
        if (Cached(patched) is { } cached
            && NativeFile.TryLoad(cached, complete: true, out _) is var library && library != 0)
            return library;
        // A cache that cannot be written, or a system that loads nothing from there.
        var folder = Directory.CreateTempSubdirectory("cognito-eval-");
        try
        {
            var file = Path.Combine(folder.FullName, Path.GetFileName(path));
            File.WriteAllBytes(file, patched);
            library = NativeFile.TryLoad(file, complete: true, out var error);
            return library != 0 ? library : throw Refused(path, error);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>The file's place in the cache; null where it cannot be written.</summary>
    private static string? Cached(byte[] content)
    {
        try
        {
            if (CacheFolder.Path is not { } cache)
                return null;
            var folder = Directory.CreateDirectory(cache).FullName;
            var hash = Convert.ToHexStringLower(SHA256.HashData(content));
            var file = Path.Combine(folder, $"libLibTorchSharp-{hash[..16]}.so");
            if (File.Exists(file) && File.ReadAllBytes(file).AsSpan().SequenceEqual(content))
                return file;
            var half = $"{file}.{Guid.NewGuid():n}";
            File.WriteAllBytes(half, content);
            File.Move(half, file, overwrite: true);
            return file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static InputException Refused(string path, string error) =>
        new(error.Contains("undefined symbol", StringComparison.Ordinal)
            ? $"{path}: it needs what this libtorch lacks ({error}); name a libtorch near 2.10 with --libtorch DIR"
            : $"{path}: it does not load ({error}); build anew, or on a system with a libstdc++ of GCC 12 or later");
}
