using System.Text.RegularExpressions;
using Cognito.Eval.Torch.Architectures;

namespace Cognito.Eval.Tests;

/// <summary>An architecture is one page of the folder Architectures, and nothing else knows its name.</summary>
public sealed partial class ArchitecturePagesTests
{
    /// <summary>The registry, and config.jsons written out.</summary>
    private static readonly string[] ListsOfNames = ["Architecture.cs", "NamedShapes.cs"];

    public static TheoryData<string> Names => [.. Architecture.Known.Select(page => page.Name)];

    [Theory, MemberData(nameof(Names))]
    public void A_name_stands_on_its_page_alone(string name)
    {
        var page = Architecture.Known.Single(page => page.Name == name);
        var own = page.GetType().Name;
        var named = new Regex($@"\b{Regex.Escape(page.Name)}\b|""{Regex.Escape(page.ModelType)}""");
        bool Knows(string text) => named.IsMatch(text) || Regex.IsMatch(Literal().Replace(text, ""), $@"\b{own}\b");
        Assert.Equal([own + ".cs"], Texts().Where(one => Knows(one.Text)).Select(one => Path.GetFileName(one.File)));
    }

    [Fact]
    public void Nothing_asks_which_architecture_it_is()
    {
        var asking = new Regex(@"\bArchitecture\s*(==|!=|\bis\b|switch)|(==|!=)\s*[\w.]*\bArchitecture\b|\bis\s+(not\s+)?Architectures?\.");
        Assert.Matches(asking, "config.Architecture == other");
        Assert.Empty(Texts().Where(one => asking.IsMatch(one.Text)).Select(one => one.File));
    }

    [Fact]
    public void Each_name_and_type_is_of_one_page()
    {
        Assert.Equal(Architecture.Known.Count, Architecture.Known.Select(page => page.Name).Distinct().Count());
        Assert.Equal(Architecture.Known.Count, Architecture.Known.Select(page => page.ModelType).Distinct().Count());
        Assert.Equal(
            Architecture.Known.Select(page => page.GetType()).OrderBy(type => type.Name),
            typeof(Architecture).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Architecture))).OrderBy(type => type.Name));
    }

    /// <summary>docs/architectures.md: a line for each page, and under each class the checkpoints that prove it, all there are.</summary>
    [Fact]
    public void The_page_for_readers_lists_each_class_with_its_type_and_its_goldens()
    {
        var parts = File.ReadAllText(Path.Combine(Source.Root, "docs", "architectures.md")).Split("\n## ");
        string[][] Rows(string title) => [.. parts.Single(part => part.StartsWith(title, StringComparison.Ordinal)).Split('\n')
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal)).Select(line => line.Split('|', StringSplitOptions.TrimEntries)[1..])];
        Assert.Equal(Architecture.Known.Select(page => ($"`{page.Name}`", $"`{page.ModelType}`")).Order(),
            Rows("The classes").Select(row => (row[0], row[1])).Order());
        Assert.Equal(
            Directory.EnumerateDirectories(Fixture.Path("checkpoints"), "tiny-*")
                .Select(folder => ($"`{ModelConfig.Read(folder).Architecture}`", $"`{Path.GetFileName(folder)}`")).Order(),
            Rows("What proves each").SelectMany(row => row[1].Split(", "), (row, folder) => (row[0], folder)).Where(row => row.folder != "none").Order());
        Assert.Contains(["`DeepseekForCausalLM`", "none"], Rows("What proves each").Select(row => row[..2]));
    }

    [GeneratedRegex(@"""(?:\\.|[^""\\\n])*""")]
    private static partial Regex Literal();

    /// <summary>The source without comments and lists of all names; tokenizers are called after models, but are others.</summary>
    private static IEnumerable<(string File, string Text)> Texts() => Source.Files()
        .Where(file => !ListsOfNames.Contains(Path.GetFileName(file)) && !file.Contains("Cognito.Eval.Tokenizers", StringComparison.Ordinal))
        .Select(file => (file, string.Join('\n', File.ReadLines(file)
            .Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal)))));
}
