using System.Text.RegularExpressions;

namespace Cognito.Eval.Tests;

/// <summary>
/// Where foreign text leaves the program there is one place that makes it harmless, a sink's own type. The source has no way
/// around it.
/// </summary>
public sealed partial class SinkTests
{
    /// <summary>A way to write raw, and the only files that may have it.</summary>
    public static IEnumerable<TheoryDataRow<string, string[]>> Ways =>
    [
        new(@"OpenStandardOutput|OpenStandardError|Console\.SetOut|Console\.SetError", ["Terminal.cs"]),
        new(@"Console\.(?:Out\.|Error\.)?WriteLine\(", []),
        new(@"AnsiConsole|Spectre\.Console|Markup(?:Line)?(?:Interpolated)?\(", ["Terminal.cs"]),
        new(@"new PrintableWriter\(|RawOut|RawError", ["Terminal.cs"]),
        new(@"new XElement\(|new XAttribute\(|XmlWriter|XmlSerializer|new XText\(|new XCData\(", ["XmlText.cs"]),
        new(@"CsvWriter", ["Csv.cs"]),
        new(@"\bSerializerBuilder\(|YamlDotNet\.RepresentationModel", ["Yaml.cs"]),
        new(@"new Markdown\(", ["Markdown.cs", "ComparisonText.cs"]),
        new(@"File\.(?:Write|Append)All(?:Text|Lines)|StreamWriter|File\.(?:CreateText|AppendText)", ["ReportCommand.cs", "GateCommand.cs", "Manifest.cs"]),
        new(@"(?<!new ArgumentException.*)GetType\(\)\.(?:Full)?Name|\{e\.GetType", []),
    ];

    [Theory, MemberData(nameof(Ways))]
    public void Nothing_else_writes_as_it_is(string way, string[] files)
    {
        var found = Sources().Where(file => !files.Contains(Path.GetFileName(file)))
            .SelectMany(file => File.ReadLines(file).Select((line, i) => (File: file, Line: i + 1, Text: line)))
            .Where(it => Regex.IsMatch(it.Text, way) && !it.Text.TrimStart().StartsWith("//", StringComparison.Ordinal)).ToList();
        Assert.True(found.Count == 0, string.Join('\n', found.Select(it => $"{it.File}:{it.Line}: {it.Text.Trim()}")));
        // A rule of a name that nothing has any more would hold for ever.
        Assert.True(files.Length == 0 || Sources().Any(file => files.Contains(Path.GetFileName(file)) && Regex.IsMatch(File.ReadAllText(file), way)));
    }

    [Fact]
    public void The_program_begins_with_streams_that_command_nothing()
    {
        var program = File.ReadAllText(Sources().Single(file => Path.GetFileName(file) == "Program.cs"));
        Assert.InRange(program.IndexOf("Terminal.Begin();", StringComparison.Ordinal), 0, program.IndexOf("Create()", StringComparison.Ordinal));
    }

    /// <summary>Where a message quotes an exception, it is one of our own types, or its own words were looked at.</summary>
    [Fact]
    public void No_librarys_words_stand_in_a_message()
    {
        string[] ours =
        [
            "Fact.cs", "Session.cs", "DataVerify.cs", "RunsCommand.cs", "Finish.cs", "JournalSchema.cs", "HubFailure.cs", "HarnessValue.cs", "YamlFile.cs", "Pair.cs", "PreTokenization.cs", "HubCheckpoint.cs", "Transfer.cs",
            "AnswerJournal.cs", "CompareCommand.cs", "JsonRows.cs", "GatePolicy.cs", "Narrator.cs", "NativeTorch.cs", "DeviceMemory.cs", "LibTorchSharp.cs",
        ];
        var found = Sources().Where(file => !ours.Contains(Path.GetFileName(file)) && File.ReadAllText(file) is var text
            && Quoted().Matches(text).Any(quoted => !IsOfOurs(text[..quoted.Index]))).ToList();
        Assert.True(found.Count == 0, string.Join('\n', found));
    }

    /// <summary>Whether what was caught last before a place is an exception of this program, whose words are its own.</summary>
    private static bool IsOfOurs(string before) => Caught().Matches(before).LastOrDefault() is { } caught
        && caught.Groups[1].Value is "InputException" or "TemplateException" or "PythonLiteralException" or "PythonRegexException" or "ResponseFilterException" or "MetricException";

    [GeneratedRegex(@"\bcatch \((\w+) e\)")]
    private static partial Regex Caught();

    [GeneratedRegex(@"\b(?:e|error|inner|failure|exception)\.Message\b")]
    private static partial Regex Quoted();

    private static IEnumerable<string> Sources() => Source.Files();
}
