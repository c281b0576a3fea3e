using Cognito.Eval.Files;

namespace Cognito.Eval.Hub;

/// <summary>
/// A lock between processes by an empty file, as huggingface_hub's are. .NET locks a file opened with
/// <see cref="FileShare.None"/> by flock(2) on Unix, which is what Python's filelock waits for.
/// </summary>
internal sealed class FileLock : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100), Silence = TimeSpan.FromSeconds(10);
    private readonly FileStream file;

    private FileLock(FileStream file) => this.file = file;

    /// <summary>Waits until no other process holds it. The file stays: removing it would split those who wait.</summary>
    /// <exception cref="InputException">What has the lock's name is no file, or it cannot be written.</exception>
    public static async Task<FileLock> Take(string path, Action<string> say, CancellationToken cancel)
    {
        CreateFolder(path);
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead
                | UnixFileMode.GroupWrite | UnixFileMode.OtherRead;
        if (RegularFile.Exists(path) && RegularFile.Fault(path) is { } fault)
            throw new InputException($"{path}: {fault}; remove it, a lock is an empty file");
        for (var waited = TimeSpan.Zero; ; waited += Pause)
        {
            try
            {
                return new(new FileStream(path, options));
            }
            catch (IOException) when (File.Exists(path))
            {
                if (waited == Silence)
                    say($"another process is fetching the same file; waiting for its lock {path}");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw Unwritable(path, e);
            }
            await Task.Delay(Pause, cancel);
        }
    }

    private static void CreateFolder(string path)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(path, e);
        }
    }

    private static InputException Unwritable(string path, Exception e) =>
        new($"{path}: cannot be written; set HF_HOME to a folder of your own", e);

    public void Dispose() => file.Dispose();
}
