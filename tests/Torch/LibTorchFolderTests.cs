using Cognito.Eval.Files;
using Cognito.Eval.Torch.Native;

namespace Cognito.Eval.Tests;

public sealed class LibTorchFolderTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_folder_without_libtorch_says_what_was_expected()
    {
        var message = Assert.Throws<InputException>(() => LibTorchFolder.Find(_folder.FullName)).Message;
        Assert.StartsWith(_folder.FullName, message);
        Assert.Contains($"expected {LibTorchFolder.FileName("torch_cpu")} in it; --libtorch must name", message);
    }

    [Fact]
    public void A_folder_that_does_not_exist_is_named()
    {
        var missing = Path.Combine(_folder.FullName, "none");
        Assert.StartsWith($"{missing}: no such folder;",
            Assert.Throws<InputException>(() => LibTorchFolder.Find(missing)).Message);
    }

    [Fact]
    public void A_folder_that_keeps_its_libraries_in_lib_will_do()
    {
        var lib = _folder.CreateSubdirectory("lib").FullName;
        File.WriteAllText(Path.Combine(lib, LibTorchFolder.FileName("torch_cpu")), "");
        Assert.Equal(lib, LibTorchFolder.Find(_folder.FullName));
        Assert.Equal(lib, LibTorchFolder.Find(lib));
    }
}
