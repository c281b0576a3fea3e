using System.Text.RegularExpressions;
using Cognito.Eval.Files;

namespace Cognito.Eval.Tests;

/// <summary>The source itself: nothing but <see cref="RegularFile"/> opens files from outside.</summary>
public sealed partial class OneOpenerTests
{
    /// <summary>Who may call .NET's own, and why.</summary>
    private static readonly Dictionary<string, string> Allowed = new()
    {
        ["src/Cognito.Eval.Files/RegularFile.cs"] = "the opener",
        ["src/Cognito.Eval/Hub/PartFile.cs"] = "opens to write, after a look",
        ["src/Cognito.Eval/Hub/WholeFile.cs"] = "writes",
        ["src/Cognito.Eval.Files/OutputFile.cs"] = "writes",
        ["src/Cognito.Eval/Results/Manifest.cs"] = "writes",
        ["src/Cognito.Eval/Results/RunFolder.cs"] = "tries whether the results' folder may be written",
        ["src/Cognito.Eval.Files/LockFile.cs"] = "opens to lock, after a look",
        ["src/Cognito.Eval/Reports/Html/HtmlReport.cs"] = "reads what is built in",
        ["src/Cognito.Eval.Torch/Weights/SafetensorsFile.cs"] = "maps the file that the opener opened",
        ["src/Cognito.Eval.Torch/Native/NativeTorch.cs"] = "libtorch, which is loaded and trusted",
        ["src/Cognito.Eval.Torch/Native/LibTorchFolder.cs"] = "libtorch, which is loaded and trusted",
        ["src/Cognito.Eval.Torch/Native/DotnetSdk.cs"] = "looks where the SDK is, which is run and trusted",
        ["src/Cognito.Eval.Torch/Native/LibTorchPackage.cs"] = "libtorch's package, which is checked by its hash",
        ["src/Cognito.Eval.Torch/Native/LibTorchSharp.cs"] = "libtorch, which is loaded and trusted",
    };

    [GeneratedRegex(@"(?<![\w.])(System\.IO\.|IO\.)?File\.(Open\w*|Read\w*|Exists)\b|new FileInfo\(|new FileStream\(|new StreamReader\(|MemoryMappedFile\.Create")]
    private static partial Regex Opening { get; }

    private static string Root
    {
        get
        {
            var folder = AppContext.BaseDirectory;
            while (folder is not null && !File.Exists(Path.Combine(folder, "Cognito.Eval.sln")))
                folder = Path.GetDirectoryName(folder);
            return folder ?? throw new InvalidOperationException("the tests are not in the project's folder");
        }
    }

    private static IEnumerable<(string File, string Line)> Openings() =>
        from part in new[] { "src", "tasks" }
        from file in Directory.EnumerateFiles(Path.Combine(Root, part), "*.cs", SearchOption.AllDirectories)
        let name = Path.GetRelativePath(Root, file).Replace('\\', '/')
        where !name.Contains("/obj/", StringComparison.Ordinal) && !name.Contains("/bin/", StringComparison.Ordinal)
        from line in File.ReadLines(file)
        where !line.TrimStart().StartsWith("//", StringComparison.Ordinal) && Opening.IsMatch(line)
        select (name, line.Trim());

    [Fact]
    public void Nothing_else_opens_a_file_from_outside() =>
        Assert.DoesNotContain(Openings(), it => !Allowed.ContainsKey(it.File));

    [Fact]
    public void Each_exception_is_still_one() =>
        Assert.Empty(Allowed.Keys.Except(Openings().Select(it => it.File)));

    [Fact]
    public void The_documentation_lists_every_bound()
    {
        var text = File.ReadAllText(Path.Combine(Root, "docs", "reliability.md"));
        foreach (var kind in typeof(FileKind).GetProperties().Where(property => property.PropertyType == typeof(FileKind))
            .Select(property => (FileKind)property.GetValue(null)!))
            Assert.Contains($"| {kind.Name} | {kind.Most:N0} |", text);
    }
}
