using System.Globalization;
using System.Text;

namespace Cognito.Eval.Templates;

/// <summary>The escapes within Python's quoted texts.</summary>
internal static class PythonEscapes
{
    /// <param name="body">What stands between the quotes.</param>
    /// <param name="asJinja">Whether a backslash before a letter that is not ASCII spells that letter out, as Jinja's way of decoding does.</param>
    /// <param name="error">From a fact to what is thrown.</param>
    public static string Decode(string body, bool asJinja, Func<string, Exception> error)
    {
        if (!body.Contains('\\', StringComparison.Ordinal))
            return body;
        var to = new StringBuilder(body.Length);
        for (var at = 0; at < body.Length;)
            if (body[at] != '\\')
                to.Append(body[at++]);
            else if (at + 1 == body.Length)
                throw error("a text ends with a backslash");
            else
                at = One(body, at + 1, to, asJinja, error);
        return to.ToString();
    }

    /// <param name="at">Of the character after the backslash.</param>
    /// <returns>The place after the escape.</returns>
    private static int One(string body, int at, StringBuilder to, bool asJinja, Func<string, Exception> error)
    {
        switch (body[at])
        {
            case '\n': return at + 1;
            case '\\' or '\'' or '"': to.Append(body[at]); return at + 1;
            case 'a': to.Append('\a'); return at + 1;
            case 'b': to.Append('\b'); return at + 1;
            case 'f': to.Append('\f'); return at + 1;
            case 'n': to.Append('\n'); return at + 1;
            case 'r': to.Append('\r'); return at + 1;
            case 't': to.Append('\t'); return at + 1;
            case 'v': to.Append('\v'); return at + 1;
            case 'x': return Hex(body, at + 1, 2, to, error);
            case 'u': return Hex(body, at + 1, 4, to, error);
            case 'U': return Hex(body, at + 1, 8, to, error);
            case 'N': return Named(body, at + 1, to, error);
            case >= '0' and <= '7': return Octal(body, at, to);
            case > '\x7f' when asJinja:
                Rune.DecodeFromUtf16(body.AsSpan(at), out var rune, out var width);
                to.Append('\\').Append(rune.Value switch { < 0x100 => $"x{rune.Value:x2}", < 0x10000 => $"u{rune.Value:x4}", _ => $"U{rune.Value:x8}" });
                return at + width;
            default: to.Append('\\').Append(body[at]); return at + 1;
        }
    }

    private static int Hex(string body, int at, int digits, StringBuilder to, Func<string, Exception> error)
    {
        if (at + digits > body.Length || !body.AsSpan(at, digits).ContainsOnlyHex()
            || !uint.TryParse(body.AsSpan(at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) || value > 0x10ffff)
            throw error($"an escape in a text needs {digits} hexadecimal digits of a character");
        Append(to, (int)value);
        return at + digits;
    }

    private static bool ContainsOnlyHex(this ReadOnlySpan<char> digits)
    {
        foreach (var digit in digits)
            if (!char.IsAsciiHexDigit(digit))
                return false;
        return true;
    }

    private static int Octal(string body, int at, StringBuilder to)
    {
        var value = 0;
        var end = Math.Min(at + 3, body.Length);
        for (; at < end && body[at] is >= '0' and <= '7'; at++)
            value = value * 8 + (body[at] - '0');
        Append(to, value);
        return at;
    }

    private static void Append(StringBuilder to, int value)
    {
        if (value < 0x10000)
            to.Append((char)value);
        else
            to.Append(char.ConvertFromUtf32(value));
    }

    private static int Named(string body, int at, StringBuilder to, Func<string, Exception> error)
    {
        var end = body.IndexOf('}', at);
        if (at >= body.Length || body[at] != '{' || end < 0)
            throw error(@"\N needs a character's name in braces");
        var name = body[(at + 1)..end];
        Append(to, CharacterNames.Find(name) ?? throw TemplateException.Refused(@$"\N{{{name}}}: a character by that name"));
        return end + 1;
    }
}
