using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Cognito.Eval.Tests;

/// <summary>llama.cpp's server as a process of its own, with cognito-nano in float32.</summary>
internal sealed class LlamaProcess : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _program;
    private Process? _process;

    private LlamaProcess(string program, int port)
    {
        (_program, Port) = (program, port);
        GgufCheckpoint.Write(Fixture.Nano, Model);
    }

    public int Port { get; }

    private string Model => Path.Combine(_folder.Path, "cognito-nano-f32.gguf");

    public string Address => $"http://127.0.0.1:{Port}";

    /// <summary>Starts it; skips the test where it is not there.</summary>
    public static async Task<LlamaProcess> StartAsync()
    {
        var program = Environment.GetEnvironmentVariable("COGNITO_EVAL_LLAMA_SERVER") is { Length: > 0 } named ? named : OnPath("llama-server");
        Assert.SkipWhen(program is null, "needs llama.cpp's llama-server: on PATH, or named by COGNITO_EVAL_LLAMA_SERVER");
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var port = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        var server = new LlamaProcess(program!, port);
        await server.StartAgainAsync();
        return server;
    }

    private void Begin() => _process = Process.Start(new ProcessStartInfo(_program,
        ["-m", Model, "--host", "127.0.0.1", "--port", $"{Port}", "-c", "32768", "-np", "4", "-t", "1", "-ctk", "f32", "-ctv", "f32", "-fa", "off", "--no-webui", "-lv", "1"])
    {
        RedirectStandardError = false,
        RedirectStandardOutput = false,
    })!;

    public async Task StartAgainAsync()
    {
        Begin();
        using var http = new HttpClient();
        for (var clock = Stopwatch.StartNew(); ; await Task.Delay(100, TestContext.Current.CancellationToken))
            try
            {
                Assert.False(_process!.HasExited, $"{_program} ended with {(_process.HasExited ? _process.ExitCode : 0)}");
                if ((await http.GetAsync($"{Address}/health", TestContext.Current.CancellationToken)).IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException)
            {
                Assert.True(clock.Elapsed < HangGuard.Long, "it never listens");
            }
    }

    /// <summary>As kill -9 does.</summary>
    public void Kill()
    {
        if (_process is null)
            return;
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
        _process = null;
    }

    public void Dispose()
    {
        Kill();
        _folder.Dispose();
    }

    private static string? OnPath(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
}
