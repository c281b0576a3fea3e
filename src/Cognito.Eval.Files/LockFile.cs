namespace Cognito.Eval.Files;

/// <summary>
/// A lock between processes, by a file. The file stays when the lock is let go of: without it, those who wait would lock
/// different files.
/// </summary>
/// <remarks>
/// .NET locks a file opened with <see cref="FileShare.None"/> by flock(2) on Unix, which is what Python's filelock waits for.
/// Where a file system has no flock, nothing is locked. Neither .NET nor every system tells when a lock is let go of, so it is
/// tried again and again.
/// </remarks>
public static class LockFile
{
    /// <summary>The file, held until it is disposed of; null where another process holds it.</summary>
    /// <param name="mode">Of a file that is made, on Unix.</param>
    /// <exception cref="InputException">What has the lock's name is no file.</exception>
    /// <exception cref="IOException">It cannot be opened or made.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static FileStream? TryTake(string path, UnixFileMode? mode = null)
    {
        if (RegularFile.Exists(path) && RegularFile.Fault(path) is { } fault)
            throw new InputException($"{path}: {fault}; remove it, a lock is an empty file");
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = mode;
        try
        {
            return new FileStream(path, options);
        }
        catch (IOException e) when (IsHeld(e))
        {
            return null;
        }
    }

    /// <summary>EWOULDBLOCK, which Linux and macOS number 11 and 35; a sharing violation on Windows.</summary>
    private static bool IsHeld(IOException e) => (e.HResult & 0xFFFF) is var code
        && (OperatingSystem.IsWindows() ? code is 32 or 33 : code is 11 or 35);
}
