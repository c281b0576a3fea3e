using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Cognito.Eval.Torch.Native;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Weights;

/// <summary>Where a decoder's weights come from.</summary>
internal abstract class WeightSource : IDisposable
{
    /// <summary>Refuses what it could not fill; asked for before there is memory for it.</summary>
    public abstract void Check(string name, long[] shape);

    /// <summary>Fills a contiguous place on the device, at once or by <see cref="Finish"/>.</summary>
    public abstract void Fill(string name, Tensor place);

    /// <summary>Returns when all places are filled.</summary>
    public virtual void Finish()
    {
    }

    public virtual void Dispose()
    {
    }
}

/// <summary>A checkpoint's weights, copied out of the maps of its files.</summary>
internal sealed class MappedWeights(TensorPlaces places) : WeightSource
{
    public override void Check(string name, long[] shape) => places.Find(name, shape);

    public override void Fill(string name, Tensor place)
    {
        var (file, entry) = places.Find(name, place.shape);
        using var source = file.Tensor(entry);
        place.copy_(source);
    }
}

/// <summary>Weights of no meaning, made on the device: what a model of this size costs, without its files.</summary>
/// <remarks>
/// A tensor's numbers hang on the seed and on its name, so that they are the same wherever it lies. TorchSharp makes generators for
/// the CPU only, so libtorch's own are seeded.
/// </remarks>
internal sealed class RandomWeights(long seed) : WeightSource
{
    private const double Spread = 0.02;

    public override void Check(string name, long[] shape)
    {
    }

    public override void Fill(string name, Tensor place)
    {
        if (name.EndsWith("norm.weight", StringComparison.Ordinal))
        {
            place.fill_(Scalars.One);
            return;
        }
        var its = seed ^ BinaryPrimitives.ReadInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(name)));
        if (place.device_type == TorchSharp.DeviceType.CUDA)
            cuda.manual_seed_all(its);
        else
            manual_seed(its).Dispose();
        place.normal_(0, Spread);
    }
}
