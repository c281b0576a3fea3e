using System.Globalization;
using System.Text.RegularExpressions;

namespace Cognito.Eval.Tests;

/// <summary>
/// Files changed by chance, always the same ones, are read or refused in one line: nothing crashes, hangs, or takes more
/// memory than a small file may. tests/fuzz.sh tries 10,000 of each kind and prints the table.
/// </summary>
public sealed class FuzzTests
{
    private const int Few = 200;

    /// <summary>All, or those whose name matches COGNITO_EVAL_FUZZ_ONLY.</summary>
    public static IEnumerable<TheoryDataRow<string>> Kinds => FuzzTargets.Names
        .Where(name => Regex.IsMatch(name, Environment.GetEnvironmentVariable("COGNITO_EVAL_FUZZ_ONLY") ?? ""))
        .Select(name => new TheoryDataRow<string>(name));

    [Theory, MemberData(nameof(Kinds))]
    public void Changed_files_are_read_or_refused(string kind)
    {
        using var targets = new FuzzTargets();
        var cases = int.TryParse(Environment.GetEnvironmentVariable("COGNITO_EVAL_FUZZ"), out var many) ? many : Few;
        var target = targets[kind];
        var outcome = Fuzzing.Run(target, cases);
        var row = string.Create(CultureInfo.InvariantCulture, $"| {kind} | {outcome.Read + outcome.Refused:N0} | {outcome.Read:N0} | "
            + $"{outcome.Refused:N0} | {outcome.Faults.Count} | 0 | {outcome.Seconds * 1000:N0} ms | {outcome.Allocated / 1048576.0:N1} MiB | "
            + $"{target.Bound} | {outcome.Share * 100:N0} % |");
        TestContext.Current.TestOutputHelper?.WriteLine(row);
        if (Environment.GetEnvironmentVariable("COGNITO_EVAL_FUZZ_TABLE") is { Length: > 0 } table)
            File.AppendAllText(table, row + "\n");
        Assert.True(outcome.Faults.Count == 0, string.Join("\n", outcome.Faults));
        Assert.Equal(cases, outcome.Read + outcome.Refused);
        Assert.True(outcome.Refused > cases / 10, $"only {outcome.Refused} were refused: the changes are too tame");
        Assert.True(outcome.Read > cases / 100, $"only {outcome.Read} were read: the changes are too wild");
    }

    [Fact]
    public void A_case_is_the_same_bytes_each_time()
    {
        using var targets = new FuzzTargets();
        foreach (var target in FuzzTargets.Names.Select(name => targets[name]))
            Assert.Equal(target.Case(17), target.Case(17));
    }
}
