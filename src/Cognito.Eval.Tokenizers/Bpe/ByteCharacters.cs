using System.Text;

namespace Cognito.Eval.Tokenizers.Bpe;

/// <summary>
/// The characters that stand for bytes in byte-level vocabularies (Radford et al. 2019, GPT-2): a printable Latin-1
/// character for itself, the rest for what follows U+00FF, in order.
/// </summary>
internal static class ByteCharacters
{
    private static readonly char[] s_characters = Make();
    private static readonly Dictionary<char, byte> s_bytes =
        s_characters.Index().ToDictionary(place => place.Item, place => (byte)place.Index);

    public static char Of(byte value) => s_characters[value];

    /// <summary>The bytes that a token stands for: its own where a character of it stands for none.</summary>
    public static void AppendBytes(string token, List<byte> bytes)
    {
        if (token.All(s_bytes.ContainsKey))
            foreach (var character in token)
                bytes.Add(s_bytes[character]);
        else
            bytes.AddRange(Encoding.UTF8.GetBytes(token));
    }

    private static char[] Make()
    {
        var (characters, next) = (new char[256], (char)256);
        for (var value = 0; value < 256; value++)
            characters[value] = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF) ? (char)value : next++;
        return characters;
    }
}
