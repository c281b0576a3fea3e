using System.Net.Sockets;
using System.Text.Json;
using Cognito.Eval.Files;
using Cognito.Eval.Results;

namespace Cognito.Eval.Tests;

/// <summary>Failures of the system and of libraries, in words that hold no type and no source.</summary>
public sealed class FactTests
{
    [Fact]
    public void Each_failure_is_a_fact()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal("it is not there", Of(() => File.ReadAllText(Path.Combine(folder.Path, "none"))));
        Assert.Equal("it is not there", Of(() => File.ReadAllText(Path.Combine(folder.Path, "no", "ne"))));
        Assert.Equal("no rights to it, or a folder where a file belongs", Of(() => File.WriteAllText(folder.Path, "")));
        Assert.Equal("the connection was refused", Of(() => new TcpClient().Connect("127.0.0.1", 1)));
        Assert.Equal("not JSON, line 2", Of(() => JsonDocument.Parse("{\n x")));
        Assert.Equal("a.b[1] is null or of another kind than belongs there, line 1", Of(() =>
            JsonSerializer.Deserialize<Dictionary<string, Dictionary<string, int[]>>>("{\"a\":{\"b\":[1,\"x\"]}}")));
        Assert.Equal("Duplicate name \"a\"", Of(() => JsonDocument.Parse(
            "{\"a\":1,\"a\":2}", new JsonDocumentOptions { AllowDuplicateProperties = false })));
        Assert.Equal("the whole lacks leaderboard, provenance, line 1", Of(() => JsonSerializer.Deserialize<Run>("{}", RunFile.Options)));
    }

    [Fact]
    public void A_full_disk_is_called_that()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "no /dev/full here");
        Assert.Equal("the disk is full", Of(() =>
        {
            using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.None, 0);
            full.Write([1]);
        }));
    }

    [Fact]
    public void What_this_program_says_itself_stands()
    {
        var message = Assert.Throws<InputException>(() => RunFile.Read("/nowhere/x.json")).Message;
        Assert.Equal(message, Fact.Of(new InputException(message)));
    }

    private static string Of(Action work)
    {
        var failure = Record.Exception(work)!;
        Assert.NotNull(failure);
        Assert.Null(Wording.Fault(Fact.Of(failure)));
        return Fact.Of(failure);
    }
}
