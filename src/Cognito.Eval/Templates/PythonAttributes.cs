namespace Cognito.Eval.Templates;

/// <summary>Attributes and items as Jinja looks them up: <c>x.name</c> is the attribute, else the item; <c>x[name]</c> the other way round.</summary>
internal static class PythonAttributes
{
    private static readonly Dictionary<string, string[]> Methods = new()
    {
        ["str"] = ("capitalize casefold center count encode endswith expandtabs find format format_map index isalnum isalpha isascii isdecimal "
            + "isdigit isidentifier islower isnumeric isprintable isspace istitle isupper join ljust lower lstrip maketrans partition "
            + "removeprefix removesuffix replace rfind rindex rjust rpartition rsplit rstrip split splitlines startswith strip swapcase "
            + "title translate upper zfill").Split(' '),
        ["list"] = "append clear copy count extend index insert pop remove reverse sort".Split(' '),
        ["tuple"] = ["count", "index"],
        ["dict"] = "clear copy fromkeys get items keys pop popitem setdefault update values".Split(' '),
        ["int"] = "as_integer_ratio bit_count bit_length conjugate from_bytes to_bytes".Split(' '),
        ["bool"] = "as_integer_ratio bit_count bit_length conjugate from_bytes to_bytes".Split(' '),
        ["float"] = "as_integer_ratio conjugate fromhex hex is_integer".Split(' '),
        ["range"] = "count index start step stop".Split(' '),
        ["dict_keys"] = ["isdisjoint", "mapping"],
        ["dict_items"] = ["isdisjoint", "mapping"],
        ["dict_values"] = ["mapping"],
        ["generator"] = "close gi_code gi_frame gi_running gi_suspended gi_yieldfrom send throw".Split(' '),
    };

    public static object? Get(object? target, string name) =>
        Attribute(target, name) is (true, var value) ? value
        : Element(target, name) is (true, var item) ? item
        : Missing(target, name);

    /// <summary>Without the item that <see cref="Get"/> falls back on.</summary>
    public static object? GetOnly(object? target, string name) => Attribute(target, name) is (true, var value) ? value : Missing(target, name);

    public static object? GetItem(object? target, object? index)
    {
        if (index is PythonUndefined undefined)
            throw undefined.Error();
        return Element(target, index) is (true, var item) ? item
            : index is string name && Attribute(target, name) is (true, var value) ? value
            : Missing(target, index);
    }

    private static PythonUndefined Missing(object? target, object? name) => new(name is string text
        ? $"{Described(target)} has no '{text}'"
        : PythonNumber.IsInteger(name) ? $"{Described(target)} has no element {PythonValue.Repr(name)}"
        : $"{Described(target)} has no element of type {PythonValue.TypeName(name)}");

    private static string Described(object? target) => target is null ? "None" : $"a value of type {PythonValue.TypeName(target)}";

    private static (bool IsThere, object? Value) Attribute(object? target, string name)
    {
        switch (target)
        {
            case PythonUndefined undefined:
                throw undefined.Error();
            case LoopState loop when !IsHidden(name):
                return loop.Attribute(name);
            case PythonNamespace names when !IsHidden(name):
                return (names.Names.TryGetValue(name, out var value), value);
            case PythonTuple tuple when Array.IndexOf(tuple.Fields, name) is >= 0 and var field:
                return (true, tuple[field]);
        }
        var type = PythonValue.TypeName(target);
        if (name == "__class__" && Methods.ContainsKey(type) && target is not PythonTuple { Fields.Length: > 0 })
            return (true, new PythonType(type));
        if (IsHidden(name) || target is SafeText or PythonType or PythonFunction or PythonMethod or Macro or PythonOpaque or PythonSet)
            throw TemplateException.Refused($"{type}.{name}");
        if (target is long or bool or System.Numerics.BigInteger && name is "real" or "numerator" or "imag" or "denominator")
            return (true, name is "real" or "numerator" ? PythonNumber.Normal(PythonNumber.Integer(target)) : name == "imag" ? 0L : 1L);
        if (target is double && name is "real" or "imag")
            return (true, name == "real" ? target : 0.0);
        return Methods.TryGetValue(type, out var methods) && methods.Contains(name) ? (true, new PythonMethod(target, name)) : (false, null);
    }

    /// <summary>Python's own names, which every value has many of.</summary>
    private static bool IsHidden(string name) => name.StartsWith("__", StringComparison.Ordinal);

    private static (bool IsThere, object? Value) Element(object? target, object? index)
    {
        switch (target)
        {
            case PythonUndefined undefined:
                throw undefined.Error();
            case PythonDict dict when index is not (PythonList or PythonDict or PythonSet):
                return (dict.Items.TryGetValue(new(index), out var value), value);
            case string text when PythonNumber.IsInteger(index):
                return CodePoints.At(text, PythonNumber.Integer(index)) is { } point ? (true, point) : (false, null);
            case IReadOnlyList<object?> list when PythonNumber.IsInteger(index):
                var at = PythonNumber.Integer(index) is var number && number < 0 ? number + list.Count : number;
                return at >= 0 && at < list.Count ? (true, list[(int)at]) : (false, null);
            case PythonRange range when PythonNumber.IsInteger(index):
                var place = PythonNumber.Integer(index) is var wanted && wanted < 0 ? wanted + range.Count : wanted;
                return place >= 0 && place < range.Count ? (true, PythonNumber.Normal(range.Start + place * range.Step)) : (false, null);
            case SafeText when PythonNumber.IsInteger(index):
                throw TemplateException.Refused("a character of text of |e, |safe or |tojson");
            default:
                return (false, null);
        }
    }
}
