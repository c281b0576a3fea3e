using System.Numerics;

namespace Cognito.Eval.Templates;

/// <summary>The methods of Python's lists and tuples.</summary>
internal static class ListMethods
{
    public static object? Call(IReadOnlyList<object?> list, string method, Arguments arguments, Budget budget)
    {
        budget.Spend(list.Count);
        return method switch
        {
            "index" => Index(list, arguments.Positionals(method, 1, 3), budget),
            "count" => (long)list.Count(item => PythonValue.AreEqual(item, arguments.Positionals(method, 1, 1)[0], budget)),
            "copy" => new PythonList(list),
            _ => throw TemplateException.Refused($"{PythonValue.TypeName(list)}.{method}()"),
        };
    }

    public static object? Call(PythonList list, string method, Arguments arguments, Budget budget, RowCopies copies)
    {
        if (method is "index" or "count" or "copy")
            return Call(list, method, arguments, budget);
        copies.Change(list);
        budget.Spend(1);
        var items = list.Items;
        switch (method)
        {
            case "append":
                items.Add(arguments.Positionals(method, 1, 1)[0]);
                break;
            case "extend":
                items.AddRange([.. PythonSequence.Items(arguments.Positionals(method, 1, 1)[0], budget)]);
                break;
            case "insert":
                var place = arguments.Positionals(method, 2, 2);
                items.Insert(CodePoints.Bounds(items.Count, PythonNumber.Integer(place[0]), null, 1).From, place[1]);
                break;
            case "pop":
                return Pop(items, arguments.Positionals(method, 0, 1));
            case "remove":
                items.RemoveAt((int)(long)Index(list, arguments.Positionals(method, 1, 1), budget));
                break;
            case "clear":
                arguments.Positionals(method, 0, 0);
                items.Clear();
                break;
            case "reverse":
                arguments.Positionals(method, 0, 0);
                items.Reverse();
                break;
            case "sort":
                var bound = arguments.Bind("sort()", 0, "key", "reverse");
                if (arguments.Positional.Count > 0 || bound["key"] is not null)
                    throw TemplateException.Refused("list.sort() with a key");
                var sorted = PythonSequence.Sorted([.. items], item => item, bound.IsTrue("reverse"), budget);
                items.Clear();
                items.AddRange(sorted);
                break;
            default:
                throw TemplateException.Refused($"list.{method}()");
        }
        budget.Spend(items.Count / 16);
        return null;
    }

    private static object Index(IReadOnlyList<object?> list, IReadOnlyList<object?> values, Budget budget)
    {
        BigInteger? Bound(int at) => at < values.Count ? PythonNumber.Integer(values[at]) : null;
        var (from, count) = CodePoints.Bounds(list.Count, Bound(1), Bound(2), 1);
        for (var i = from; i < from + count; i++)
            if (PythonValue.AreEqual(list[i], values[0], budget))
                return (long)i;
        throw TemplateException.Value($"{PythonValue.Repr(values[0], budget)} is not in the {PythonValue.TypeName(list)}");
    }

    private static object? Pop(List<object?> items, IReadOnlyList<object?> values)
    {
        var at = values.Count > 0 ? PythonNumber.Integer(values[0]) : -1;
        at = at < 0 ? at + items.Count : at;
        if (at < 0 || at >= items.Count)
            throw new TemplateException("IndexError", "pop() of a list that has no such element");
        var item = items[(int)at];
        items.RemoveAt((int)at);
        return item;
    }
}

/// <summary>The methods of Python's dicts.</summary>
internal static class DictMethods
{
    public static object? Call(PythonDict dict, string method, Arguments arguments, Budget budget, RowCopies copies)
    {
        budget.Spend(1);
        switch (method)
        {
            case "get":
                var asked = arguments.Positionals(method, 1, 2);
                return dict.Items.TryGetValue(new(asked[0]), out var value) ? value : asked.ElementAtOrDefault(1);
            case "keys" or "values" or "items":
                arguments.Positionals(method, 0, 0);
                return new PythonView("dict_" + method, dict);
            case "copy":
                var copy = new PythonDict();
                Update(copy, dict, budget);
                return copy;
        }
        copies.Change(dict);
        switch (method)
        {
            case "update":
                if (arguments.Positionals(method + " without names", 0, 1) is [var source])
                    Update(dict, source, budget);
                return null;
            case "setdefault":
                var given = arguments.Positionals(method, 1, 2);
                dict.Items.TryAdd(new(given[0]), given.ElementAtOrDefault(1));
                return dict.Items[new(given[0])];
            case "pop":
                var key = arguments.Positionals(method, 1, 2);
                return dict.Items.Remove(new(key[0]), out var removed) ? removed
                    : key.Count > 1 ? key[1]
                    : throw new TemplateException("KeyError", $"pop() of a dict that has no {PythonValue.Repr(key[0], budget)}");
            case "clear":
                dict.Items.Clear();
                return null;
            default:
                throw TemplateException.Refused($"dict.{method}()");
        }
    }

    public static void Update(PythonDict dict, object? source, Budget budget)
    {
        if (source is PythonDict other)
        {
            budget.Spend(other.Count);
            foreach (var (key, value) in other.Items.ToArray())
                dict.Items[key] = value;
            return;
        }
        foreach (var pair in PythonSequence.Items(source, budget))
        {
            object?[] both = [.. PythonSequence.Items(pair, budget).Take(3)];
            if (both.Length != 2)
                throw TemplateException.Value("a dict is made of pairs");
            dict.Items[new(both[0])] = both[1];
        }
    }
}
