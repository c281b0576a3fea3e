using System.Numerics;

namespace Cognito.Eval.Templates;

/// <summary>What a function, a method, a filter or a test is called with.</summary>
internal sealed record Arguments(IReadOnlyList<object?> Positional, IReadOnlyList<(string Name, object? Value)> Named)
{
    public static Arguments None { get; } = new([], []);

    /// <summary>Of a function that takes no names.</summary>
    public IReadOnlyList<object?> Positionals(string function, int fewest, int most)
    {
        if (Named.Count > 0)
            throw TemplateException.Type($"{function}() takes no '{Named[0].Name}' by name");
        return Positional.Count >= fewest && Positional.Count <= most
            ? Positional
            : throw TemplateException.Type($"{function}() takes {(fewest == most ? $"{most}" : $"{fewest} to {most}")} values, not {Positional.Count}");
    }

    /// <summary>By parameter; one that was not given is not there.</summary>
    /// <param name="required">How many of the first must be given.</param>
    public Bound Bind(string function, int required, params string[] parameters)
    {
        if (Positional.Count > parameters.Length)
            throw TemplateException.Type($"{function} takes at most {parameters.Length} values, not {Positional.Count}");
        var values = new Dictionary<string, object?>();
        foreach (var (i, value) in Positional.Index())
            values[parameters[i]] = value;
        foreach (var (name, value) in Named)
            if (!parameters.Contains(name))
                throw TemplateException.Type($"{function} has no '{name}'");
            else if (!values.TryAdd(name, value))
                throw TemplateException.Type($"{function} is given '{name}' twice");
        return parameters.Take(required).FirstOrDefault(name => !values.ContainsKey(name)) is { } missing
            ? throw TemplateException.Type($"{function} needs '{missing}'")
            : new(function, values);
    }
}

/// <summary>A function's values by parameter.</summary>
internal sealed record Bound(string Function, Dictionary<string, object?> Values)
{
    public object? this[string name] => Values.GetValueOrDefault(name);

    public bool Has(string name) => Values.ContainsKey(name);

    public string Text(string name, string missing = "") => !Values.TryGetValue(name, out var value) ? missing
        : value is PythonUndefined undefined ? undefined.Lenient("")
        : value as string ?? throw Wrong(name, "text");

    public string? TextOrNone(string name) => this[name] is null ? null : Text(name);

    public BigInteger Integer(string name, BigInteger missing) => !Values.TryGetValue(name, out var value) ? missing
        : PythonNumber.IsInteger(value) ? PythonNumber.Integer(value)
        : throw Wrong(name, "a whole number");

    /// <summary>An integer as far as int goes: what is beyond is as far as anything here can be.</summary>
    public int Count(string name, int missing) => (int)BigInteger.Clamp(Integer(name, missing), int.MinValue, int.MaxValue);

    public bool IsTrue(string name) => Values.TryGetValue(name, out var value) && PythonValue.IsTrue(value);

    private TemplateException Wrong(string name, string expected) => this[name] is PythonUndefined { IsStrict: true } undefined
        ? undefined.Error()
        : TemplateException.Type($"{Function} takes {expected} as '{name}', not {PythonValue.TypeName(this[name])}");
}
