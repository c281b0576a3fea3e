using System.Numerics;

namespace Cognito.Eval.Templates;

/// <summary>The names that every template has.</summary>
internal static class TemplateGlobals
{
    private static readonly Dictionary<string, object> All = new()
    {
        ["range"] = new PythonType("range"),
        ["dict"] = new PythonType("dict"),
        ["namespace"] = new PythonType("jinja2.utils.Namespace"),
        ["cycler"] = new PythonType("jinja2.utils.Cycler"),
        ["joiner"] = new PythonType("jinja2.utils.Joiner"),
        ["lipsum"] = new PythonFunction("lipsum"),
        ["self"] = new PythonFunction("self"),
    };

    public static IEnumerable<string> Names => All.Keys;

    public static object? Find(string name) => All.GetValueOrDefault(name);

    /// <summary>What calling a class gives.</summary>
    public static object? Make(PythonType type, Arguments arguments, Budget budget) => type.Name switch
    {
        "range" => Range(arguments.Positionals("range", 1, 3)),
        "dict" => Dict(arguments, budget),
        "jinja2.utils.Namespace" => Namespace(arguments, budget),
        "str" when arguments is { Positional: [var one], Named: [] } => PythonValue.Str(one, budget),
        _ => throw TemplateException.Refused($"calling {type.Name}"),
    };

    private static PythonRange Range(IReadOnlyList<object?> bounds)
    {
        if (bounds.FirstOrDefault(bound => !PythonNumber.IsInteger(bound)) is { } wrong)
            throw TemplateException.Type($"range() takes whole numbers, not {PythonValue.TypeName(wrong)}");
        BigInteger[] numbers = [.. bounds.Select(PythonNumber.Integer)];
        if (numbers is [_, _, { IsZero: true }])
            throw TemplateException.Value("range() needs a step other than 0");
        return numbers.Length == 1 ? new(0, numbers[0], 1) : new(numbers[0], numbers[1], numbers.Length > 2 ? numbers[2] : 1);
    }

    private static PythonDict Dict(Arguments arguments, Budget budget)
    {
        var dict = new PythonDict();
        if (arguments.Positional.Count > 1)
            throw TemplateException.Type("dict() takes one value and names");
        if (arguments.Positional is [var source])
            DictMethods.Update(dict, source, budget);
        foreach (var (name, value) in arguments.Named)
            dict.Items[new(name)] = value;
        return dict;
    }

    private static PythonNamespace Namespace(Arguments arguments, Budget budget)
    {
        var names = new PythonNamespace();
        foreach (var (key, value) in Dict(arguments, budget).Entries)
            names.Names[key as string ?? throw TemplateException.Type("a namespace's names are texts")] = value;
        return names;
    }
}
