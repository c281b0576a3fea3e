using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Cognito.Eval.Files;

/// <summary>What a name stands for, links followed.</summary>
internal enum FileType
{
    Missing,
    Regular,
    Folder,
    Pipe,
    Socket,
    Device,

    /// <summary>A link that leads back to itself.</summary>
    Loop,

    /// <summary>A folder on the way may not be searched, or the file not be read.</summary>
    Denied,
}

/// <summary>
/// Opens without waiting, and tells types apart. .NET has no calls for this: it opens a named pipe by waiting for somebody to
/// write into it.
/// </summary>
internal static class UnixFile
{
    private const int NotThere = 2, Denied = 13, NoDevice = 6, NotAFolder = 20, NotPermitted = 1;
    private static readonly bool isMac = OperatingSystem.IsMacOS();

    /// <summary>ELOOP and ENAMETOOLONG, which each system numbers in its own way.</summary>
    private static readonly int loop = isMac ? 62 : 40, tooLong = isMac ? 63 : 36;

    /// <summary>O_NONBLOCK and O_CLOEXEC, beside O_RDONLY, which is 0.</summary>
    private static readonly int flags = isMac ? 0x4 | 0x1000000 : 0x800 | 0x80000;

    /// <summary>The type of what a path names; a link to nothing is missing.</summary>
    public static (FileType Type, long Length) Look(string path)
    {
        var status = new byte[StatusBytes];
        var name = Name(path);
        return (isMac ? Stat(name, status) : Statx(CurrentFolder, name, 0, TypeAndSize, status)) == 0
            ? Read(status) : (Failed(Marshal.GetLastPInvokeError()), 0);
    }

    /// <summary>Opens for reading and tells what was opened; no handle where that failed.</summary>
    public static (SafeFileHandle? Handle, FileType Type, long Length) Open(string path)
    {
        var descriptor = Open(Name(path), flags);
        if (descriptor < 0)
            return (null, Failed(Marshal.GetLastPInvokeError()), 0);
        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        var status = new byte[StatusBytes];
        if ((isMac ? FStat(descriptor, status) : Statx(descriptor, [0], OfDescriptor, TypeAndSize, status)) == 0)
        {
            var (type, length) = Read(status);
            return (handle, type, length);
        }
        handle.Dispose();
        return (null, FileType.Denied, 0);
    }

    private static FileType Failed(int error) => error switch
    {
        NotThere or NotAFolder => FileType.Missing,
        NoDevice => FileType.Socket,
        Denied or NotPermitted => FileType.Denied,
        _ when error == loop => FileType.Loop,
        _ when error == tooLong => FileType.Missing,
        _ => FileType.Denied,
    };

    /// <summary>A zero at the end, as C has it; a zero within would name another file.</summary>
    private static byte[] Name(string path) => path.Contains('\0') ? [0] : [.. Encoding.UTF8.GetBytes(path), 0];

    // Linux: statx(2), whose struct is the same on every processor. macOS: struct stat with 64-bit inodes.
    private const int StatusBytes = 256, CurrentFolder = -100, OfDescriptor = 0x1000, TypeAndSize = 0x1 | 0x200;

    private static (FileType, long) Read(ReadOnlySpan<byte> status)
    {
        var mode = BinaryPrimitives.ReadUInt16LittleEndian(status[(isMac ? 4 : 28)..]);
        var size = BinaryPrimitives.ReadInt64LittleEndian(status[(isMac ? 96 : 40)..]);
        return ((mode & 0xF000) switch
        {
            0x8000 => FileType.Regular,
            0x4000 => FileType.Folder,
            0x1000 => FileType.Pipe,
            0xC000 => FileType.Socket,
            _ => FileType.Device,
        }, size);
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static extern int Statx(int folder, byte[] path, int flags, uint mask, byte[] status);

    [DllImport("libc", EntryPoint = "stat", SetLastError = true)]
    private static extern int Stat(byte[] path, byte[] status);

    [DllImport("libc", EntryPoint = "fstat", SetLastError = true)]
    private static extern int FStat(int descriptor, byte[] status);
}
