using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Cognito.Eval.Templates;

namespace Cognito.Eval.Tasks;

/// <summary>A reference's version of a task: a number, or whatever a task file has for one.</summary>
/// <param name="Value">A <see cref="long"/>, <see cref="double"/>, <see cref="string"/> or <see cref="bool"/>; null for none.</param>
[JsonConverter(typeof(TaskVersionJson))]
public readonly record struct TaskVersion(object? Value)
{
    public static implicit operator TaskVersion(int version) => new((long)version);

    /// <summary>As a number; null where it is none.</summary>
    public double? Number => Value switch { long whole => whole, double number => number, _ => null };

    public override string ToString() => Value switch
    {
        null => "",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        var other => other.ToString()!,
    };
}

/// <summary>A version in JSON: a number, or a text.</summary>
internal sealed class TaskVersionJson : JsonConverter<TaskVersion>
{
    public override TaskVersion Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(reader.TokenType switch
    {
        JsonTokenType.Number when reader.TryGetInt64(out var whole) => whole,
        JsonTokenType.Number => reader.GetDouble(),
        JsonTokenType.String => reader.GetString(),
        JsonTokenType.True or JsonTokenType.False => reader.GetBoolean(),
        _ => throw new JsonException("a version is a number or a text"),
    });

    public override void Write(Utf8JsonWriter writer, TaskVersion value, JsonSerializerOptions options)
    {
        switch (value.Value)
        {
            case long whole: writer.WriteNumberValue(whole); break;
            // 1.0 stays one, as the file has it.
            case double number when double.IsFinite(number): writer.WriteRawValue(PythonFloat.Repr(number)); break;
            case bool flag: writer.WriteBooleanValue(flag); break;
            default: writer.WriteStringValue(value.ToString()); break;
        }
    }
}
