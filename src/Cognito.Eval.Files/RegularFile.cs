using System.IO.Enumeration;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Cognito.Eval.Files;

/// <summary>
/// The one opener of files from outside. It takes regular files and links to them: no named pipe, device, socket or folder.
/// A file is opened once, so what was looked at is what is read. It is never longer than its kind may be.
/// </summary>
public static class RegularFile
{
    /// <summary>
    /// Whether something has that name, be it a file or not. A folder in place of a file is not missing: opening it is an
    /// error. A link to nothing is nothing.
    /// </summary>
    public static bool Exists(string path) => Look(path).Type != FileType.Missing;

    /// <summary>What keeps a path from being a file that can be opened; null where nothing does.</summary>
    public static string? Fault(string path) => Look(path).Type is var type and not FileType.Regular ? Fact(path, type) : null;

    /// <summary>In bytes; 0 where there is no file.</summary>
    public static long Length(string path) => Look(path) is { Type: FileType.Regular } found ? found.Length : 0;

    /// <summary>Opens for reading by offsets.</summary>
    /// <exception cref="InputException">It is no regular file, is not there, or is larger than its kind may be.</exception>
    public static SafeFileHandle OpenHandle(string path, FileKind kind)
    {
        // Not even opened where it is none: to open a device may do something.
        var type = Look(path).Type;
        if (type != FileType.Regular)
            throw Refused(path, Fact(path, type), kind);
        var (handle, opened, length) = OperatingSystem.IsWindows() ? OpenByDotNet(path) : UnixFile.Open(path);
        if (handle is not null && opened == FileType.Regular && length <= kind.Most)
            return handle;
        handle?.Dispose();
        throw Refused(path, opened == FileType.Regular
            ? $"it has {length} bytes, more than {kind.Name} may have ({kind.Most})" : Fact(path, opened), kind);
    }

    /// <summary>The same, for reading from the beginning.</summary>
    /// <exception cref="InputException">As of <see cref="OpenHandle"/>.</exception>
    public static FileStream Open(string path, FileKind kind)
    {
        var handle = OpenHandle(path, kind);
        try
        {
            return new(handle, FileAccess.Read);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>All of it.</summary>
    /// <exception cref="InputException">As of <see cref="OpenHandle"/>; or another number of bytes comes than it has.</exception>
    public static byte[] Read(string path, FileKind kind)
    {
        using var handle = OpenHandle(path, kind);
        try
        {
            var bytes = new byte[RandomAccess.GetLength(handle)];
            var at = 0;
            for (int read; at < bytes.Length && (read = RandomAccess.Read(handle, bytes.AsSpan(at), at)) > 0;)
                at += read;
            // Files of /proc are regular by name and have no bytes, or more than they say.
            return at == bytes.Length && RandomAccess.Read(handle, new byte[1], at) == 0 ? bytes
                : throw Refused(path, $"it has {bytes.Length} bytes by its own account, and others come", kind);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new InputException($"{path}: it cannot be read; {kind.Fix}", e);
        }
    }

    /// <summary>All of it as text, UTF-8 unless a byte order mark says otherwise.</summary>
    /// <exception cref="InputException">As of <see cref="Read"/>.</exception>
    public static string ReadText(string path, FileKind kind)
    {
        using var text = new StreamReader(new MemoryStream(Read(path, kind)), Encoding.UTF8);
        return text.ReadToEnd();
    }

    /// <summary>Its lines, one after the other.</summary>
    /// <exception cref="InputException">As of <see cref="OpenHandle"/>.</exception>
    public static IEnumerable<string> ReadLines(string path, FileKind kind)
    {
        using var text = new StreamReader(Open(path, kind), Encoding.UTF8);
        while (text.ReadLine() is { } line)
            yield return line;
    }

    /// <summary>All that lies in a folder and the folders in it, but for folders; links to folders are not entered.</summary>
    public static IEnumerable<string> Under(string folder) => new FileSystemEnumerable<string>(
        folder, (ref entry) => entry.ToFullPath(), new() { RecurseSubdirectories = true, AttributesToSkip = 0 })
    {
        ShouldIncludePredicate = (ref entry) => !entry.IsDirectory || IsLink(entry),
        ShouldRecursePredicate = (ref entry) => !IsLink(entry),
    };

    private static bool IsLink(in FileSystemEntry entry) => entry.Attributes.HasFlag(FileAttributes.ReparsePoint);

    private static InputException Refused(string path, string fact, FileKind kind) => new(
        $"{path}: {fact}; {(kind.IsChosen && !Path.Exists(path) ? NearNames.PathHint(path) : "")}{kind.Fix}");

    private static string Fact(string path, FileType type) => type switch
    {
        FileType.Missing => LinkTarget(path) is { } target ? $"a link to {target}, which is not there" : "no such file",
        FileType.Folder => "a folder, not a file",
        FileType.Pipe => "a named pipe, not a file",
        FileType.Socket => "a socket, not a file",
        FileType.Device => "a device, not a file",
        FileType.Loop => "a link that leads back to itself",
        FileType.Denied => "it cannot be read, by its permissions or a folder's",
        _ => "it changed while it was opened",
    };

    /// <summary>What a link says; null where the path is none.</summary>
    public static string? LinkTarget(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    private static (FileType Type, long Length) Look(string path) =>
        OperatingSystem.IsWindows() ? LookByDotNet(path) : UnixFile.Look(path);

    private static (FileType Type, long Length) LookByDotNet(string path)
    {
        try
        {
            var named = new FileInfo(path);
            var file = named.ResolveLinkTarget(returnFinalTarget: true) ?? named;
            return !file.Exists ? (Directory.Exists(file.FullName) ? FileType.Folder : FileType.Missing, 0)
                : file.Attributes.HasFlag(FileAttributes.Directory) ? (FileType.Folder, 0)
                : (FileType.Regular, new FileInfo(file.FullName).Length);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or ArgumentException)
        {
            return (FileType.Missing, 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (e is IOException ? FileType.Loop : FileType.Denied, 0);
        }
    }

    private static (SafeFileHandle? Handle, FileType Type, long Length) OpenByDotNet(string path)
    {
        SafeFileHandle? handle = null;
        try
        {
            handle = File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
            return (handle, FileType.Regular, RandomAccess.GetLength(handle));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            handle?.Dispose();
            return (null, e is NotSupportedException ? FileType.Device : FileType.Denied, 0);
        }
    }
}
