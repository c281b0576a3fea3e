using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Cognito.Eval.Tests;

/// <summary>JSON as a tree; keys may repeat, numbers and texts are kept as they are spelled.</summary>
internal static class JsonSyntax
{
    private const int Leaf = 0, Object = 1, Array = 2;

    private static readonly SyntaxFormat Format = new(Strangely, (random, name) => name is null ? null : Key(random, (string)name),
        part => new(Array) { Name = part.Name, Parts = [part.Named(null)] });

    /// <summary>The JSON changed as a tree; bytes that are none come back as they are.</summary>
    public static byte[] Change(byte[] json, Random random)
    {
        using var document = JsonDocument.Parse(json);
        var text = new StringBuilder();
        Write(Format.Change(Read(document.RootElement, null), random), text);
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static Syntax Read(JsonElement element, string? name) => element.ValueKind switch
    {
        JsonValueKind.Object => new(Object)
        {
            Name = name,
            Parts = [.. element.EnumerateObject().Select(part => Read(part.Value, JsonSerializer.Serialize(part.Name)))],
        },
        JsonValueKind.Array => new(Array) { Name = name, Parts = [.. element.EnumerateArray().Select(part => Read(part, null))] },
        _ => new(Leaf) { Name = name, Value = element.GetRawText() },
    };

    private static void Write(Syntax tree, StringBuilder to)
    {
        if (tree.Parts is null)
        {
            to.Append((string)tree.Value!);
            return;
        }
        to.Append(tree.Kind == Object ? '{' : '[');
        foreach (var (i, part) in tree.Parts.Index())
        {
            to.Append(i > 0 ? "," : "");
            if (tree.Kind == Object)
                to.Append((string?)part.Name ?? "\"\"").Append(':');
            Write(part, to);
        }
        to.Append(tree.Kind == Object ? '}' : ']');
    }

    private static readonly string[] Values =
    [
        "null", "true", "false", "\"\"", "[]", "{}", "-1", "0", "0.5", "-0", "1e308", "1e999", "-1e999", "1e-999", "0.1e1", "NaN",
        "1e28", "7.9e28", "\"NaN\"", "\"Infinity\"", "\"\\ud800\"", "\"\\u0000\"", "\"\\u001b[2J\"", "\"\\udc00\\ud800\"", "\"../x\"",
        "\"/etc/passwd\"", "\"..\"", "\"a/../../b\"", "\"C:\\\\x\"", "\"<script>\"", "[[]]", "[null]", "{\"a\":null}", "[1,2,3]",
        "[0,0]", "[-1,1]", "\"F32\"", "\"BF16\"", "9223372036854775807", "9223372036854775808", "18446744073709551616",
    ];

    private static Syntax Strangely(Random random, Syntax was) => new(Leaf)
    {
        Value = random.Next(8) switch
        {
            0 when long.TryParse(was.Value as string, CultureInfo.InvariantCulture, out var number) =>
                Strange.Number(random, number).ToString(CultureInfo.InvariantCulture),
            1 => Strange.Number(random).ToString(CultureInfo.InvariantCulture),
            2 when was.Value is string text && text.StartsWith('"') => Text(random, text),
            3 when random.Next(10) == 0 => Nested(random),
            4 => new string('9', random.Next(1, 400)),
            _ => Values[random.Next(Values.Length)],
        },
    };

    private static string Nested(Random random)
    {
        var depth = (int[])[30, 62, 63, 64, 65, 1000, 100_000];
        var levels = depth[random.Next(depth.Length)];
        return random.Next(2) == 0
            ? new string('[', levels) + (random.Next(2) == 0 ? new string(']', levels) : "")
            : string.Concat(Enumerable.Repeat("{\"a\":", levels)) + "0" + new string('}', levels);
    }

    private static string Key(Random random, string was) => random.Next(4) switch
    {
        0 => "\"\"",
        1 => "\"__metadata__\"",
        2 => "\"\\ud800\"",
        _ => Text(random, was),
    };

    private static string Text(Random random, string was)
    {
        string[] inserts = ["\\ud83d", "\\u0000", "../", "/", "\\\\", "\\n", "\u009b31m", "\u2028", "é", "<b>", new('x', 5000)];
        return was.Insert(random.Next(1, was.Length), inserts[random.Next(inserts.Length)]);
    }
}
