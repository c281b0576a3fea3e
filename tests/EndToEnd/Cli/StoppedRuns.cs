using System.Text.Json.Nodes;
using Cognito.Eval.Journal;

namespace Cognito.Eval.Tests;

/// <summary>Runs that are stopped, and what is read of them.</summary>
public abstract class StoppedRuns : IDisposable
{
    /// <summary>Log-likelihoods, of which some are soon kept, then answers that take one thread seconds: time to be stopped in.</summary>
    private protected static readonly string[] Small =
        ["-t", "winogrande,truthfulqa,gsm8k", "--limit", "6", "--device", "cpu", "--batch-tokens", "512", "--threads", "1"];

    private protected readonly CommandLine line = new();

    public void Dispose()
    {
        line.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Ends a run by a signal once answers are kept; begins again where it was done before anybody looked.</summary>
    private protected void Stop(string root, string signal, int code, string[] args)
    {
        for (var tries = 0; tries < 20; tries++)
        {
            using var process = line.Start([], [.. args, "-o", line.At(root)]);
            while (!process.HasExited && Kept(root) == 0)
                Thread.Sleep(5);
            Signal(signal, process);
            process.WaitForExit();
            if (process.ExitCode == code && Kept(root) > 0)
                return;
            Assert.Equal(0, process.ExitCode);
            Directory.Delete(line.At(root), recursive: true);
        }
        Assert.Fail("each run was done before answers were seen");
    }

    private protected static void Signal(string signal, System.Diagnostics.Process process)
    {
        using var kill = System.Diagnostics.Process.Start("kill", [$"-{signal}", $"{process.Id}"]);
        kill.WaitForExit();
    }

    private protected static void ChangeOneWeight(string model)
    {
        var file = Directory.EnumerateFiles(model, "*.safetensors").Order(StringComparer.Ordinal).First();
        var stamp = File.GetLastWriteTimeUtc(file);
        using (var stream = File.Open(file, FileMode.Open))
        {
            stream.Seek(-1001, SeekOrigin.End);
            var old = stream.ReadByte();
            stream.Seek(-1, SeekOrigin.Current);
            stream.WriteByte((byte)(old ^ 1));
        }
        File.SetLastWriteTimeUtc(file, stamp);
    }

    private protected long Kept(string root) => Directory.Exists(line.At(root))
        ? Directory.EnumerateFiles(line.At(root), JournalFile.Name, SearchOption.AllDirectories)
            .Sum(file => AnswerJournal.Peek(Path.GetDirectoryName(file)!)?.KeptRequests ?? 0) : 0;

    private protected List<string> Results(string root) =>
        [.. Directory.EnumerateFiles(line.At(root), "results.json", SearchOption.AllDirectories).OrderBy(Path.GetDirectoryName, StringComparer.Ordinal)];

    private protected JsonObject Result(string root) => JsonNode.Parse(File.ReadAllText(Results(root).Single()))!.AsObject();

    /// <summary>All that must be equal: the results without what is allowed to differ, and the details' bytes.</summary>
    private protected List<string> Bytes(string root)
    {
        var result = Result(root);
        Assert.Equal("run", result.Last().Key);
        result.Remove("run");
        var details = Path.Combine(Path.GetDirectoryName(Results(root).Single())!, "details");
        return [result.ToJsonString(), .. Directory.EnumerateFiles(details).Order(StringComparer.Ordinal)
            .Select(file => Path.GetFileName(file) + Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file))))];
    }

    private protected CommandLine.Outcome Works(params string[] args)
    {
        var outcome = line.Run(args);
        Assert.True(outcome.Code == 0, outcome.Error);
        return outcome;
    }

    private protected void Refused(string why, params string[] args)
    {
        var outcome = line.Run(args);
        Assert.Equal(2, outcome.Code);
        Assert.Contains(why, outcome.Error);
        Assert.StartsWith("cognito-eval: ", outcome.Error.TrimEnd().Split('\n')[^1]);
    }
}
