using Cognito.Eval.Torch.Weights;

namespace Cognito.Eval.Tests;

public sealed class FiniteTests
{
    [Theory]
    [InlineData("BF16", new byte[] { 0xC0, 0x7F })]
    [InlineData("BF16", new byte[] { 0x80, 0xFF })]
    [InlineData("F16", new byte[] { 0x00, 0x7E })]
    [InlineData("F16", new byte[] { 0x00, 0xFC })]
    [InlineData("F32", new byte[] { 0, 0, 0x80, 0x7F })]
    [InlineData("F64", new byte[] { 0, 0, 0, 0, 0, 0, 0xF8, 0xFF })]
    public void One_number_that_is_not_finite_is_found_wherever_it_lies(string dtype, byte[] number)
    {
        for (var length = 1; length < 150; length++)
        {
            // The greatest finite number, which has but one bit of the exponent less.
            var bytes = Enumerable.Range(0, length).SelectMany(_ => Greatest(number)).ToArray();
            Assert.True(Finite.All(dtype, bytes));
            for (var at = 0; at < length; at++)
            {
                var with = bytes.ToArray();
                number.CopyTo(with, at * number.Length);
                Assert.False(Finite.All(dtype, with));
            }
        }

        byte[] Greatest(byte[] number) => dtype switch
        {
            "BF16" => [0x7F, 0x7F],
            "F16" => [0xFF, 0x7B],
            "F32" => [0xFF, 0xFF, 0x7F, 0xFF],
            _ => [.. BitConverter.GetBytes(double.MinValue)],
        };
    }

    [Fact]
    public void Whole_numbers_are_always_finite() => Assert.True(Finite.All("I16", [0xC0, 0x7F]));
}
