namespace Cognito.Eval.Templates;

/// <summary>What filters need of the rendering: its budget, and other filters and tests by name.</summary>
internal sealed record FilterContext(
    Budget Budget, Func<string, object?, Arguments, object?> Filter, Func<string, object?, Arguments, bool> Test)
{
    /// <summary>Python's <c>str</c>.</summary>
    public string Str(object? value) => PythonValue.Str(value, Budget);

    /// <summary>Python's <c>iter</c>.</summary>
    public IEnumerable<object?> Items(object? value) => PythonSequence.Items(value, Budget);
}

/// <summary>Jinja's filters, and the harness's regex_replace.</summary>
internal static partial class TemplateFilters
{
    private delegate object? Filter(object? value, Arguments arguments, FilterContext context);

    private static readonly Dictionary<string, Filter> All =
        OfAny().Concat(OfTexts()).Concat(OfSequences()).ToDictionary(filter => filter.Key, filter => filter.Value);

    /// <summary>Jinja's that are not done: each is refused where it is reached.</summary>
    private static readonly string[] Refused = ["pprint", "random", "urlize"];

    public static IReadOnlySet<string> Names { get; } = All.Keys.Concat(Refused).ToHashSet();

    public static object? Apply(string name, object? value, Arguments arguments, FilterContext context)
    {
        context.Budget.Spend(1);
        if (!All.TryGetValue(name, out var filter))
            throw Refused.Contains(name) ? TemplateException.Refused($"|{name}") : new("TemplateRuntimeError", $"there is no filter '{name}'");
        if (value is SafeText && name is not ("e" or "escape" or "safe" or "string" or "length" or "count"))
            throw TemplateException.Refused($"|{name} after |e, |safe or |tojson");
        return filter(value, arguments, context);
    }

    private static Bound Bind(string name, Arguments arguments, int required, params string[] parameters) =>
        arguments.Bind($"|{name}", required, parameters);

    private static Dictionary<string, Filter> OfAny() => new()
    {
        ["default"] = Default,
        ["d"] = Default,
        ["string"] = (value, arguments, context) => Bind("string", arguments, 0) is not null && value is SafeText ? value : context.Str(value),
        ["safe"] = (value, arguments, context) => Bind("safe", arguments, 0) is not null && value is SafeText ? value : new SafeText(context.Str(value)),
        ["e"] = Escape,
        ["escape"] = Escape,
        ["forceescape"] = Escape,
        ["int"] = (value, arguments, _) => Bind("int", arguments, 0, "default", "base") is var bound && ToInteger(value, bound.Count("base", 10)) is { } number
            ? number
            : bound.Has("default") ? bound["default"] : 0L,
        ["float"] = (value, arguments, _) => Bind("float", arguments, 0, "default") is var bound && ToFloat(value) is { } number
            ? number
            : bound.Has("default") ? bound["default"] : 0.0,
        ["abs"] = (value, arguments, _) => Bind("abs", arguments, 0) is not null && value is PythonUndefined undefined ? throw undefined.Error()
            : !PythonNumber.IsNumber(value) ? throw TemplateException.Type($"|abs takes a number, not {PythonValue.TypeName(value)}")
            : value is double number ? Math.Abs(number) : PythonNumber.Normal(System.Numerics.BigInteger.Abs(PythonNumber.Integer(value))),
        ["round"] = Round,
        ["filesizeformat"] = FileSize,
        ["attr"] = (value, arguments, _) => PythonAttributes.GetOnly(value, Bind("attr", arguments, 1, "name").Text("name")),
        ["tojson"] = (value, arguments, context) => new SafeText(TemplateJson.Write(value, Bind("tojson", arguments, 0, "indent"), context.Budget)),
        ["xmlattr"] = (value, _, _) => value is PythonDict ? throw TemplateException.Refused("|xmlattr")
            : throw new TemplateException("AttributeError", $"|xmlattr takes a mapping, not {PythonValue.TypeName(value)}"),
        ["urlencode"] = (value, arguments, context) => Bind("urlencode", arguments, 0) is not null && value is IReadOnlyList<object?> or PythonDict or PythonView or PythonRange or PythonIterator
            ? throw TemplateException.Refused("|urlencode of other values than text")
            : Quoted(context.Str(value)),
    };

    private static object? Default(object? value, Arguments arguments, FilterContext context)
    {
        var bound = Bind("default", arguments, 0, "default_value", "boolean");
        return value is PythonUndefined || bound.IsTrue("boolean") && !PythonValue.IsTrue(value)
            ? bound.Has("default_value") ? bound["default_value"] : ""
            : value;
    }

    private static SafeText Escape(object? value, Arguments arguments, FilterContext context)
    {
        Bind("escape", arguments, 0);
        return value as SafeText ?? new(context.Str(value).Replace("&", "&amp;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal)
            .Replace("<", "&lt;", StringComparison.Ordinal).Replace("'", "&#39;", StringComparison.Ordinal).Replace("\"", "&#34;", StringComparison.Ordinal));
    }

    /// <summary>Python's <c>int</c> of it, else that of its <c>float</c>; null where there is none.</summary>
    private static object? ToInteger(object? value, int numberBase)
    {
        if (value is PythonUndefined undefined)
            throw undefined.Error();
        if (PythonNumber.IsInteger(value))
            return PythonNumber.Normal(PythonNumber.Integer(value));
        try
        {
            if (value is string text && PythonNumber.ParseInteger(text, numberBase) is { } whole)
                return whole;
        }
        catch (TemplateException e) when (e.Kind == "ValueError")
        {
            // Then the float is tried.
        }
        return ToFloat(value) is not { } number ? null
            : value is double && double.IsInfinity(number) ? throw new TemplateException("OverflowError", "infinity is no whole number")
            : double.IsFinite(number) ? PythonNumber.Truncate(number)
            : null;
    }

    private static double? ToFloat(object? value) => value switch
    {
        PythonUndefined undefined => throw undefined.Error(),
        string text => PythonNumber.ParseFloat(text),
        _ when PythonNumber.IsNumber(value) => PythonNumber.Float(value),
        _ => null,
    };

    private static object Round(object? value, Arguments arguments, FilterContext context)
    {
        var bound = Bind("round", arguments, 0, "precision", "method");
        var (digits, method) = (bound.Integer("precision", 0), bound.Text("method", "common"));
        if (method is not ("common" or "ceil" or "floor"))
            throw new TemplateException("FilterArgumentError", "|round takes common, ceil or floor");
        if (value is PythonUndefined undefined)
            throw undefined.Error();
        if (!PythonNumber.IsNumber(value))
            throw TemplateException.Type($"|round takes a number, not {PythonValue.TypeName(value)}");
        if (method == "common")
            return value is double number ? PythonFloat.Round(number, digits) : PythonNumber.RoundInteger(PythonNumber.Integer(value), digits);
        var power = PythonNumber.Power(10L, PythonNumber.Normal(digits));
        var scaled = PythonNumber.Multiply(value!, power);
        var whole = scaled is not double real ? scaled : PythonNumber.Truncate(method == "ceil" ? Math.Ceiling(real) : Math.Floor(real));
        return PythonNumber.Divide(whole, power);
    }

    private static string FileSize(object? value, Arguments arguments, FilterContext context)
    {
        var isBinary = Bind("filesizeformat", arguments, 0, "binary").IsTrue("binary");
        var bytes = ToFloat(value) ?? throw TemplateException.Value("|filesizeformat takes a number");
        double unit = isBinary ? 1024 : 1000;
        if (bytes == 1)
            return "1 Byte";
        if (bytes < unit)
            return $"{PythonNumber.Text(PythonNumber.Truncate(bytes))} Bytes";
        string[] prefixes = isBinary ? ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"] : ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];
        var at = 0;
        while (at < prefixes.Length - 1 && bytes >= Math.Pow(unit, at + 2))
            at++;
        return $"{NumberText.Fractional(unit * bytes / Math.Pow(unit, at + 2), 'f', 1, false, context.Budget)} {prefixes[at]}";
    }

    /// <summary>As in addresses: a slash stays.</summary>
    private static string Quoted(string text)
    {
        if (text.EnumerateRunes().Any(rune => rune.Value == 0xfffd) && !text.Contains('\ufffd', StringComparison.Ordinal))
            throw new TemplateException("UnicodeEncodeError", "half a surrogate pair cannot be encoded");
        return string.Concat(System.Text.Encoding.UTF8.GetBytes(text)
            .Select(value => char.IsAsciiLetterOrDigit((char)value) || value is (byte)'_' or (byte)'.' or (byte)'-' or (byte)'~' or (byte)'/' ? $"{(char)value}" : $"%{value:X2}"));
    }
}
