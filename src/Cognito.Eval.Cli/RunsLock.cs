using Cognito.Eval.Files;

namespace Cognito.Eval.Cli;

/// <summary>
/// Held while a run of a model is begun, gone on with, ended or merged, so that processes side by side do that one after
/// the other. It lies beside the runs' folders, and is held for moments, never while a model works.
/// </summary>
/// <remarks>
/// .NET locks a file opened with <see cref="FileShare.None"/> by flock(2) on Unix. Where a file system has none, nothing is
/// locked: then run folders are still whole or absent, since they are made by rename, and a second process on one is told by
/// its journal.
/// </remarks>
internal sealed class RunsLock : IDisposable
{
    public const string Name = ".lock";

    private static readonly TimeSpan pause = TimeSpan.FromMilliseconds(20), patience = TimeSpan.FromMinutes(2);
    private readonly FileStream _file;

    private RunsLock(FileStream file) => _file = file;

    /// <summary>Waits until no other process holds it. The file stays: removing it would split those who wait.</summary>
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
                if (RegularFile.Exists(path) && RegularFile.Fault(path) is { } fault)
                    throw new InputException($"{path}: {fault}; remove it");
                return new(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            }
            catch (IOException e) when (IsHeld(e) && waited < patience)
            {
                // Neither .NET nor every system tells when another process lets go of a file's lock: it is asked again.
                cancel.WaitHandle.WaitOne(pause);
            }
            catch (IOException e) when (IsHeld(e))
            {
                throw new InputException($"{path}: another process has held it for {patience.TotalMinutes:0} minutes; "
                    + "wait for it or stop it", e);
            }
            catch (Exception e) when (OutputFile.IsFailure(e))
            {
                throw OutputFile.Failed(path, e, "name another folder with --output DIR");
            }
        }
    }

    public void Dispose() => _file.Dispose();

    /// <summary>EWOULDBLOCK, which Linux and macOS number 11 and 35; a sharing violation on Windows.</summary>
    private static bool IsHeld(IOException e) => (e.HResult & 0xFFFF) is var code
        && (OperatingSystem.IsWindows() ? code is 32 or 33 : code is 11 or 35);
}
