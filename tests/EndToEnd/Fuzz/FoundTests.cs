using Cognito.Eval.Files;

namespace Cognito.Eval.Tests;

/// <summary>What fuzzing found, each fixed: fixtures/fuzz/found/KIND/CASE.</summary>
public sealed class FoundTests
{
    public static IEnumerable<TheoryDataRow<string, string>> Cases =>
        from kind in Directory.EnumerateDirectories(Fixture.Path("fuzz", "found")).Select(Path.GetFileName).Order(StringComparer.Ordinal)
        from found in Directory.EnumerateFiles(Fixture.Path("fuzz", "found", kind)).Select(Path.GetFileName).Order(StringComparer.Ordinal)
        select new TheoryDataRow<string, string>(kind, found);

    [Fact]
    public void A_card_whose_texts_are_null_is_read()
    {
        using var targets = new FuzzTargets();
        targets["results.json"].Read(File.ReadAllBytes(Fixture.Path("fuzz", "null-in-card")));
    }

    [Theory, MemberData(nameof(Cases))]
    public void It_is_refused_in_one_line(string kind, string found)
    {
        using var targets = new FuzzTargets();
        var bytes = File.ReadAllBytes(Fixture.Path("fuzz", "found", kind, found));
        var message = Assert.Throws<InputException>(() => targets[kind].Read(bytes)).Message;
        Assert.Null(Wording.Fault(message));
        Assert.Contains("; ", message);
    }
}
