namespace Cognito.Eval.Templates;

/// <summary>Jinja's tests: what may follow <c>is</c>.</summary>
internal static class TemplateTests
{
    /// <summary>By how many values they take beside what is tested.</summary>
    private static readonly Dictionary<string, int> Known = new()
    {
        ["odd"] = 0,
        ["even"] = 0,
        ["defined"] = 0,
        ["undefined"] = 0,
        ["filter"] = 0,
        ["test"] = 0,
        ["none"] = 0,
        ["boolean"] = 0,
        ["false"] = 0,
        ["true"] = 0,
        ["integer"] = 0,
        ["float"] = 0,
        ["lower"] = 0,
        ["upper"] = 0,
        ["string"] = 0,
        ["mapping"] = 0,
        ["number"] = 0,
        ["sequence"] = 0,
        ["iterable"] = 0,
        ["callable"] = 0,
        ["escaped"] = 0,
        ["divisibleby"] = 1,
        ["sameas"] = 1,
        ["in"] = 1,
        ["=="] = 1,
        ["eq"] = 1,
        ["equalto"] = 1,
        ["!="] = 1,
        ["ne"] = 1,
        [">"] = 1,
        ["gt"] = 1,
        ["greaterthan"] = 1,
        [">="] = 1,
        ["ge"] = 1,
        ["<"] = 1,
        ["lt"] = 1,
        ["lessthan"] = 1,
        ["<="] = 1,
        ["le"] = 1,
    };

    public static IReadOnlySet<string> Names { get; } = Known.Keys.ToHashSet();

    public static bool Apply(string name, object? value, Arguments arguments, Budget budget)
    {
        if (!Known.TryGetValue(name, out var count))
            throw new TemplateException("TemplateRuntimeError", $"there is no test '{name}'");
        var values = arguments.Positionals($"the test '{name}'", count, count);
        return count == 1 ? Two(name, value, values[0], budget) : One(name, value, budget);
    }

    private static bool Two(string name, object? value, object? other, Budget budget) => name switch
    {
        "divisibleby" => PythonValue.AreEqual(PythonOperators.Apply("%", value, other, budget), 0L, budget),
        "sameas" => value is null or bool || other is null or bool ? Equals(value, other)
            : throw TemplateException.Refused("'is sameas' of other values than true, false and none"),
        "in" => PythonOperators.Contains(other, value, budget),
        "==" or "eq" or "equalto" => PythonValue.AreEqual(value, other, budget),
        "!=" or "ne" => !PythonValue.AreEqual(value, other, budget),
        ">" or "gt" or "greaterthan" => PythonOperators.Compare(">", value, other, budget),
        ">=" or "ge" => PythonOperators.Compare(">=", value, other, budget),
        "<" or "lt" or "lessthan" => PythonOperators.Compare("<", value, other, budget),
        _ => PythonOperators.Compare("<=", value, other, budget),
    };

    private static bool One(string name, object? value, Budget budget) => name switch
    {
        "odd" => PythonValue.AreEqual(PythonOperators.Apply("%", value, 2L, budget), 1L, budget),
        "even" => PythonValue.AreEqual(PythonOperators.Apply("%", value, 2L, budget), 0L, budget),
        "defined" => value is not PythonUndefined,
        "undefined" => value is PythonUndefined,
        "filter" => TemplateFilters.Names.Contains(Name(value)),
        "test" => Names.Contains(Name(value)),
        "none" => value is null,
        "boolean" => value is bool,
        "false" => value is false,
        "true" => value is true,
        "integer" => value is not bool && PythonNumber.IsInteger(value),
        "float" => value is double,
        "lower" => PythonText.IsOneCase(PythonValue.Str(value, budget), PythonUnicode.IsLower),
        "upper" => PythonText.IsOneCase(PythonValue.Str(value, budget), PythonUnicode.IsUpper),
        "string" => value is string or SafeText,
        "mapping" => value is PythonDict,
        "number" => PythonNumber.IsNumber(value),
        "sequence" => value is string or SafeText or IReadOnlyList<object?> or PythonDict or PythonRange,
        "iterable" => value is string or SafeText or IReadOnlyList<object?> or PythonDict or PythonRange or PythonView or PythonIterator or PythonSet or LoopState
            || value is PythonUndefined undefined && undefined.Lenient(true),
        "callable" => value is PythonMethod or PythonFunction or PythonType or Macro or LoopState or PythonUndefined,
        _ => value is SafeText,
    };

    private static string Name(object? value) => value as string ?? throw TemplateException.Refused("a test of a name that is no text");
}
