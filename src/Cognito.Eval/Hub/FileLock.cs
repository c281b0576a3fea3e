namespace Cognito.Eval;

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
    public static async Task<FileLock> Take(string path, Action<string> say, CancellationToken cancel)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead
                | UnixFileMode.GroupWrite | UnixFileMode.OtherRead;
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
            await Task.Delay(Pause, cancel);
        }
    }

    public void Dispose() => file.Dispose();
}
