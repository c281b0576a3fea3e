using System.Text;

namespace Cognito.Eval.Templates;

/// <summary>Names and their values, and the scope around them.</summary>
internal sealed class Scope(Scope? outer)
{
    public Scope? Outer { get; } = outer;
    public Dictionary<string, object?> Values { get; } = [];
}

/// <summary>A macro, and the scope that it was made in.</summary>
internal sealed record Macro(MacroOf Source, Scope Scope);

/// <summary>One template on one row.</summary>
internal sealed partial class Rendering(IReadOnlyDictionary<string, object?> variables)
{
    private readonly Budget _budget = new();
    private readonly RowCopies _copies = new();
    private readonly Scope _root = new(null);
    private StringBuilder _output = new();
    private int _line = 1;

    public string? Changed => _copies.Changed;

    public string Render(IReadOnlyList<Statement> statements)
    {
        try
        {
            if (variables.ContainsKey("self"))
                throw TemplateException.Type("a variable is named 'self', which no template can be given");
            Run(statements, _root);
            return _output.ToString();
        }
        catch (TemplateException e)
        {
            throw e.At(_line);
        }
    }

    private void Run(IReadOnlyList<Statement> statements, Scope scope)
    {
        _budget.Enter();
        foreach (var statement in statements)
            Run(statement, scope);
        _budget.Leave();
    }

    private void Run(Statement statement, Scope scope)
    {
        _budget.Spend(1);
        _line = statement.Line;
        switch (statement)
        {
            case Text text: Write(text.Value); break;
            case Output output: Write(PythonValue.Str(Evaluate(output.Value, scope), _budget)); break;
            case For loop: RunFor(loop, scope); break;
            case If branches: RunIf(branches, scope); break;
            case Set set: Assign(set.Target, Evaluate(set.Value, scope), scope); break;
            case SetBlock block: RunSetBlock(block, scope); break;
            case With with: RunWith(with, scope); break;
            case MacroOf macro: scope.Values[macro.Name] = new Macro(macro, scope); break;
            case FilterBlock block: Write(PythonValue.Str(Filter(block.Filter, Captured(block.Body, new(scope)), scope), _budget)); break;
            case OtherTemplate other:
                throw new TemplateException("AttributeError", $"{{% {other.Keyword} %}} needs another template, and there is none");
        }
    }

    private void Write(string text)
    {
        _budget.Spend(text.Length);
        _output.Append(text);
        if (_output.Length > Budget.MostLength)
            _budget.Spend(long.MaxValue);
    }

    private string Captured(IReadOnlyList<Statement> body, Scope scope)
    {
        var outer = _output;
        _output = new();
        Run(body, scope);
        var text = _output.ToString();
        _output = outer;
        return text;
    }

    private void RunIf(If branches, Scope scope)
    {
        foreach (var (test, body) in branches.Branches)
            if (PythonValue.IsTrue(Evaluate(test, scope)))
            {
                Run(body, scope);
                return;
            }
        Run(branches.Else, scope);
    }

    private void RunSetBlock(SetBlock block, Scope scope)
    {
        object? text = Captured(block.Body, new(scope));
        Assign(block.Target, block.Filter is null ? text : Filter(block.Filter, text, scope), scope);
    }

    private void RunWith(With with, Scope scope)
    {
        object?[] values = [.. with.Values.Select(pair => Evaluate(pair.Value, scope))];
        var inner = new Scope(scope);
        foreach (var (i, pair) in with.Values.Index())
            Assign(pair.Target, values[i], inner);
        Run(with.Body, inner);
    }

    private void RunFor(For loop, Scope scope)
    {
        var source = Evaluate(loop.Items, scope);
        var items = PythonSequence.Items(source, _budget);
        if (loop.Condition is not null)
            items = Chosen(items, loop, scope);
        var state = new LoopState(items, loop.Condition is null ? PythonSequence.Count(source) : null);
        var isEmpty = true;
        while (state.MoveNext())
        {
            isEmpty = false;
            _line = loop.Line;
            var inner = new Scope(scope);
            Assign(loop.Target, state.Current, inner);
            inner.Values["loop"] = state;
            Run(loop.Body, inner);
        }
        if (isEmpty)
            Run(loop.Else, new(scope));
    }

    private IEnumerable<object?> Chosen(IEnumerable<object?> items, For loop, Scope scope)
    {
        foreach (var item in items)
        {
            var inner = new Scope(scope);
            Assign(loop.Target, item, inner);
            if (PythonValue.IsTrue(Evaluate(loop.Condition!, inner)))
                yield return item;
        }
    }

    private void Assign(Expression target, object? value, Scope scope)
    {
        switch (target)
        {
            case Variable variable:
                scope.Values[variable.Name] = value;
                break;
            case AttributeOf { Target: Variable variable } attribute:
                if (Lookup(variable.Name, scope) is not PythonNamespace names)
                    throw new TemplateException("TemplateRuntimeError", $"'{variable.Name}' is no namespace, whose names could be set");
                names.Names[attribute.Name] = value;
                break;
            case TupleOf tuple:
                Unpack(tuple, value, scope);
                break;
        }
    }

    private void Unpack(TupleOf tuple, object? value, Scope scope)
    {
        object?[] values = [.. PythonSequence.Items(value, _budget).Take(tuple.Items.Count + 1)];
        if (values.Length != tuple.Items.Count)
            throw TemplateException.Value($"{(values.Length < tuple.Items.Count ? "too few" : "too many")} values for {tuple.Items.Count} names");
        foreach (var (i, item) in tuple.Items.Index())
            Assign(item, values[i], scope);
    }

    private object? Lookup(string name, Scope scope)
    {
        for (Scope? at = scope; at is not null; at = at.Outer)
            if (at.Values.TryGetValue(name, out var value))
                return value;
        if (variables.TryGetValue(name, out var cell))
            return _copies.Of(name, cell, _budget);
        if (TemplateGlobals.Find(name) is { } global)
            return global;
        return name is "caller" or "varargs" or "kwargs"
            ? throw TemplateException.Refused($"a macro's '{name}'")
            : new PythonUndefined($"there is no '{name}' among {Named(variables.Keys)}");
    }

    private static string Named(IEnumerable<string> names) =>
        names.Take(21).ToArray() is { Length: > 0 } some ? string.Join(", ", some.Take(20)) + (some.Length > 20 ? ", ..." : "") : "no names";

    private string CallMacro(Macro macro, IReadOnlyList<object?> positional, IReadOnlyList<(string Name, object? Value)> named)
    {
        var source = macro.Source;
        if (positional.Count > source.Parameters.Count)
            throw TemplateException.Type($"macro '{source.Name}' takes {source.Parameters.Count} values, not {positional.Count}");
        if (named.FirstOrDefault(value => !source.Parameters.Contains(value.Name)).Name is { } unknown)
            throw TemplateException.Type($"macro '{source.Name}' has no '{unknown}'");
        var inner = new Scope(macro.Scope);
        var line = _line;
        foreach (var (i, parameter) in source.Parameters.Index())
        {
            var given = named.Where(value => value.Name == parameter).ToArray();
            if (i < positional.Count && given.Length > 0)
                throw TemplateException.Type($"macro '{source.Name}' is given '{parameter}' twice");
            var fallback = i - source.Parameters.Count + source.Defaults.Count;
            inner.Values[parameter] = i < positional.Count ? positional[i]
                : given.Length > 0 ? given[0].Value
                : fallback >= 0 ? Evaluate(source.Defaults[fallback], inner)
                : new PythonUndefined($"macro '{source.Name}' was given no '{parameter}'");
        }
        var text = Captured(source.Body, inner);
        _line = line;
        return text;
    }
}

/// <summary>Lists and structs of the row as a template can change them, and which variable it changed.</summary>
internal sealed class RowCopies
{
    private readonly Dictionary<string, object?> _values = [];
    private readonly Dictionary<object, string> _variables = new(ReferenceEqualityComparer.Instance);

    public string? Changed { get; private set; }

    public object? Of(string variable, object? value, Budget budget)
    {
        if (!_values.TryGetValue(variable, out var copy))
            _values[variable] = copy = Copy(variable, value, budget);
        return copy;
    }

    public void Change(object target) => Changed ??= _variables.GetValueOrDefault(target);

    private object? Copy(string variable, object? value, Budget budget)
    {
        budget.Enter();
        object? copy = value switch
        {
            int number => (long)number,
            float number => (double)number,
            System.Numerics.BigInteger number => PythonNumber.Normal(number),
            IReadOnlyDictionary<string, object?> named => PythonDict.Of(named.Select(entry =>
                KeyValuePair.Create(entry.Key, Copy(variable, entry.Value, budget)))),
            PythonTuple tuple => new PythonTuple([.. tuple.Select(item => Copy(variable, item, budget))]),
            IReadOnlyList<object?> list => new PythonList(list.Select(item => Copy(variable, item, budget))),
            _ => value,
        };
        if (copy is PythonList or PythonDict)
            _variables[copy] = variable;
        budget.Leave();
        return copy;
    }
}
