namespace Cognito.Eval.Tests;

public sealed partial class HubTests
{
    private string Repository => Path.Combine(home.Path, "hub", "models--org--nano");

    private static string Blob(string file) => File.ResolveLinkTarget(file, true)!.FullName;

    /// <summary>Does to a snapshot's link, or to its blob, what should not happen to it.</summary>
    private static string Damage(string file, string how)
    {
        var blob = Blob(file);
        switch (how)
        {
            case "gone": File.Delete(blob); return $"its blob {Path.GetFileName(blob)} is missing";
            case "empty": File.WriteAllBytes(blob, []); return $"its blob {Path.GetFileName(blob)} is empty";
            case "not there": File.Delete(file); return "is missing";
            default: SpecialFile.Put(file, how); return SpecialFile.Fact(how);
        }
    }

    public static TheoryData<string, string> Damages
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (var file in (string[])["config.json", "tokenizer.model", "tokenizer_config.json", "model.safetensors.index.json", Weights])
                foreach (var how in (string[])["gone", "empty", "not there", "loop", "link to a folder"])
                    all.Add(file, how);
            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task A_cached_file_that_is_none_is_named_offline_and_fetched_again_online(string file, string how)
    {
        var folder = await Fetch();
        var fact = Damage(Path.Combine(folder, file), how);
        // Which optional files there are, nobody remembers without a network; all shards are enough without their index.
        if (file is not ("tokenizer_config.json" or "model.safetensors.index.json") || how != "not there")
        {
            var message = await Refused(Settings(offline: true));
            Assert.Contains(file, message);
            Assert.Contains(fact, message);
        }
        server.Requests.Clear();
        Assert.Equal(folder, await Fetch());
        Holds(folder);
        // A link alone is made again without its bytes.
        Assert.Equal(how is "gone" or "empty" ? 1 : 0, Downloads(file));
        Holds(await Fetch(Settings(offline: true)));
    }

    private int Downloads(string file) => server.Requests.Count(seen => seen.Method == "GET"
        && (seen.Path.EndsWith("/" + file, StringComparison.Ordinal) && !HubContent.IsLarge(file) || seen.Path.EndsWith(Hash(file), StringComparison.Ordinal)));

    [Fact]
    public async Task A_folder_where_a_file_belongs_is_named_and_not_removed()
    {
        var folder = await Fetch();
        SpecialFile.Put(Path.Combine(folder, "config.json"), "folder");
        Assert.Contains("config.json: a folder, not a file", await Refused(Settings(offline: true)));
        Assert.Contains("config.json: a folder where a file of the repository belongs; remove it", await Refused());
    }

    [Fact]
    public async Task Offline_a_revision_without_a_ref_is_named_as_that()
    {
        await Fetch();
        var reference = Path.Combine(Repository, "refs", "main");
        var commit = File.ReadAllText(reference);
        File.WriteAllText(reference, commit + "\n");
        Holds(await Fetch(Settings(offline: true)));
        File.WriteAllText(reference, "main\n");
        Assert.Contains("(refs/main holds no commit)", await Refused(Settings(offline: true)));
        File.WriteAllText(reference, new string('a', 40));
        Assert.Contains($"(snapshots/{new string('a', 40)} is missing)", await Refused(Settings(offline: true)));
        SpecialFile.Put(reference, "loop");
        Assert.Contains("(refs/main is a link that leads back to itself)", await Refused(Settings(offline: true)));
        File.Delete(reference);
        Assert.Contains("(refs/main is missing)", await Refused(Settings(offline: true)));
        Assert.Contains("(refs/v2 is missing)", await Refused(Settings(offline: true), repo with { Revision = "v2" }));
        Holds(await Fetch(Settings(offline: true), repo with { Revision = commit }));
        Holds(await Fetch());
        Assert.Equal(commit, File.ReadAllText(reference));
    }

    [Fact]
    public async Task A_snapshot_without_files_is_fetched_whole()
    {
        var folder = await Fetch();
        foreach (var file in Directory.EnumerateFiles(folder))
            File.Delete(file);
        Assert.Contains("(config.json is missing)", await Refused(Settings(offline: true)));
        server.Requests.Clear();
        Holds(await Fetch());
        // The blobs were there all the time.
        Assert.DoesNotContain(server.Requests, seen => seen.Path.StartsWith("/blobs", StringComparison.Ordinal) && seen.Method == "GET");
    }

    [Fact]
    public async Task A_blob_in_whose_place_there_is_no_file_is_named()
    {
        var folder = await Fetch();
        var blob = Blob(Path.Combine(folder, Weights));
        SpecialFile.Put(blob, "folder");
        Assert.Contains(": a folder, not a file; remove it", await Refused());
    }
}
