using System.Text;
using Cognito.Eval.Files;
using Cognito.Eval.Templates;

namespace Cognito.Eval.Tasks;

/// <summary>A filter that is not known, that is given what it does not take, or that fails on an answer.</summary>
/// <param name="Kind">The reference's name of the error, "unsupported" or "limit".</param>
public sealed class ResponseFilterException(string kind, string message) : Exception(Printable.Line(message))
{
    public string Kind { get; } = kind;
}

/// <summary>One of lm-evaluation-harness' filters: a function of all that was answered to a document.</summary>
public sealed partial class ResponseFilter
{
    private readonly Func<IReadOnlyList<object?>, IReadOnlyDictionary<string, object?>, object?> _apply;

    private ResponseFilter(string name, Func<IReadOnlyList<object?>, IReadOnlyDictionary<string, object?>, object?> apply) => (Name, _apply) = (name, apply);

    private ResponseFilter(string name, Func<object?, object?> each) : this(name, (responses, _) => responses.Select(each).ToList()) { }

    public string Name { get; }

    /// <param name="options">As the file has them, without the filter's own name.</param>
    /// <exception cref="ResponseFilterException">There is no such filter or option, or a pattern is wrong.</exception>
    public static ResponseFilter Create(string name, IReadOnlyDictionary<string, object?> options)
    {
        var given = new FilterOptions(name, options);
        ResponseFilter filter = name switch
        {
            "take_first" => new(name, (responses, _) => responses.Count > 0 ? responses[0] : throw Error("IndexError", name, "there is no answer")),
            "take_first_k" => TakeFirst(given.Count("k")),
            "majority_vote" => new(name, (responses, _) => new List<object?> { MostFrequent(responses) }),
            "lowercase" => new(name, response => PythonText.Lower(Text(name, response))),
            "uppercase" => new(name, response => PythonText.Upper(Text(name, response))),
            "remove_whitespace" => new(name, response => PythonText.Strip(Text(name, response))),
            "map" => Map(given),
            "regex" => RegexFilter.Of(given) is var regex ? new(name, regex.Apply) : null!,
            "multi_choice_regex" => MultiChoice(given),
            "regex_pos" or "format_span" or "custom" or "decontaminate" => throw Error("unsupported", name, "it is not supported"),
            _ => throw Error("KeyError", name, $"there is no such filter; there are {string.Join(", ", Known)}"),
        };
        given.RequireAllRead();
        return filter;
    }

    public static IReadOnlyList<string> Known { get; } =
        ["take_first", "take_first_k", "majority_vote", "lowercase", "uppercase", "remove_whitespace", "map", "regex", "multi_choice_regex"];

    internal static ResponseFilterException Error(string kind, string filter, string fact) => new(kind, $"the filter {filter}: {fact}");

    /// <param name="responses">A list of answers; after take_first one answer, and a text is gone through by its characters, as the reference does.</param>
    /// <param name="doc">The row, of which multi_choice_regex reads the choices.</param>
    /// <returns>A list, or of take_first one answer.</returns>
    /// <exception cref="ResponseFilterException">It fails on these answers.</exception>
    public object? Apply(object? responses, IReadOnlyDictionary<string, object?> doc)
    {
        try
        {
            return _apply(responses switch
            {
                string text => [.. CodePoints.Of(text)],
                IReadOnlyList<object?> list => list,
                _ => throw Error("TypeError", Name, "what comes before it leaves one value, which is no text"),
            }, doc);
        }
        catch (PythonRegexException e)
        {
            throw Error(e.Kind, Name, e.Message);
        }
    }

    private static string Text(string filter, object? response) =>
        response as string ?? throw Error("AttributeError", filter, "an answer is no text");

    private static ResponseFilter TakeFirst(int count) => new("take_first_k", (responses, _) => responses.Count >= count
        ? responses.Take(Math.Max(0, count)).ToList()
        : throw Error("AssertionError", "take_first_k", $"it takes {count} answers, and there are {responses.Count}; raise repeats"));

    /// <summary>Of equally frequent ones the first.</summary>
    private static object? MostFrequent(IReadOnlyList<object?> responses)
    {
        var counts = new OrderedDictionary<PythonKey, int>();
        foreach (var key in responses.Select(response => new PythonKey(response)))
            counts[key] = counts.GetValueOrDefault(key) + 1;
        return counts.Count > 0 ? counts.MaxBy(pair => pair.Value).Key.Value : throw Error("IndexError", "majority_vote", "there is no answer");
    }

    private static ResponseFilter Map(FilterOptions options)
    {
        var mapping = options.Value("mapping_dict", null) switch
        {
            null => new PythonDict(),
            PythonDict dict => dict,
            IReadOnlyDictionary<string, object?> named => PythonDict.Of(named),
            _ => throw Error("AssertionError", "map", "mapping_dict is no mapping"),
        };
        var missing = options.Value("default_value", null);
        return new("map", response => response is IReadOnlyList<object?> and not PythonTuple or IReadOnlyDictionary<string, object?>
            ? throw Error("TypeError", "map", "an answer is a list or a mapping, which no key is")
            : mapping.Items.TryGetValue(new(response), out var mapped) ? mapped : missing);
    }
}

/// <summary>A filter's options, each of which must be read.</summary>
internal sealed class FilterOptions(string filter, IReadOnlyDictionary<string, object?> options)
{
    private readonly HashSet<string> _read = [];

    public string Filter => filter;

    public object? Value(string name, object? missing)
    {
        _read.Add(name);
        return options.TryGetValue(name, out var value) ? value : missing;
    }

    public string Text(string name, string missing) => Value(name, missing) as string ?? throw Wrong(name, "text");

    public int Count(string name, int? missing = null) => Value(name, (long?)missing) switch
    {
        long number when number is >= int.MinValue and <= int.MaxValue => (int)number,
        bool flag => flag ? 1 : 0,
        _ => throw (options.ContainsKey(name) ? Wrong(name, "a whole number") : ResponseFilter.Error("KeyError", filter, $"it needs '{name}'")),
    };

    /// <summary>By Python's truth.</summary>
    public bool IsTrue(string name) => PythonValue.IsTrue(Value(name, false));

    public PythonRegex Pattern(string pattern)
    {
        try
        {
            return PythonRegex.Parse(pattern);
        }
        catch (PythonRegexException e)
        {
            throw ResponseFilter.Error(e.Kind, filter, $"{pattern}: {e.Message}");
        }
    }

    private ResponseFilterException Wrong(string name, string expected) => ResponseFilter.Error("TypeError", filter, $"'{name}' takes {expected}");

    public void RequireAllRead()
    {
        if (options.Keys.FirstOrDefault(name => !_read.Contains(name)) is { } unknown)
            throw ResponseFilter.Error("TypeError", filter, $"it has no option '{unknown}'");
    }
}

/// <summary>Filters one after the other.</summary>
public sealed record ResponsePipeline(string Name, IReadOnlyList<ResponseFilter> Filters)
{
    /// <summary>What a file without filters has.</summary>
    public static ResponsePipeline Default { get; } = new("none", [ResponseFilter.Create("take_first", new Dictionary<string, object?>())]);

    /// <summary>Whether one answer is left, not a list.</summary>
    public bool EndsInOne => Filters is [.., { Name: "take_first" }];

    /// <param name="responses">All answers to a document, in order.</param>
    /// <param name="doc">The row.</param>
    /// <exception cref="ResponseFilterException">A filter fails on them.</exception>
    public object? Apply(IReadOnlyList<object?> responses, IReadOnlyDictionary<string, object?> doc) =>
        Filters.Aggregate((object?)responses, (left, filter) => filter.Apply(left, doc));
}
