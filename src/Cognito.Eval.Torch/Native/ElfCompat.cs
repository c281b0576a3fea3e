using System.Buffers.Binary;
using System.Text;

namespace Cognito.Eval.Torch.Native;

/// <summary>Lets a library built with GCC 13 load beside the libstdc++ of GCC 12 (Debian 12, Ubuntu 22.04).</summary>
/// <remarks>
/// libLibTorchSharp.so wants GLIBCXX_3.4.32 for one symbol, a no-op that the headers of GCC 13 refer to. The copy
/// made here refers to another function of no arguments, which every libstdc++ since GCC 4.9 has, and wants the
/// version weakly.
/// Layouts: System V ABI, chapter 4 (sections, symbols); Linux Standard Base, "Symbol Versioning".
/// </remarks>
internal static class ElfCompat
{
    public const string MissingVersion = "GLIBCXX_3.4.32";
    private const string MissingSymbol = "_ZSt21ios_base_library_initv";
    private const string StandInVersion = "GLIBCXX_3.4.20";
    private const string StandInSymbol = "_ZSt15get_new_handlerv";

    private const int SectionSize = 64, SymbolSize = 24, VersionSize = 16;
    private const int DynamicSymbols = 11, VersionNeeds = 0x6ffffffe, SymbolVersions = 0x6fffffff;
    private const ushort Weak = 2, IndexMask = 0x7fff;

    private readonly record struct Section(int Type, int Link, int Start, int Length);

    private readonly record struct Need(int At, ushort Index);

    /// <summary>The library without its wish for GLIBCXX_3.4.32.</summary>
    /// <exception cref="InvalidDataException">It is no such library, or other symbols want the version too.</exception>
    public static byte[] DropIosBaseLibraryInit(ReadOnlySpan<byte> library)
    {
        var copy = library.ToArray();
        var sections = Sections(copy);
        var symbols = Only(sections, DynamicSymbols);
        var versions = Only(sections, SymbolVersions);
        var strings = symbols.Link < sections.Length ? sections[symbols.Link] : throw Refused("no names of symbols");
        var needs = Needs(copy, Only(sections, VersionNeeds), strings);
        if (!needs.TryGetValue(MissingVersion, out var missing)
            || !needs.TryGetValue(StandInVersion, out var standIn))
            throw Refused($"it does not want both {MissingVersion} and {StandInVersion}");

        var symbol = OnlyUser(copy, symbols, versions, missing.Index);
        var name = NameOffset(copy, symbols, symbol);
        if (U16(copy, symbols.Start + symbol * SymbolSize + 6) != 0 || Text(copy, strings, name) != MissingSymbol)
            throw Refused($"{MissingVersion} is wanted for something else than {MissingSymbol}");
        for (var i = 0; i < symbols.Length / SymbolSize; i++)
            if (i != symbol && NameOffset(copy, symbols, i) is var other
                && other >= name && other <= name + MissingSymbol.Length)
                throw Refused($"another symbol shares the name {MissingSymbol}");

        var place = copy.AsSpan(strings.Start + name, MissingSymbol.Length);
        place.Clear();
        Encoding.ASCII.GetBytes(StandInSymbol, place);
        BinaryPrimitives.WriteUInt16LittleEndian(copy.AsSpan(versions.Start + symbol * 2), standIn.Index);
        BinaryPrimitives.WriteUInt16LittleEndian(copy.AsSpan(missing.At + 4), Weak);
        return copy;
    }

    private static Section[] Sections(byte[] file)
    {
        if (file.Length < SectionSize || !file.AsSpan(0, 6).SequenceEqual("\u007fELF\u0002\u0001"u8))
            throw Refused("it is not a 64-bit little-endian ELF file");
        var (start, size, count) = (U64(file, 0x28), U16(file, 0x3a), U16(file, 0x3c));
        if (size != SectionSize || !Fits(start, (ulong)count * SectionSize, file.Length))
            throw Refused("its section table lies outside the file");
        var sections = new Section[count];
        for (var i = 0; i < count; i++)
        {
            var at = (int)start + i * SectionSize;
            var (type, from, length) = ((int)U32(file, at + 4), U64(file, at + 24), U64(file, at + 32));
            // A section of type 8 (.bss) has a length but no bytes.
            var inFile = type != 8 && Fits(from, length, file.Length);
            sections[i] = new(inFile ? type : 0, (int)(U32(file, at + 40) & int.MaxValue),
                inFile ? (int)from : 0, inFile ? (int)length : 0);
        }
        return sections;
    }

    private static Section Only(Section[] sections, int type) =>
        sections.Where(s => s.Type == type).ToArray() is [var only] ? only
            : throw Refused($"not one section of type {type:x}");

    private static Dictionary<string, Need> Needs(byte[] file, Section section, Section strings)
    {
        var needs = new Dictionary<string, Need>();
        for (long library = 0, steps = 0; ;)
        {
            CheckEntry(library, section);
            var at = section.Start + (int)library;
            long aux = library + U32(file, at + 8);
            for (int i = 0, count = U16(file, at + 2); i < count; i++)
            {
                CheckEntry(aux, section);
                if (++steps > 10_000)
                    throw Refused("its table of versions does not end");
                var entry = section.Start + (int)aux;
                var name = Text(file, strings, (int)Math.Min(U32(file, entry + 8), int.MaxValue));
                needs[name] = new(entry, U16(file, entry + 6));
                aux += U32(file, entry + 12);
            }
            if (U32(file, at + 12) is var next && next == 0 || ++steps > 10_000)
                return needs;
            library += next;
        }
    }

    private static void CheckEntry(long at, Section section)
    {
        if (at < 0 || at + VersionSize > section.Length)
            throw Refused("its table of versions lies outside its section");
    }

    private static int OnlyUser(byte[] file, Section symbols, Section versions, ushort index)
    {
        var count = symbols.Length / SymbolSize;
        if (versions.Length < count * 2)
            throw Refused("it has fewer versions than symbols");
        var users = Enumerable.Range(0, count)
            .Where(i => (U16(file, versions.Start + i * 2) & IndexMask) == index).Take(2).ToArray();
        return users is [var only] ? only : throw Refused($"not one symbol alone wants {MissingVersion}");
    }

    private static int NameOffset(byte[] file, Section symbols, int symbol) =>
        (int)Math.Min(U32(file, symbols.Start + symbol * SymbolSize), int.MaxValue);

    private static string Text(byte[] file, Section strings, int offset)
    {
        if (offset >= strings.Length)
            throw Refused("a name lies outside its section");
        var bytes = file.AsSpan(strings.Start + offset, strings.Length - offset);
        var end = bytes.IndexOf((byte)0);
        return end < 0 ? throw Refused("a name does not end") : Encoding.ASCII.GetString(bytes[..end]);
    }

    private static bool Fits(ulong start, ulong length, int size) =>
        start <= (ulong)size && length <= (ulong)size - start;

    private static ushort U16(byte[] file, int at) => BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(at));

    private static uint U32(byte[] file, int at) => BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at));

    private static ulong U64(byte[] file, int at) => BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at));

    private static InvalidDataException Refused(string fact) => new(fact);
}
