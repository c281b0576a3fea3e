using Cognito.Eval.Files;
using Cognito.Eval.Torch.Native;
using TorchSharp;

namespace Cognito.Eval.Tests;

[Collection("torch")]
public sealed class NativeTorchTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Two_and_two_make_four()
    {
        using var two = torch.tensor(new[] { 2f, 20f });
        using var sum = two + two;
        Assert.Equal([4f, 40f], sum.data<float>().ToArray());
    }

    [Fact]
    public void Loading_again_does_nothing() => Parallel.For(0, 8, _ =>
    {
        NativeTorch.Load(null);
        if (NativeTorch.Version.Folder is { } folder)
            NativeTorch.Load(folder + Path.DirectorySeparatorChar);
    });

    [Fact]
    public void A_second_libtorch_is_refused() => Assert.Contains("a process holds one",
        Assert.Throws<InputException>(() => NativeTorch.Load(_folder.FullName)).Message);

    [Fact]
    public void The_version_says_what_computes()
    {
        var version = NativeTorch.Version;
        Assert.Matches(@"^0\.10\d\.\d+$", version.TorchSharp);
        Assert.SkipUnless(OperatingSystem.IsLinux(), "elsewhere TorchSharp loads libtorch itself");
        Assert.Matches(@"^2\.\d+\.\d+$", version.LibTorch);
        Assert.True(File.Exists(Path.Combine(version.Folder!, "libtorch_cpu.so")));
    }

    [Fact]
    public void The_device_is_cuda_where_there_is_one() =>
        Assert.Equal(torch.cuda.is_available() ? "cuda:0" : "cpu", NativeTorch.Device(null).ToString());

    [Theory]
    [InlineData("tpu", "no such kind of device; use cpu, cuda or cuda:N")]
    [InlineData("cuda:", "no such kind of device")]
    [InlineData("cuda:-1", "no such kind of device")]
    [InlineData("cuda:+1", "no such kind of device")]
    [InlineData("CPU", "no such kind of device")]
    [InlineData("", "no such kind of device")]
    [InlineData("cuda:99", "CUDA devices that libtorch sees")]
    [InlineData("cuda:99999999999", "no such kind of device")]
    public void A_device_that_is_not_there_is_named_in_one_line(string device, string fact)
    {
        var message = Assert.Throws<InputException>(() => NativeTorch.Device(device)).Message;
        Assert.StartsWith(device + ": ", message);
        Assert.Contains(fact, message);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void A_cpu_libtorch_explains_why_there_is_no_cuda()
    {
        Assert.SkipWhen(torch.cuda.is_available(), "there is one");
        Assert.SkipUnless(OperatingSystem.IsLinux(), "elsewhere TorchSharp loads libtorch itself");
        Assert.Contains("has 0 CUDA devices", Assert.Throws<InputException>(() => NativeTorch.Device("cuda")).Message);
        Assert.Equal("cpu", NativeTorch.Device("cpu").ToString());
    }
}
