using Cognito.Eval.Torch.Native;

namespace Cognito.Eval.Tests;

/// <summary>libtorch, loaded once for the tests that compute. They run in turn: it has its own threads.</summary>
public sealed class TorchFixture
{
    public TorchFixture()
    {
        NativeTorch.Load(null);
        // Two threads that wait for each other on tiny tensors cost tenfold on a busy machine.
        NativeTorch.Threads(1);
    }
}

[CollectionDefinition("torch", DisableParallelization = true)]
public sealed class TorchCollection : ICollectionFixture<TorchFixture>;
