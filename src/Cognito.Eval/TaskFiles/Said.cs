using System.Numerics;
using Cognito.Eval.Files;
using Cognito.Eval.Tasks;
using Cognito.Eval.Templates;

namespace Cognito.Eval.TaskFiles;

/// <summary>A value in a task file, and where it stands.</summary>
/// <param name="Key">As in messages: "doc_to_text", "metric_list: ignore_case".</param>
internal sealed record Said(string File, int Line, string Key, YamlNode Node)
{
    public string Origin => $"{File} line {Line}";

    public bool IsNull => Node is YamlScalar { Value: null };

    public InputException Wrong(string fact) => new($"{Origin}: {Key} {fact}");

    /// <exception cref="InputException">It is no text; YAML reads some words without quotes as something else.</exception>
    public string Text() => Node switch
    {
        YamlScalar { Value: string text } => text,
        YamlScalar { Value: not null, Text: var written } =>
            throw Wrong($"is {Printable.Line(written)}, which YAML reads as {Kind()}; write it in quotes to have a text"),
        YamlScalar => throw Wrong("is left empty; give a text, or leave the key out"),
        _ => throw Wrong($"is {Kind()}, not a text; give a text"),
    };

    public string? TextOrNull() => IsNull ? null : Text();

    public long Whole() => Node is YamlScalar { Value: long number } ? number : throw Wrong($"is {Kind()}; give a whole number");

    public bool Flag() => Node is YamlScalar { Value: bool flag } ? flag : throw Wrong($"is {Kind()}; give true or false");

    /// <summary>A list's items; one that is no list stands for a list of it.</summary>
    public IReadOnlyList<Said> Items() => Node is YamlSequence { Items: var items }
        ? [.. items.Select(item => this with { Line = item.Line, Node = item })] : [this];

    public IReadOnlyList<Said> List() => Node is YamlSequence ? Items() : throw Wrong($"is {Kind()}; give a list");

    /// <summary>A mapping's values by key, with the lines of the keys.</summary>
    /// <exception cref="InputException">It is no mapping, a key is no text, or one stands in it twice.</exception>
    public OrderedDictionary<string, Said> Mapping()
    {
        if (Node is not YamlMapping mapping)
            throw Wrong($"is {Kind()}; give keys with values");
        return MappingOf(File, Key + ": ", mapping);
    }

    /// <param name="outer">What stands before a key's name in messages.</param>
    public static OrderedDictionary<string, Said> MappingOf(string file, string outer, YamlMapping mapping)
    {
        var values = new OrderedDictionary<string, Said>();
        foreach (var (key, value, _) in mapping.Entries)
            values[key.Value as string ?? throw new InputException(
                $"{file} line {key.Line}: {outer}the key {Printable.Line(key.Text)} is read as no text; write it in quotes")] =
                new(file, key.Line, outer + Printable.Line(key.Text), value);
        if (mapping.Duplicates.LastOrDefault() is { Key: var last })
        {
            var lines = mapping.Entries.Where(entry => !entry.IsMerged && Equals(entry.Key.Value, last.Value)).Select(entry => entry.Key.Line).ToList();
            throw new InputException($"{file} line {last.Line}: {outer}{Printable.Line(last.Text)} stands on line {string.Join(", ", lines[..^1])} too, and "
                + $"lm-evaluation-harness takes this last one without a word; remove line {string.Join(", ", lines[..^1])} to ask as it does");
        }
        return values;
    }

    /// <summary>Refuses a key that is none of those known.</summary>
    public static void RequireKnown(IReadOnlyDictionary<string, Said> keys, IReadOnlyCollection<string> known, string what)
    {
        foreach (var (name, said) in keys)
            if (!known.Contains(name))
                throw new InputException($"{said.Origin}: {said.Key} is no key of {what}; did you mean {NearNames.Nearest(name, known)}?");
    }

    /// <summary>As plain values: null, bool, long, double, text, lists, dictionaries.</summary>
    public object? Value() => RequireNoFunction().Node.ToValue(File);

    /// <exception cref="InputException">It names a function of Python, at whatever depth.</exception>
    public Said RequireNoFunction()
    {
        if (FunctionIn(Node, Key, 0) is var (function, at))
            throw new InputException($"{File} line {function.Line}: {at} is !function {Printable.Line(function.Name)}, and no code from task files is run; "
                + "say it as a template or a filter, or write the task in C#");
        return this;
    }

    private static (YamlFunction Function, string At)? FunctionIn(YamlNode node, string at, int depth)
    {
        const int Deepest = 64;
        return depth > Deepest ? null : node switch
        {
            YamlFunction function => (function, at),
            YamlSequence list => list.Items.Select(item => FunctionIn(item, at, depth + 1)).FirstOrDefault(found => found is not null),
            YamlMapping mapping => mapping.Entries.Select(entry => FunctionIn(
                    entry.Value, $"{at}: {Printable.Line(entry.Key.Text)}", depth + 1))
                .FirstOrDefault(found => found is not null),
            _ => null,
        };
    }

    public string Kind() => Node switch
    {
        YamlScalar { Value: null } => "nothing",
        YamlScalar { Value: bool } => "true or false",
        YamlScalar { Value: long or BigInteger } => "a whole number",
        YamlScalar { Value: double } => "a fractional number",
        YamlScalar { Value: string } => "a text",
        YamlScalar => "a date",
        YamlSequence => "a list",
        YamlMapping => "a mapping",
        YamlFunction => "a function",
        _ => "something else",
    };
}
