using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Cognito.Eval.Tests;

/// <summary>Answers every request with the same bytes, be they HTTP or not, and closes.</summary>
internal sealed class RawServer : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private int requests;

    public RawServer(string answer)
    {
        listener.Start();
        _ = Serve(Encoding.Latin1.GetBytes(answer));
    }

    public string Endpoint => $"http://{listener.LocalEndpoint}";

    public int Requests => requests;

    private async Task Serve(byte[] answer)
    {
        try
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync();
                Interlocked.Increment(ref requests);
                var stream = client.GetStream();
                await stream.ReadAtLeastAsync(new byte[1 << 16], 1);
                await stream.WriteAsync(answer);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException)
        {
            // The test is over.
        }
    }

    public void Dispose() => listener.Dispose();
}
