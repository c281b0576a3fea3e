using Cognito.Eval.Files;

namespace Cognito.Eval.Tests;

public sealed class RegularFileTests : IDisposable
{
    private static readonly FileKind Small = new("a small file", 10, "give a small file");
    private readonly TemporaryFolder folder = new();

    public RegularFileTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "Unix has what this is about");

    public static TheoryData<string> Kinds => [.. SpecialFile.Kinds, "nothing"];

    private string At(string name) => Path.Combine(folder.Path, name);

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_file_and_a_link_to_it_are_read()
    {
        folder.Write("a", "abc");
        File.CreateSymbolicLink(At("b"), "a");
        Assert.Equal("abc"u8.ToArray(), RegularFile.Read(At("a"), Small));
        Assert.Equal("abc", RegularFile.ReadText(At("b"), Small));
        Assert.Equal(["abc"], RegularFile.ReadLines(At("b"), Small));
        using var open = RegularFile.Open(At("b"), Small);
        Assert.Equal((3, 'a'), (open.Length, (char)open.ReadByte()));
        Assert.Equal((3, 0), (RegularFile.Length(At("b")), RegularFile.Length(At("c"))));
        Assert.Equal((true, false), (RegularFile.Exists(At("b")), RegularFile.Exists(At("c"))));
        Assert.Null(RegularFile.Fault(At("b")));
        Assert.Empty(RegularFile.Read(folder.Write("empty", ""), Small));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task What_is_no_file_is_refused_in_one_line_and_not_waited_for(string kind)
    {
        SpecialFile.Put(At("x"), kind);
        foreach (var read in (Action[])[() => RegularFile.Read(At("x"), Small), () => RegularFile.Open(At("x"), Small), () => RegularFile.OpenHandle(At("x"), Small)])
        {
            var message = await SpecialFile.Refusal(read);
            Assert.StartsWith(At("x") + ": ", message);
            Assert.Contains(SpecialFile.Fact(kind), message);
            Assert.EndsWith("; give a small file", message);
        }
        // A folder in place of a file is no absence; a link to nothing is.
        Assert.Equal(kind != "nothing", RegularFile.Exists(At("x")));
        Assert.Equal(0, RegularFile.Length(At("x")));
    }

    [Fact]
    public async Task A_pipe_put_there_after_the_look_is_opened_without_waiting_and_seen_for_what_it_is()
    {
        SpecialFile.Put(At("x"), "pipe");
        var (handle, type, _) = await Task.Run(() => UnixFile.Open(At("x"))).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        handle!.Dispose();
        Assert.Equal(FileType.Pipe, type);
    }

    [Fact]
    public void A_file_of_more_bytes_than_its_kind_may_have_is_refused_unread()
    {
        using (var sparse = File.Create(At("x")))
            sparse.SetLength(1L << 40);
        Assert.Equal($"{At("x")}: it has {1L << 40} bytes, more than a small file may have (10); give a small file",
            Assert.Throws<InputException>(() => RegularFile.Read(At("x"), Small)).Message);
        Assert.Equal(10, RegularFile.Read(folder.Write("y", new byte[10]), Small).Length);
        Assert.Throws<InputException>(() => RegularFile.Read(folder.Write("z", new byte[11]), Small));
    }

    [Theory]
    [InlineData("/proc/self/status")]
    [InlineData("/proc/meminfo")]
    [InlineData("/sys/kernel/mm/transparent_hugepage/enabled")]
    public async Task A_file_that_is_not_as_long_as_it_says_is_refused(string path)
    {
        Assert.SkipUnless(File.Exists(path), $"there is no {path} here");
        File.CreateSymbolicLink(At("x"), path);
        Assert.Matches("by its own account, and others come|cannot be read", await SpecialFile.Refusal(() => RegularFile.Read(At("x"), FileKind.Config)));
    }

    [Theory]
    [InlineData("no/x")]
    [InlineData("a/x")]
    [InlineData("")]
    [InlineData("a\0b")]
    public async Task A_path_that_cannot_be_is_no_file(string path)
    {
        folder.Write("a", "abc");
        var odd = path.Length == 0 ? "" : At(path);
        Assert.Contains("no such file", await SpecialFile.Refusal(() => RegularFile.Read(odd, Small)));
        Assert.False(RegularFile.Exists(odd));
    }

    [Fact]
    public void Links_to_folders_are_listed_and_not_entered()
    {
        folder.Write("a/b/c", "1");
        folder.Write("a/d", "2");
        File.CreateSymbolicLink(At("a/b/up"), "..");
        File.CreateSymbolicLink(At("a/gone"), "nowhere");
        Assert.Equal(["a/b/c", "a/b/up", "a/d", "a/gone"], RegularFile.Under(folder.Path)
            .Select(path => Path.GetRelativePath(folder.Path, path)).Order(StringComparer.Ordinal));
    }
}
