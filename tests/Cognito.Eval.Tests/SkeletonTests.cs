namespace Cognito.Eval.Tests;

public sealed class SkeletonTests
{
    [Fact]
    public void The_tests_carry_their_fixtures() => Assert.True(File.Exists(Fixture.Path("card", "table.md")));
}
