using System.Reflection;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Files;
using Cognito.Eval.Served;
using Cognito.Eval.Tokenizers;
using Cognito.Eval.Torch;
using PublicApiGenerator;

namespace Cognito.Eval.Tests;

/// <summary>What others may build on changes only where somebody said so: PublicApi/NAME.txt holds each library's public names.</summary>
public sealed class PublicApiTests
{
    private static readonly Assembly[] Libraries =
    [
        typeof(InputException).Assembly, typeof(CheckpointTokenizer).Assembly, typeof(Evaluator).Assembly,
        typeof(TaskRegistry).Assembly, typeof(ServedModel).Assembly, typeof(TorchModel).Assembly,
    ];

    public static TheoryData<string> Names => [.. Libraries.Select(library => library.GetName().Name!)];

    [Theory, MemberData(nameof(Names))]
    public void A_librarys_public_names_are_the_approved_ones(string name)
    {
        var path = Path.Combine(Fixture.Repository, "tests", "EndToEnd", "PublicApi", name + ".txt");
        var now = Libraries.Single(library => library.GetName().Name == name)
            .GeneratePublicApi(new() { IncludeAssemblyAttributes = false }).ReplaceLineEndings("\n").TrimEnd() + "\n";
        if (Environment.GetEnvironmentVariable("COGNITO_EVAL_APPROVE") == "1")
            File.WriteAllText(path, now);
        var approved = File.Exists(path) ? File.ReadAllText(path) : "";
        if (now != approved)
            Assert.Fail($"{name}'s public names are not those of {path}:\n{Difference(approved, now)}\n"
                + "If they should be, approve them: COGNITO_EVAL_APPROVE=1 dotnet test --project tests/EndToEnd --filter-class '*PublicApiTests'");
    }

    /// <summary>Lines of one alone, each after the name of the type that it stands in.</summary>
    private static string Difference(string approved, string now)
    {
        var (before, after) = (Lines(approved), Lines(now));
        string[] lines =
        [
            .. before.Except(after).Select(line => $"- {line}"), .. after.Except(before).Select(line => $"+ {line}"),
        ];
        return lines.Length == 0 ? "the order of the lines, or how often one stands there" : string.Join('\n', lines);
    }

    private static List<string> Lines(string api)
    {
        var (type, lines) = ("", new List<string>());
        foreach (var line in api.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 1))
        {
            if (line.StartsWith("public ", StringComparison.Ordinal) && !line.EndsWith(';') && !line.EndsWith('}'))
                type = line;
            lines.Add(type == line ? line : $"{type}: {line}");
        }
        return lines;
    }
}
