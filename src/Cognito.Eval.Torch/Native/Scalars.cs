using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Native;

/// <summary>Numbers that stay alive while libtorch reads them, and operators that take such.</summary>
/// <remarks>
/// Where a call makes a Scalar of its own, as <c>x * 2</c> does, or <c>x + y</c> for the factor 1, the collector may free it before
/// libtorch has read it: nothing but its address is in use by then. A test finds such calls.
/// </remarks>
internal static class Scalars
{
    public static readonly Scalar Zero = 0.ToScalar(), One = 1.ToScalar(), MinusInfinity = double.NegativeInfinity.ToScalar();

    /// <summary>What is made with a number.</summary>
    public static Tensor With(long number, Func<Scalar, Tensor> make)
    {
        using var held = number.ToScalar();
        return make(held);
    }

    public static Tensor With(double number, Func<Scalar, Tensor> make)
    {
        using var held = number.ToScalar();
        return make(held);
    }

    /// <summary>The whole numbers from the first to before the last, [last - first].</summary>
    public static Tensor Range(long first, long last, ScalarType dtype, Device device)
    {
        using Scalar from = first.ToScalar(), to = last.ToScalar();
        return arange(from, to, One, dtype, device);
    }

    public static Tensor Plus(this Tensor x, Tensor y) => x.add(y, One);

    public static Tensor Plus(this Tensor x, long number) => With(number, held => x.add(held, One));

    public static Tensor Plus(this Tensor x, double number) => With(number, held => x.add(held, One));

    public static Tensor Times(this Tensor x, long number) => With(number, x.mul);

    public static Tensor Times(this Tensor x, double number) => With(number, x.mul);

    public static Tensor DividedBy(this Tensor x, double number) => With(number, held => x.div(held));

    /// <summary>1 - x.</summary>
    public static Tensor Rest(this Tensor x) => x.neg().add(One, One);
}
