using TorchSharp;

namespace Cognito.Eval.Torch.Native;

/// <summary>Numbers that stay alive while libtorch reads them.</summary>
/// <remarks>
/// Where a call makes a Scalar of its own, as <c>add_(x)</c> does for the factor 1, the collector may free it before libtorch has
/// read it: nothing but its address is in use by then.
/// </remarks>
internal static class Scalars
{
    public static readonly Scalar Zero = 0.ToScalar(), One = 1.ToScalar();
}
