using Cognito.Eval.Files;

namespace Cognito.Eval.Templates;

/// <summary>A value of a YAML file, and where it stands.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1.</param>
public abstract record YamlNode(int Line, int Column)
{
    /// <summary>Of this and all within it; what an alias repeats counts again.</summary>
    internal long Size { get; init; } = 1;

    /// <summary>
    /// Null, bool, long, BigInteger, double, string, a list, a dictionary in the file's order, or a <see cref="PythonDict"/> where a key is no
    /// text.
    /// </summary>
    /// <param name="name">Of the file, for messages.</param>
    /// <exception cref="InputException">A function or a date is within it.</exception>
    public object? ToValue(string name) => this switch
    {
        YamlScalar { Value: YamlDate date } => throw new InputException($"{name}, line {Line}: {date.Text} is read as a date; put it in quotes"),
        YamlScalar scalar => scalar.Value,
        YamlSequence sequence => sequence.Items.Select(item => item.ToValue(name)).ToList(),
        YamlMapping mapping => mapping.ToDictionary(name),
        YamlFunction function => throw new InputException($"{name}, line {Line}: !function {function.Name} is Python code, which is not run; write a template"),
        _ => null,
    };
}

/// <param name="Value">As YAML 1.1 resolves it: null, bool, long, BigInteger, double, string, <see cref="YamlDate"/>.</param>
/// <param name="Text">As written, quotes and escapes resolved.</param>
/// <param name="IsPlain">Without quotes, and no block.</param>
public sealed record YamlScalar(object? Value, string Text, bool IsPlain, int Line, int Column) : YamlNode(Line, Column)
{
    internal PythonKey Hashed => new(Value is YamlDate date ? new PythonOpaque("date", date.Text) : Value);
}

/// <summary>A list, in the order of the file.</summary>
public sealed record YamlSequence(IReadOnlyList<YamlNode> Items, int Line, int Column) : YamlNode(Line, Column);

/// <param name="Entries">
/// As written, equal keys each time; what a merge key brings stands in front. Of equal keys the last one counts.
/// </param>
public sealed record YamlMapping(IReadOnlyList<YamlEntry> Entries, int Line, int Column) : YamlNode(Line, Column)
{
    /// <summary>The value of a key; null where it has none.</summary>
    public YamlNode? Find(string key) => Entries.LastOrDefault(entry => entry.Key.Value is string text && text == key)?.Value;

    /// <summary>Later ones of equal keys that are both written in this mapping itself.</summary>
    public IEnumerable<YamlEntry> Duplicates
    {
        get
        {
            var seen = new HashSet<PythonKey>();
            return Entries.Where(entry => !entry.IsMerged && !seen.Add(entry.Key.Hashed)).ToList();
        }
    }

    internal object ToDictionary(string name)
    {
        var dict = new PythonDict();
        foreach (var entry in Entries)
            dict.Items[entry.Key.Hashed] = entry.Value.ToValue(name);
        return dict.ByText() as object ?? dict;
    }
}

/// <param name="IsMerged">Whether a merge key (<c>&lt;&lt;</c>) brought it.</param>
public sealed record YamlEntry(YamlScalar Key, YamlNode Value, bool IsMerged = false);

/// <summary><c>!function NAME</c>: code that is not run.</summary>
public sealed record YamlFunction(string Name, int Line, int Column) : YamlNode(Line, Column);

/// <summary>A date or a time, which no key of a task file takes.</summary>
public sealed record YamlDate(string Text);
