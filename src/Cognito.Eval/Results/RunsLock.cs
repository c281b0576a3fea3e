using Cognito.Eval.Files;

namespace Cognito.Eval.Results;

/// <summary>
/// Held while a run of a model is begun, gone on with, ended or merged, so that processes side by side do that one after
/// the other. It lies beside the runs' folders, and is held for moments, never while a model works.
/// </summary>
/// <remarks>
/// Where a file system has no locks, run folders are still whole or absent, since they are made by rename, and a second
/// process on one is told by its journal.
/// </remarks>
internal sealed class RunsLock : IDisposable
{
    public const string Name = ".lock";

    private static readonly TimeSpan pause = TimeSpan.FromMilliseconds(20), patience = TimeSpan.FromMinutes(2);
    private readonly FileStream _file;

    private RunsLock(FileStream file) => _file = file;

    /// <summary>Waits until no other process holds it.</summary>
    /// <exception cref="InputException">Another process holds it for minutes, or it cannot be written.</exception>
    /// <exception cref="OutputException">The disk is full.</exception>
    public static RunsLock Take(string folder, CancellationToken cancel)
    {
        var path = Path.Combine(folder, Name);
        for (var waited = TimeSpan.Zero; ; waited += pause)
        {
            cancel.ThrowIfCancellationRequested();
            try
            {
                Directory.CreateDirectory(folder);
                if (LockFile.TryTake(path) is { } file)
                    return new(file);
            }
            catch (Exception e) when (OutputFile.IsFailure(e))
            {
                throw OutputFile.Failed(path, e, "name another folder with --output DIR");
            }
            if (waited >= patience)
                throw new InputException($"{path}: another process has held it for {patience.TotalMinutes:0} minutes; wait for it or stop it");
            cancel.WaitHandle.WaitOne(pause);
        }
    }

    public void Dispose() => _file.Dispose();
}
