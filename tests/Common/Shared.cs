namespace Cognito.Eval.Tests;

/// <summary>Reference data that is not part of the project: COGNITO_EVAL_SHARED, or a folder "shared" beside the checkout.</summary>
internal static class Shared
{
    public static string? Folder { get; } = Find();

    /// <summary>A path in the shared folder; skips the test where there is none.</summary>
    public static string Path(params string[] parts)
    {
        Assert.SkipWhen(Folder is null, "needs reference data: set COGNITO_EVAL_SHARED to its folder");
        return System.IO.Path.Combine([Folder!, .. parts]);
    }

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("COGNITO_EVAL_SHARED") is { Length: > 0 } named)
            return Directory.Exists(named) ? named : null;
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(System.IO.Path.Combine(at.FullName, "Cognito.Eval.sln")))
            {
                var beside = System.IO.Path.Combine(at.Parent?.FullName ?? "/", "shared");
                return Directory.Exists(System.IO.Path.Combine(beside, "goldens")) ? beside : null;
            }
        return null;
    }
}

/// <summary>Files the tests carry with them.</summary>
internal static class Fixture
{
    public static string Path(params string[] parts) =>
        System.IO.Path.Combine([AppContext.BaseDirectory, "fixtures", .. parts]);

    /// <summary>The folder of the solution, whose sources and documents some tests read.</summary>
    public static string Repository { get; } = FolderOf("Cognito.Eval.sln");

    /// <summary>The checkpoint that the program brings with it.</summary>
    public static string Nano => System.IO.Path.Combine(AppContext.BaseDirectory, "checkpoints", "cognito-nano");

    /// <summary>The samples of the benchmarks' data.</summary>
    public static string Samples => System.IO.Path.Combine(AppContext.BaseDirectory, "samples");

    /// <summary>A file of docs/, which the build copies beside the tests.</summary>
    public static string Document(string name) => System.IO.Path.Combine(AppContext.BaseDirectory, "docs", name);

    private static string FolderOf(string file)
    {
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(System.IO.Path.Combine(at.FullName, file)))
            at = at.Parent ?? throw new DirectoryNotFoundException($"no folder above {AppContext.BaseDirectory} holds {file}");
        return at.FullName;
    }
}

/// <summary>The program's own source, where the tests run beside it.</summary>
internal static class Source
{
    /// <summary>The repository's folder.</summary>
    public static string Root
    {
        get
        {
            var at = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(at.FullName, "Cognito.Eval.sln")))
                at = at.Parent!;
            return at.FullName;
        }
    }

    /// <summary>Every file of C#, what builds write left out.</summary>
    public static IEnumerable<string> Files() => ((string[])["src", "tasks"])
        .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories))
        .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
            && !file.Contains($"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}", StringComparison.Ordinal));
}
