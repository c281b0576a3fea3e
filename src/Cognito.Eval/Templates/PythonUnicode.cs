using System.Globalization;
using System.Text;

namespace Cognito.Eval.Templates;

/// <summary>Python 3.11's facts of characters (Unicode 14) where .NET's are others, or none.</summary>
internal static class PythonUnicode
{
    /// <summary>Assigned after Unicode 14, which Python 3.11 has: unassigned to it.</summary>
    private const string NewRanges =
        "897 CF3 ECE 1B4E-1B4F 1B7F 1C89-1C8A 2427-2429 2FFC-2FFF 31E4-31E5 31EF A7CB-A7CD A7DA-A7DC 105C0-105F3 "
        + "10D40-10D65 10D69-10D85 10D8E-10D8F 10EC2-10EC4 10EFC-10EFF 1123F-11241 11380-11389 1138B 1138E "
        + "11390-113B5 113B7-113C0 113C2 113C5 113C7-113CA 113CC-113D5 113D7-113D8 113E1-113E2 116D0-116E3 "
        + "11B00-11B09 11BC0-11BE1 11BF0-11BF9 11F00-11F10 11F12-11F3A 11F3E-11F5A 1342F 13439-13455 13460-143FA "
        + "16100-16139 16D40-16D79 18CFF 1B132 1B155 1CC00-1CCF9 1CD00-1CEB3 1D2C0-1D2D3 1DF25-1DF2A 1E030-1E06D "
        + "1E08F 1E4D0-1E4F9 1E5D0-1E5FA 1E5FF 1F6DC 1F774-1F776 1F77B-1F77F 1F7D9 1F8B2-1F8BB 1F8C0-1F8C1 "
        + "1FA75-1FA77 1FA87-1FA89 1FA8F 1FAAD-1FAAF 1FABB-1FABF 1FAC6 1FACE-1FACF 1FADA-1FADC 1FADF 1FAE8-1FAE9 "
        + "1FAF7-1FAF8 1FBCB-1FBEF 2B739 2EBF0-2EE5D 31350-323AF";

    /// <summary>Upper case of more than one letter, and what .NET leaves as it is.</summary>
    private const string UpperTable =
        "DF=0053.0053 149=02BC.004E 1F0=004A.030C 390=0399.0308.0301 3B0=03A5.0308.0301 587=0535.0552 "
        + "1E96=0048.0331 1E97=0054.0308 1E98=0057.030A 1E99=0059.030A 1E9A=0041.02BE 1F50=03A5.0313 "
        + "1F52=03A5.0313.0300 1F54=03A5.0313.0301 1F56=03A5.0313.0342 1F80=1F08.0399 1F81=1F09.0399 1F82=1F0A.0399 "
        + "1F83=1F0B.0399 1F84=1F0C.0399 1F85=1F0D.0399 1F86=1F0E.0399 1F87=1F0F.0399 1F88=1F08.0399 1F89=1F09.0399 "
        + "1F8A=1F0A.0399 1F8B=1F0B.0399 1F8C=1F0C.0399 1F8D=1F0D.0399 1F8E=1F0E.0399 1F8F=1F0F.0399 1F90=1F28.0399 "
        + "1F91=1F29.0399 1F92=1F2A.0399 1F93=1F2B.0399 1F94=1F2C.0399 1F95=1F2D.0399 1F96=1F2E.0399 1F97=1F2F.0399 "
        + "1F98=1F28.0399 1F99=1F29.0399 1F9A=1F2A.0399 1F9B=1F2B.0399 1F9C=1F2C.0399 1F9D=1F2D.0399 1F9E=1F2E.0399 "
        + "1F9F=1F2F.0399 1FA0=1F68.0399 1FA1=1F69.0399 1FA2=1F6A.0399 1FA3=1F6B.0399 1FA4=1F6C.0399 1FA5=1F6D.0399 "
        + "1FA6=1F6E.0399 1FA7=1F6F.0399 1FA8=1F68.0399 1FA9=1F69.0399 1FAA=1F6A.0399 1FAB=1F6B.0399 1FAC=1F6C.0399 "
        + "1FAD=1F6D.0399 1FAE=1F6E.0399 1FAF=1F6F.0399 1FB2=1FBA.0399 1FB3=0391.0399 1FB4=0386.0399 1FB6=0391.0342 "
        + "1FB7=0391.0342.0399 1FBC=0391.0399 1FC2=1FCA.0399 1FC3=0397.0399 1FC4=0389.0399 1FC6=0397.0342 "
        + "1FC7=0397.0342.0399 1FCC=0397.0399 1FD2=0399.0308.0300 1FD3=0399.0308.0301 1FD6=0399.0342 "
        + "1FD7=0399.0308.0342 1FE2=03A5.0308.0300 1FE3=03A5.0308.0301 1FE4=03A1.0313 1FE6=03A5.0342 "
        + "1FE7=03A5.0308.0342 1FF2=1FFA.0399 1FF3=03A9.0399 1FF4=038F.0399 1FF6=03A9.0342 1FF7=03A9.0342.0399 "
        + "1FFC=03A9.0399 FB00=0046.0046 FB01=0046.0049 FB02=0046.004C FB03=0046.0046.0049 FB04=0046.0046.004C "
        + "FB05=0053.0054 FB06=0053.0054 FB13=0544.0546 FB14=0544.0535 FB15=0544.053B FB16=054E.0546 FB17=0544.053D "
        + "131=0049";

    /// <summary>Title case where it is not upper case.</summary>
    private const string TitleTable =
        "DF=0053.0073 1C4=01C5 1C5=01C5 1C6=01C5 1C7=01C8 1C8=01C8 1C9=01C8 1CA=01CB 1CB=01CB 1CC=01CB 1F1=01F2 "
        + "1F2=01F2 1F3=01F2 587=0535.0582 1F80=1F88 1F81=1F89 1F82=1F8A 1F83=1F8B 1F84=1F8C 1F85=1F8D 1F86=1F8E "
        + "1F87=1F8F 1F88=1F88 1F89=1F89 1F8A=1F8A 1F8B=1F8B 1F8C=1F8C 1F8D=1F8D 1F8E=1F8E 1F8F=1F8F 1F90=1F98 "
        + "1F91=1F99 1F92=1F9A 1F93=1F9B 1F94=1F9C 1F95=1F9D 1F96=1F9E 1F97=1F9F 1F98=1F98 1F99=1F99 1F9A=1F9A "
        + "1F9B=1F9B 1F9C=1F9C 1F9D=1F9D 1F9E=1F9E 1F9F=1F9F 1FA0=1FA8 1FA1=1FA9 1FA2=1FAA 1FA3=1FAB 1FA4=1FAC "
        + "1FA5=1FAD 1FA6=1FAE 1FA7=1FAF 1FA8=1FA8 1FA9=1FA9 1FAA=1FAA 1FAB=1FAB 1FAC=1FAC 1FAD=1FAD 1FAE=1FAE "
        + "1FAF=1FAF 1FB2=1FBA.0345 1FB3=1FBC 1FB4=0386.0345 1FB7=0391.0342.0345 1FBC=1FBC 1FC2=1FCA.0345 1FC3=1FCC "
        + "1FC4=0389.0345 1FC7=0397.0342.0345 1FCC=1FCC 1FF2=1FFA.0345 1FF3=1FFC 1FF4=038F.0345 1FF7=03A9.0342.0345 "
        + "1FFC=1FFC FB00=0046.0066 FB01=0046.0069 FB02=0046.006C FB03=0046.0066.0069 FB04=0046.0066.006C "
        + "FB05=0053.0074 FB06=0053.0074 FB13=0544.0576 FB14=0544.0565 FB15=0544.056B FB16=054E.0576 FB17=0544.056D";

    /// <summary>Full case folding where it is not lower case; Cherokee apart.</summary>
    private const string FoldTable =
        "B5=03BC DF=0073.0073 149=02BC.006E 17F=0073 1F0=006A.030C 345=03B9 390=03B9.0308.0301 3B0=03C5.0308.0301 "
        + "3C2=03C3 3D0=03B2 3D1=03B8 3D5=03C6 3D6=03C0 3F0=03BA 3F1=03C1 3F5=03B5 587=0565.0582 13F8=13F0 "
        + "13F9=13F1 13FA=13F2 13FB=13F3 13FC=13F4 13FD=13F5 1C80=0432 1C81=0434 1C82=043E 1C83=0441 1C84=0442 "
        + "1C85=0442 1C86=044A 1C87=0463 1C88=A64B 1E96=0068.0331 1E97=0074.0308 1E98=0077.030A 1E99=0079.030A "
        + "1E9A=0061.02BE 1E9B=1E61 1E9E=0073.0073 1F50=03C5.0313 1F52=03C5.0313.0300 1F54=03C5.0313.0301 "
        + "1F56=03C5.0313.0342 1F80=1F00.03B9 1F81=1F01.03B9 1F82=1F02.03B9 1F83=1F03.03B9 1F84=1F04.03B9 "
        + "1F85=1F05.03B9 1F86=1F06.03B9 1F87=1F07.03B9 1F88=1F00.03B9 1F89=1F01.03B9 1F8A=1F02.03B9 1F8B=1F03.03B9 "
        + "1F8C=1F04.03B9 1F8D=1F05.03B9 1F8E=1F06.03B9 1F8F=1F07.03B9 1F90=1F20.03B9 1F91=1F21.03B9 1F92=1F22.03B9 "
        + "1F93=1F23.03B9 1F94=1F24.03B9 1F95=1F25.03B9 1F96=1F26.03B9 1F97=1F27.03B9 1F98=1F20.03B9 1F99=1F21.03B9 "
        + "1F9A=1F22.03B9 1F9B=1F23.03B9 1F9C=1F24.03B9 1F9D=1F25.03B9 1F9E=1F26.03B9 1F9F=1F27.03B9 1FA0=1F60.03B9 "
        + "1FA1=1F61.03B9 1FA2=1F62.03B9 1FA3=1F63.03B9 1FA4=1F64.03B9 1FA5=1F65.03B9 1FA6=1F66.03B9 1FA7=1F67.03B9 "
        + "1FA8=1F60.03B9 1FA9=1F61.03B9 1FAA=1F62.03B9 1FAB=1F63.03B9 1FAC=1F64.03B9 1FAD=1F65.03B9 1FAE=1F66.03B9 "
        + "1FAF=1F67.03B9 1FB2=1F70.03B9 1FB3=03B1.03B9 1FB4=03AC.03B9 1FB6=03B1.0342 1FB7=03B1.0342.03B9 "
        + "1FBC=03B1.03B9 1FBE=03B9 1FC2=1F74.03B9 1FC3=03B7.03B9 1FC4=03AE.03B9 1FC6=03B7.0342 1FC7=03B7.0342.03B9 "
        + "1FCC=03B7.03B9 1FD2=03B9.0308.0300 1FD3=03B9.0308.0301 1FD6=03B9.0342 1FD7=03B9.0308.0342 "
        + "1FE2=03C5.0308.0300 1FE3=03C5.0308.0301 1FE4=03C1.0313 1FE6=03C5.0342 1FE7=03C5.0308.0342 1FF2=1F7C.03B9 "
        + "1FF3=03C9.03B9 1FF4=03CE.03B9 1FF6=03C9.0342 1FF7=03C9.0342.03B9 1FFC=03C9.03B9 FB00=0066.0066 "
        + "FB01=0066.0069 FB02=0066.006C FB03=0066.0066.0069 FB04=0066.0066.006C FB05=0073.0074 FB06=0073.0074 "
        + "FB13=0574.0576 FB14=0574.0565 FB15=0574.056B FB16=057E.0576 FB17=0574.056D";

    /// <summary>Numbers among letters.</summary>
    private const string NumeralRanges =
        "3405 3483 382A 3B4D 4E00 4E03 4E07 4E09 4E5D 4E8C 4E94 4E96 4EBF-4EC0 4EDF 4EE8 4F0D 4F70 5104 5146 5169 "
        + "516B 516D 5341 5343-5345 534C 53C1-53C4 56DB 58F1 58F9 5E7A 5EFE-5EFF 5F0C-5F0E 5F10 62FE 634C 67D2 6F06 "
        + "7396 767E 8086 842C 8CAE 8CB3 8D30 9621 9646 964C 9678 96F6 F96B F973 F978 F9B2 F9D1 F9D3 F9FD 20001 "
        + "20064 200E2 20121 2092A 20983 2098C 2099C 20AEA 20AFD 20B19 22390 22998 23B1B 2626D 2F890";

    /// <summary>Lower case without being lower-case letters.</summary>
    private const string LowerRanges =
        "AA BA 2B0-2B8 2C0-2C1 2E0-2E4 345 37A 1D2C-1D6A 1D78 1D9B-1DBF 2071 207F 2090-209C 2170-217F 24D0-24E9 "
        + "2C7C-2C7D A69C-A69D A770 A7F8-A7F9 AB5C-AB5F 10780 10783-10785 10787-107B0 107B2-107BA";

    /// <summary>Upper case without being upper-case letters.</summary>
    private const string UpperRanges =
        "2160-216F 24B6-24CF 1F130-1F149 1F150-1F169 1F170-1F189";

    private static readonly (int First, int Last)[] New = Ranges(NewRanges), Numerals = Ranges(NumeralRanges),
        OtherLower = Ranges(LowerRanges), OtherUpper = Ranges(UpperRanges);

    private static readonly Dictionary<int, string> Uppers = Mappings(UpperTable), Titles = Mappings(TitleTable), Folds = Mappings(FoldTable);

    private static (int First, int Last)[] Ranges(string table) =>
        [.. table.Split(' ').Select(range => range.Split('-')).Select(ends => (Hex(ends[0]), Hex(ends[^1])))];

    private static Dictionary<int, string> Mappings(string table) => table.Split(' ').Select(entry => entry.Split('='))
        .ToDictionary(entry => Hex(entry[0]), entry => string.Concat(entry[1].Split('.').Select(unit => (char)Hex(unit))));

    private static int Hex(string digits) => int.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static bool Within((int First, int Last)[] ranges, int value)
    {
        var (low, high) = (0, ranges.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (value < ranges[middle].First)
                high = middle - 1;
            else if (value > ranges[middle].Last)
                low = middle + 1;
            else
                return true;
        }
        return false;
    }

    public static UnicodeCategory Category(Rune rune) => rune.Value switch
    {
        < 0x370 => Rune.GetUnicodeCategory(rune),
        0x1171E => UnicodeCategory.NonSpacingMark,
        var value => Within(New, value) ? UnicodeCategory.OtherNotAssigned : Rune.GetUnicodeCategory(rune),
    };

    /// <summary>Whether its case can be changed.</summary>
    public static bool HasCase(Rune rune) => rune.Value == 0x130 || Rune.ToLowerInvariant(rune) != rune || Rune.ToUpperInvariant(rune) != rune || Uppers.ContainsKey(rune.Value);

    private static bool IsNew(Rune rune) => rune.Value >= 0x370 && Within(New, rune.Value);

    public static string Upper(Rune rune) =>
        Uppers.TryGetValue(rune.Value, out var upper) ? upper : Simple(rune, Rune.ToUpperInvariant(rune));

    public static string Title(Rune rune) => rune.Value is >= 0x10D0 and <= 0x10FF ? rune.ToString() // Georgian has upper case, no title case
        : Titles.TryGetValue(rune.Value, out var title) ? title
        : Upper(rune);

    public static string Lower(Rune rune) => rune.Value == 0x130 ? "i\u0307" : Simple(rune, Rune.ToLowerInvariant(rune));

    public static string Fold(Rune rune) => rune.Value switch
    {
        >= 0x13A0 and <= 0x13F5 => rune.ToString(),
        >= 0xAB70 and <= 0xABBF => ((char)(rune.Value - 0xAB70 + 0x13A0)).ToString(),
        var value => Folds.TryGetValue(value, out var folded) ? folded : Lower(rune),
    };

    private static string Simple(Rune rune, Rune mapped) => (IsNew(rune) || IsNew(mapped) ? rune : mapped).ToString();

    public static bool IsLower(Rune rune) => Category(rune) == UnicodeCategory.LowercaseLetter || Within(OtherLower, rune.Value);

    public static bool IsUpper(Rune rune) => Category(rune) == UnicodeCategory.UppercaseLetter || Within(OtherUpper, rune.Value);

    public static bool IsTitle(Rune rune) => Category(rune) == UnicodeCategory.TitlecaseLetter;

    public static bool IsAlpha(Rune rune) => Category(rune) is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter
        or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter;

    public static bool IsDecimal(Rune rune) => Category(rune) == UnicodeCategory.DecimalDigitNumber;

    /// <summary>Decimal digits, and superscripts and the like.</summary>
    public static bool IsDigit(Rune rune) => !IsNew(rune) && CharUnicodeInfo.GetDigitValue(rune.ToString(), 0) >= 0;

    public static bool IsNumeric(Rune rune) => Category(rune) is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber
        or UnicodeCategory.OtherNumber || Within(Numerals, rune.Value);

    public static bool IsSpace(Rune rune) => rune.IsBmp && PythonText.IsSpace((char)rune.Value);

    public static bool IsPrintable(Rune rune) => rune.Value == ' ' || Category(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);

    /// <summary>What a name may begin with in Python, nearly: letters and the underscore.</summary>
    public static bool BeginsName(Rune rune) => rune.Value == '_' || IsAlpha(rune) || Category(rune) == UnicodeCategory.LetterNumber;

    public static bool ContinuesName(Rune rune) => BeginsName(rune) || IsDecimal(rune)
        || Category(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.ConnectorPunctuation;
}
