using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Native;

/// <summary>What a device was given to do.</summary>
public static class DeviceWork
{
    /// <summary>Waits until the device has done all of it.</summary>
    public static void Settle(Device device)
    {
        if (device.type == DeviceType.CUDA)
            cuda.synchronize(device);
    }
}
