using System.Security.Cryptography;

namespace Cognito.Eval.Files;

/// <summary>Files of ours. They are there whole or not at all; one line says what keeps one from being written.</summary>
public static class OutputFile
{
    /// <summary>What <see cref="Name"/> puts behind a name, as a pattern of file names.</summary>
    private const string Temporaries = "*.tmp";

    /// <summary>
    /// Writes beside the place, under a name that no other process or thread uses, flushes to the disk, and moves there. So
    /// of two who write one file at once, the whole file of one is left.
    /// </summary>
    /// <param name="write">Writes the content; it may go back in what it wrote.</param>
    /// <param name="fix">What to do where the place itself is wrong.</param>
    /// <exception cref="InputException">The file cannot be there: a folder has its name, or the folder may not be written.</exception>
    /// <exception cref="OutputException">The disk is full or fails.</exception>
    public static void Write(string path, Action<Stream> write, string fix = "name another folder")
    {
        var temporary = Name(path);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            if (Directory.Exists(path))
                throw new IOException("a folder");
            using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.ReadWrite))
            {
                write(file);
                file.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (IsFailure(e))
        {
            Remove(temporary);
            throw Failed(path, e, fix);
        }
        catch
        {
            Remove(temporary);
            throw;
        }
    }

    /// <summary>A name beside a path, which nobody else chooses.</summary>
    public static string Name(string path) =>
        $"{path}.{Environment.ProcessId}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}.tmp";

    /// <summary>Removes what killed processes left in a folder of ours, when nobody else writes there.</summary>
    public static void RemoveTemporaries(string folder)
    {
        if (Directory.Exists(folder))
            foreach (var file in Directory.EnumerateFiles(folder, Temporaries))
                Remove(file);
    }

    /// <summary>Whether it is what writing a file may end with.</summary>
    /// <remarks>A file beyond what the system allows is an argument out of its range to .NET.</remarks>
    public static bool IsFailure(Exception e) =>
        e is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException { ParamName: "value" };

    /// <summary>One line that says why a file could not be written, and which exit code it is.</summary>
    /// <param name="fix">What to do where the place itself is wrong.</param>
    public static Exception Failed(string path, Exception e, string fix) => Trouble(e) is { } trouble && !Directory.Exists(path)
        ? new OutputException($"{path}: cannot be written ({trouble}); make room, then give the same command again", e)
        : new InputException($"{path}: cannot be written ({Fact(path, e)}); {fix}", e);

    /// <summary>What is wrong with the disk, and not with the name; null if it is the name.</summary>
    private static string? Trouble(Exception e) => (OperatingSystem.IsWindows(), e.HResult & 0xFFFF) switch
    {
        _ when e is ArgumentOutOfRangeException => "larger than a file may be here",
        _ when e.GetType() != typeof(IOException) => null,
        (true, 39 or 112) or (false, 28) => "the disk is full",
        (false, 122) => "the disk quota is used up",
        (false, 69) when OperatingSystem.IsMacOS() => "the disk quota is used up",
        (false, 5) => "the disk reports an error",
        _ => null,
    };

    private static string Fact(string path, Exception e) => e switch
    {
        _ when Directory.Exists(path) => "it is a folder",
        UnauthorizedAccessException => "permission denied",
        PathTooLongException => "its name is too long",
        FileNotFoundException or DirectoryNotFoundException => "its folder is not there",
        _ => (OperatingSystem.IsWindows(), e.HResult & 0xFFFF) switch
        {
            (false, 17 or 20) => "a file stands where its folder should be",
            (false, 30) => "the file system is read-only",
            _ => Files.Fact.Of(e),
        },
    };

    private static void Remove(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is in nobody's way: names are not used twice.
        }
    }
}

/// <summary>A file or stream could not be written, though its name is right. One line says which, and why.</summary>
public sealed class OutputException(string message, Exception inner) : Exception(message, inner);
