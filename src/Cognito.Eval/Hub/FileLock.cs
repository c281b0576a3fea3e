using Cognito.Eval.Files;

namespace Cognito.Eval.Hub;

/// <summary>The lock of a file of the cache, beside it as huggingface_hub has it: whoever fetches the file holds it.</summary>
internal sealed class FileLock : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100), Silence = TimeSpan.FromSeconds(10);
    private readonly FileStream file;

    private FileLock(FileStream file) => this.file = file;

    /// <summary>Waits until no other process holds it.</summary>
    /// <exception cref="InputException">What has the lock's name is no file, or it cannot be written.</exception>
    public static async Task<FileLock> Take(string path, Action<string> say, CancellationToken cancel)
    {
        for (var waited = TimeSpan.Zero; ; waited += Pause)
        {
            if (TryTake(path) is { } file)
                return new(file);
            if (waited == Silence)
                say($"another process is fetching the same file; waiting for its lock {path}");
            await Task.Delay(Pause, cancel);
        }
    }

    private static FileStream? TryTake(string path)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            return LockFile.TryTake(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead
                | UnixFileMode.GroupWrite | UnixFileMode.OtherRead);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{path}: cannot be written; set HF_HOME to a folder of your own", e);
        }
    }

    public void Dispose() => file.Dispose();
}
