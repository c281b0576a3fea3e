using System.IO.Compression;
using System.Security.Cryptography;
using System.Xml.Linq;
using Cognito.Eval.Cli;
using Cognito.Eval.Files;
using Cognito.Eval.Torch.Native;

namespace Cognito.Eval.Tests;

/// <summary>libtorch's package, found or fetched; from a feed that is a folder, with no network.</summary>
public sealed class LibTorchFetchTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly List<string> said = [];

    public void Dispose() => folder.Dispose();

    private string At(params string[] parts) => Path.Combine([folder.Path, .. parts]);

    private string Packages => At("cache", "packages");

    private LibTorchFetch Fetch(bool offline = false) => new() { IsOffline = () => offline, Say = said.Add, ConfigFolder = At("user") };

    private static string Library => LibTorchFolder.FileName("torch_cpu");

    /// <summary>A package of one library in a feed that alone is NuGet's source in the user's folder.</summary>
    private LibTorchPackage Publish(string content = "a library")
    {
        Directory.CreateDirectory(At("feed"));
        folder.Write("user/NuGet.Config", $"""
            <configuration><packageSources><clear /><add key="feed" value="{At("feed")}" /></packageSources></configuration>
            """);
        var path = At("feed", "cognito.test.libtorch.1.2.3.nupkg");
        using (var zip = new ZipArchive(File.Create(path), ZipArchiveMode.Create))
        {
            void Add(string name, string text)
            {
                using var writer = new StreamWriter(zip.CreateEntry(name).Open());
                writer.Write(text);
            }
            Add("cognito.test.libtorch.nuspec", """
                <package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd"><metadata>
                <id>cognito.test.libtorch</id><version>1.2.3</version><authors>us</authors><description>None.</description>
                </metadata></package>
                """);
            Add($"runtimes/here/native/{Library}", content);
        }
        return new("here", "cognito.test.libtorch", "1.2.3", Convert.ToBase64String(SHA512.HashData(File.ReadAllBytes(path))), 1, 1);
    }

    private string Refused(Func<string> fetch)
    {
        var message = Assert.Throws<InputException>(fetch).Message;
        Assert.DoesNotContain('\n', message);
        Assert.Contains("--libtorch DIR or COGNITO_LIBTORCH", message);
        Assert.False(Directory.Exists(Path.Combine(Packages, "cognito.test.libtorch")));
        Assert.Empty(Directory.Exists(Packages) ? Directory.EnumerateDirectories(Packages) : []);
        return message;
    }

    [Fact]
    public void What_the_configured_source_has_is_fetched_once_and_said()
    {
        var package = Publish();
        // Left by one that was killed.
        Directory.CreateDirectory(Path.Combine(Packages, ".fetch-0"));
        var libraries = Fetch().Into(package, Packages);
        Assert.Equal("a library", File.ReadAllText(Path.Combine(libraries, Library)));
        Assert.Contains("fetching cognito.test.libtorch 1.2.3 through NuGet", Assert.Single(said));
        Assert.Equal(libraries, LibTorchFolder.Packaged(package, [At("none"), Packages]));
        // Nothing lies beside it: no packed copy, no half.
        Assert.Equal(["cognito.test.libtorch"], Directory.EnumerateDirectories(Packages).Select(Path.GetFileName));
        Assert.Empty(Directory.EnumerateFiles(Packages, "*.nupkg", SearchOption.AllDirectories));
        Directory.Delete(At("feed"), recursive: true);
        Assert.Equal(libraries, Fetch().Into(package, Packages));
        Assert.Single(said);
    }

    [Fact]
    public void Other_bytes_than_those_published_are_refused_and_not_kept()
    {
        var published = Publish();
        Publish("another library");
        Assert.Contains("is not the published package", Refused(() => Fetch().Into(published, Packages)));
    }

    [Fact]
    public void Offline_nothing_is_fetched()
    {
        var package = Publish();
        Assert.Contains("offline none is fetched", Refused(() => Fetch(offline: true).Into(package, Packages)));
        Assert.Empty(said);
        var parsed = RunCommand.Create().Parse(["--offline"]);
        Assert.Equal(0, Session.Guard(parsed, () => NativeTorch.Fetch!.IsOffline() ? 0 : 1));
    }

    [Fact]
    public void A_source_that_lacks_it_is_told_in_a_line()
    {
        var package = Publish() with { Version = "9.9.9" };
        Assert.Contains("9.9.9: not fetched: no source of NuGet has it", Refused(() => Fetch().Into(package, Packages)));
    }

    [Fact]
    public void A_package_in_another_folder_counts_only_with_the_published_hash_and_whole()
    {
        var package = Publish();
        string Unpack(string name, string? hash, bool whole)
        {
            var place = $"{name}/{package.Name}/{package.Version}";
            folder.Write($"{place}/runtimes/here/native/{(whole ? Library : "other")}", "");
            if (hash is not null)
                folder.Write($"{place}/.nupkg.metadata", $$"""{"version": 2, "contentHash": "{{hash}}"}""");
            return At(name);
        }
        string[] bad = [At("none"), Unpack("other", "x", true), Unpack("bare", null, true), Unpack("cut", package.ContentHash, false)];
        Assert.Null(LibTorchFolder.Packaged(package, bad));
        var good = Unpack("good", package.ContentHash, true);
        Assert.Equal(Path.Combine(package.Below(good), "runtimes", "here", "native"),
            LibTorchFolder.Packaged(package, [.. bad, good, Unpack("late", package.ContentHash, true)]));
    }

    [Fact]
    public void The_packages_are_those_that_the_build_names()
    {
        var versions = XDocument.Load(Path.Combine(Fixture.Repository, "Directory.Packages.props")).Descendants("PackageVersion")
            .ToLookup(it => it.Attribute("Include")!.Value, it => it.Attribute("Version")!.Value);
        Assert.All(LibTorchPackage.All, package => Assert.Equal([package.Version], versions[package.Name]));
        Assert.Equal(["linux-x64", "osx-arm64", "win-x64"], LibTorchPackage.All.Select(package => package.Platform));
        // What the build restored for itself is what is pinned here.
        if (LibTorchPackage.Here is { } here && LibTorchPackage.Folders().First() is var packages && here.HashIn(packages) is { } hash)
            Assert.Equal(here.ContentHash, hash);
    }
}
