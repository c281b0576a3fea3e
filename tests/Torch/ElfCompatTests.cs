using System.Text;
using Cognito.Eval.Torch.Native;

namespace Cognito.Eval.Tests;

public sealed class ElfCompatTests
{
    private static byte[] Library()
    {
        var path = LibTorchFolder.BesideTheApp().Select(f => Path.Combine(f, "libLibTorchSharp.so"))
            .FirstOrDefault(File.Exists);
        Assert.SkipWhen(path is null, "this build has no libLibTorchSharp.so");
        var bytes = File.ReadAllBytes(path);
        Assert.SkipUnless(Contains(bytes, ElfCompat.MissingVersion), "this libLibTorchSharp.so needs no patch");
        return bytes;
    }

    private static bool Contains(byte[] bytes, string text) =>
        bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(text)) >= 0;

    [Fact]
    public void The_patch_changes_a_name_a_version_and_a_flag()
    {
        var library = Library();
        var patched = ElfCompat.DropIosBaseLibraryInit(library);
        Assert.Equal(library.Length, patched.Length);
        var changed = Enumerable.Range(0, library.Length).Where(i => library[i] != patched[i]).ToArray();
        Assert.InRange(changed.Length, 3, "_ZSt21ios_base_library_initv".Length + 3);
        Assert.True(Contains(patched, "\0_ZSt15get_new_handlerv\0"));
    }

    [Fact]
    public void A_patched_library_is_not_patched_again() =>
        Assert.Contains("not one symbol alone", Assert.Throws<InvalidDataException>(
            () => ElfCompat.DropIosBaseLibraryInit(ElfCompat.DropIosBaseLibraryInit(Library()))).Message);

    [Fact]
    public void Other_files_are_refused()
    {
        var random = new Random(1);
        for (var i = 0; i < 500; i++)
        {
            var file = new byte[random.Next(2000)];
            random.NextBytes(file);
            if (i % 2 == 0 && file.Length > 6)
                "\u007fELF\u0002\u0001"u8.CopyTo(file);
            Assert.Throws<InvalidDataException>(() => ElfCompat.DropIosBaseLibraryInit(file));
        }
    }

    [Fact]
    public void A_damaged_library_is_patched_or_refused()
    {
        var library = Library();
        var random = new Random(2);
        // Where the file header, the section headers, and the tables of the dynamic linker lie.
        (int Start, int Length)[] places =
            [(0, 64), (library.Length - 31 * 64, 31 * 64), (0x3d000, 0x2c00), (0x3890, 0x3000)];
        for (var i = 0; i < 300; i++)
        {
            var damaged = (byte[])library.Clone();
            var (start, length) = places[i % places.Length];
            for (var n = random.Next(1, 40); n > 0; n--)
                damaged[start + random.Next(length)] = (byte)random.Next(256);
            var outcome = Record.Exception(() => ElfCompat.DropIosBaseLibraryInit(damaged));
            Assert.True(outcome is null or InvalidDataException, $"{i}: {outcome}");
        }
    }

    [Fact]
    public void A_cut_library_is_refused()
    {
        var library = Library();
        for (var length = 0; length < library.Length; length += 9973)
            Assert.Throws<InvalidDataException>(() => ElfCompat.DropIosBaseLibraryInit(library.AsSpan(0, length)));
    }
}
