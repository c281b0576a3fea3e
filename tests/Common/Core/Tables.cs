using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace Cognito.Eval.Tests;

/// <summary>The tables of what Jinja2, PyYAML and Python themselves answered (fixtures/task-files/tables).</summary>
internal static class Tables
{
    public static JsonElement Read(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Fixture.Path("task-files", "tables", name + ".json")));
        return document.RootElement.Clone();
    }

    /// <summary>A table's rows.</summary>
    public static IEnumerable<JsonElement> Rows(string name)
    {
        var table = Read(name);
        JsonElement[] rows = [.. (table.ValueKind == JsonValueKind.Array ? table : table.GetProperty("cases")).EnumerateArray()];
        Assert.NotEmpty(rows);
        return rows;
    }

    public static string? Text(this JsonElement row, string property) =>
        row.TryGetProperty(property, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>JSON as a row's values.</summary>
    public static object? Value(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.True or JsonValueKind.False => json.GetBoolean(),
        JsonValueKind.String => json.GetString(),
        JsonValueKind.Array => json.EnumerateArray().Select(Value).ToList(),
        JsonValueKind.Object => Variables(json),
        _ => Number(json.GetRawText()),
    };

    public static OrderedDictionary<string, object?> Variables(JsonElement json)
    {
        var values = new OrderedDictionary<string, object?>();
        foreach (var property in json.EnumerateObject())
            values[property.Name] = Value(property.Value);
        return values;
    }

    private static object Number(string text) => text.AsSpan().IndexOfAny(".eE") >= 0 ? (object)double.Parse(text, CultureInfo.InvariantCulture)
        : long.TryParse(text, CultureInfo.InvariantCulture, out var number) ? (object)number
        : BigInteger.Parse(text, CultureInfo.InvariantCulture);
}
