using System.Collections;
using System.Numerics;

namespace Cognito.Eval.Templates;

/// <summary>A Python tuple: a list that prints with round brackets and equals no list.</summary>
public sealed class PythonTuple(IReadOnlyList<object?> items) : IReadOnlyList<object?>
{
    public object? this[int index] => items[index];
    public int Count => items.Count;
    public IEnumerator<object?> GetEnumerator() => items.GetEnumerator();
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Python's name of the class, where it is a named tuple.</summary>
    internal string[] Fields { get; init; } = [];
}

/// <summary>A Python list that a template may change.</summary>
internal sealed class PythonList(List<object?> items) : IReadOnlyList<object?>
{
    public PythonList(IEnumerable<object?> items) : this(items.ToList()) { }

    public List<object?> Items { get; } = items;
    public object? this[int index] => Items[index];
    public int Count => Items.Count;
    public IEnumerator<object?> GetEnumerator() => Items.GetEnumerator();
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>A Python set: its order is not known, so it is neither printed nor gone through.</summary>
public sealed class PythonSet(IReadOnlyList<object?> items)
{
    /// <summary>As written, equal ones once.</summary>
    public IReadOnlyList<object?> Items { get; } = items;
}

/// <summary>A value that has a type and a text and nothing else here: bytes, complex numbers, Ellipsis.</summary>
public sealed record PythonOpaque(string TypeName, string Text);

/// <summary>A Python dict, whose keys may be of any hashable kind.</summary>
public sealed class PythonDict
{
    internal OrderedDictionary<PythonKey, object?> Items { get; } = [];

    /// <summary>In the order in which keys came.</summary>
    public IEnumerable<KeyValuePair<object?, object?>> Entries => Items.Select(item => KeyValuePair.Create(item.Key.Value, item.Value));

    public int Count => Items.Count;

    internal IEnumerable<object?> Keys => Items.Keys.Select(key => key.Value);

    internal static PythonDict Of(IEnumerable<KeyValuePair<string, object?>> entries)
    {
        var dict = new PythonDict();
        foreach (var entry in entries)
            dict.Items[new(entry.Key)] = entry.Value;
        return dict;
    }

    /// <summary>By text keys; null where a key is none.</summary>
    internal IReadOnlyDictionary<string, object?>? ByText()
    {
        var named = new OrderedDictionary<string, object?>();
        foreach (var (key, value) in Items)
            if (key.Value is string text)
                named[text] = value;
            else
                return null;
        return named;
    }
}

/// <summary>A value as a key: equal values are one key, as 1, 1.0 and True are.</summary>
internal readonly struct PythonKey : IEquatable<PythonKey>
{
    private readonly object? _normal;

    /// <exception cref="TemplateException">It cannot be a key.</exception>
    public PythonKey(object? value) => (Value, _normal) = (value, Normal(value));

    public object? Value { get; }

    public bool Equals(PythonKey other) => (_normal, other._normal) switch
    {
        (PythonKey[] a, PythonKey[] b) => a.AsSpan().SequenceEqual(b),
        var (a, b) => object.Equals(a, b),
    };

    public override bool Equals(object? obj) => obj is PythonKey other && Equals(other);

    public override int GetHashCode()
    {
        if (_normal is not PythonKey[] parts)
            return _normal?.GetHashCode() ?? 0;
        var hash = new HashCode();
        foreach (var part in parts)
            hash.Add(part);
        return hash.ToHashCode();
    }

    private static object? Normal(object? value) => value switch
    {
        bool flag => flag ? 1L : 0L,
        double number when Math.Floor(number) == number && double.IsFinite(number) => PythonNumber.Normal(new BigInteger(number)),
        PythonTuple tuple => tuple.Count > 64
            ? throw TemplateException.Refused("a tuple of more than 64 values as a key")
            : tuple.Select(item => new PythonKey(item)).ToArray(),
        SafeText markup => markup.Text,
        PythonList or PythonDict or PythonSet => throw TemplateException.Type($"unhashable type: '{PythonValue.TypeName(value)}'"),
        PythonUndefined undefined => throw undefined.Error(),
        _ => value,
    };
}

/// <summary>A name or an attribute that is not there; a strict one is an error as soon as it is used.</summary>
internal sealed class PythonUndefined(string message, bool isStrict = true)
{
    public bool IsStrict { get; } = isStrict;

    public TemplateException Error() => TemplateException.Undefined(message);

    /// <summary>Where Jinja's own lenient kind says nothing.</summary>
    public T Lenient<T>(T value) => IsStrict ? throw Error() : value;
}

/// <summary>Text that |e, |safe and |tojson give. What is joined to it would be escaped, so it can be printed and little else.</summary>
internal sealed record SafeText(string Text);

/// <summary>A generator or an iterator: gone through once.</summary>
internal sealed class PythonIterator(string typeName, IEnumerable<object?> items)
{
    private readonly List<object?> _items = [.. items];
    private int _at;

    public string TypeName { get; } = typeName;

    public bool TryNext(out object? item)
    {
        var isMore = _at < _items.Count;
        item = isMore ? _items[_at++] : null;
        return isMore;
    }

    public IEnumerable<object?> Rest()
    {
        while (TryNext(out var item))
            yield return item;
    }
}

/// <summary>What <c>keys()</c>, <c>values()</c> and <c>items()</c> give.</summary>
internal sealed record PythonView(string TypeName, PythonDict Dict)
{
    public IEnumerable<object?> Items => TypeName switch
    {
        "dict_keys" => Dict.Keys,
        "dict_values" => Dict.Items.Values,
        _ => Dict.Entries.Select(entry => new PythonTuple([entry.Key, entry.Value])),
    };
}

/// <summary>Python's range.</summary>
internal sealed record PythonRange(BigInteger Start, BigInteger Stop, BigInteger Step)
{
    public BigInteger Count => Step.Sign > 0
        ? BigInteger.Max(0, (Stop - Start + Step - 1) / Step)
        : BigInteger.Max(0, (Start - Stop - Step - 1) / -Step);

    public IEnumerable<object?> Items
    {
        get
        {
            for (var at = Start; Step.Sign > 0 ? at < Stop : at > Stop; at += Step)
                yield return PythonNumber.Normal(at);
        }
    }
}

/// <summary>A class: what <c>__class__</c> and some of Jinja's global names are.</summary>
internal sealed record PythonType(string Name);

/// <summary>A function that Jinja brings with it.</summary>
internal sealed record PythonFunction(string Name);

/// <summary>A method of a value, not yet called.</summary>
internal sealed record PythonMethod(object? Target, string Name);

/// <summary>Jinja's namespace: names that a loop may set for what comes after it.</summary>
internal sealed class PythonNamespace
{
    public Dictionary<string, object?> Names { get; } = [];
}
