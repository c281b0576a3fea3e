using System.Diagnostics;
using System.Net.Sockets;
using Cognito.Eval.Files;

namespace Cognito.Eval.Tests;

/// <summary>Puts what is no file where a file belongs.</summary>
internal static class SpecialFile
{
    public static readonly string[] Kinds = ["pipe", "device", "folder", "link to a folder", "loop", "socket"];

    /// <summary>What a message says of it.</summary>
    public static string Fact(string kind) => kind switch
    {
        "pipe" => "a named pipe, not a file",
        "device" => "a device, not a file",
        "folder" or "link to a folder" => "a folder, not a file",
        "loop" => "a link that leads back to itself",
        "socket" => "a socket, not a file",
        "nothing" => "which is not there",
        _ => throw new ArgumentException(kind),
    };

    public static void Put(string path, string kind)
    {
        File.Delete(path);
        switch (kind)
        {
            case "pipe":
                using (var made = Process.Start("mkfifo", [path]))
                    made.WaitForExit();
                break;
            case "device": File.CreateSymbolicLink(path, "/dev/zero"); break;
            case "folder": Directory.CreateDirectory(path); break;
            case "link to a folder": File.CreateSymbolicLink(path, "/"); break;
            case "loop": File.CreateSymbolicLink(path, Path.GetFileName(path)); break;
            case "nothing": File.CreateSymbolicLink(path, "gone"); break;
            case "socket":
                // It stays when it is closed, unless .NET removes it: so another name is bound and moved.
                using (var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
                {
                    socket.Bind(new UnixDomainSocketEndPoint(path + "s"));
                    File.Move(path + "s", path);
                }
                break;
            default: throw new ArgumentException(kind);
        }
    }

    /// <summary>The one line that an input is refused with, before anybody would call it a hang.</summary>
    public static async Task<string> Refusal(Action read)
    {
        var message = (await Assert.ThrowsAsync<InputException>(() => Task.Run(read).WaitAsync(TimeSpan.FromSeconds(60)))).Message;
        Assert.DoesNotContain('\n', message);
        return message;
    }
}
