using System.Numerics;

namespace Cognito.Eval.Templates;

/// <summary>What Python can go through, count and cut.</summary>
internal static class PythonSequence
{
    /// <summary>Python's <c>iter</c>: lazily, each item a step.</summary>
    /// <exception cref="TemplateException">It cannot be gone through.</exception>
    public static IEnumerable<object?> Items(object? value, Budget budget) => Counted(value switch
    {
        string text => CodePoints.Of(text),
        SafeText markup => CodePoints.Of(markup.Text),
        PythonList list => Live(list.Items),
        PythonTuple tuple => tuple,
        PythonDict dict => [.. dict.Keys],
        IReadOnlyList<object?> list => list,
        PythonRange range => range.Items,
        PythonView view => [.. view.Items],
        PythonIterator iterator => iterator.Rest(),
        PythonSet { Items.Count: <= 1 } set => set.Items,
        PythonSet => throw TemplateException.Refused("going through a set, whose order differs from run to run,"),
        PythonUndefined undefined => undefined.Lenient<IEnumerable<object?>>([]),
        _ => throw TemplateException.Type($"{PythonValue.TypeName(value)} is nothing to go through"),
    }, budget);

    private static IEnumerable<object?> Counted(IEnumerable<object?> items, Budget budget)
    {
        foreach (var (place, item) in items.Index())
        {
            // What is gone through may be kept as a list.
            budget.Spend(place < Budget.MostLength ? 1 : long.MaxValue);
            yield return item;
        }
    }

    /// <summary>A list that may grow on the way.</summary>
    private static IEnumerable<object?> Live(List<object?> items)
    {
        for (var i = 0; i < items.Count; i++)
            yield return items[i];
    }

    /// <summary>Python's <c>len</c>; null where it has none.</summary>
    public static long? Count(object? value) => value switch
    {
        string text => PythonText.Length(text),
        SafeText markup => PythonText.Length(markup.Text),
        PythonDict dict => dict.Count,
        IReadOnlyCollection<object?> list => list.Count,
        PythonSet set => set.Items.Count,
        PythonView view => view.Dict.Count,
        PythonRange range => range.Count <= long.MaxValue ? (long)range.Count : throw new TemplateException("OverflowError", "a range is too long to count"),
        PythonUndefined undefined => undefined.Lenient(0L),
        _ => null,
    };

    public static long Length(object? value) => Count(value) ?? throw TemplateException.Type($"{PythonValue.TypeName(value)} has no length");

    /// <summary>The same from the end, where Python can do that.</summary>
    public static IEnumerable<object?>? Reversed(object? value, Budget budget) => value switch
    {
        string or SafeText or PythonList or PythonTuple or IReadOnlyList<object?> or PythonDict or PythonView => Items(value, budget).Reverse(),
        PythonRange range => new PythonRange(range.Start + (range.Count - 1) * range.Step, range.Start - range.Step, -range.Step).Items,
        PythonUndefined undefined => undefined.Lenient<IEnumerable<object?>>([]),
        _ => null,
    };

    public static object? Slice(object? value, BigInteger? start, BigInteger? stop, BigInteger step, Budget budget)
    {
        switch (value)
        {
            case string text:
                budget.Spend(text.Length);
                return CodePoints.Slice(text, start, stop, step);
            case PythonTuple tuple:
                return new PythonTuple([.. Cut(tuple, start, stop, step, budget)]);
            case IReadOnlyList<object?> list:
                return new PythonList(Cut(list, start, stop, step, budget));
            case PythonUndefined undefined:
                throw undefined.Error();
            case PythonRange or SafeText:
                throw TemplateException.Refused($"a slice of a {PythonValue.TypeName(value)}");
            default:
                throw TemplateException.Type($"{PythonValue.TypeName(value)} cannot be sliced");
        }
    }

    private static IEnumerable<object?> Cut(IReadOnlyList<object?> list, BigInteger? start, BigInteger? stop, BigInteger step, Budget budget)
    {
        var (from, count) = CodePoints.Bounds(list.Count, start, stop, step);
        budget.Spend(count);
        return CodePoints.Numbers(from, count, step).Select(number => list[number]);
    }

    /// <summary>Python's <c>sorted</c>: stable, by a key.</summary>
    public static List<object?> Sorted(IEnumerable<object?> items, Func<object?, object?> key, bool isReversed, Budget budget)
    {
        List<(object? Key, object? Item)> keyed = [.. items.Select(item => (key(item), item))];
        if (isReversed)
            keyed.Reverse();
        var sorted = MergeSort(keyed, budget);
        if (isReversed)
            sorted.Reverse();
        return [.. sorted.Select(entry => entry.Item)];
    }

    private static List<(object? Key, object? Item)> MergeSort(List<(object? Key, object? Item)> items, Budget budget)
    {
        budget.Spend(items.Count);
        if (items.Count < 2)
            return items;
        var left = MergeSort(items[..(items.Count / 2)], budget);
        var right = MergeSort(items[(items.Count / 2)..], budget);
        var merged = new List<(object?, object?)>(items.Count);
        var (i, j) = (0, 0);
        while (i < left.Count && j < right.Count)
            merged.Add(PythonOperators.IsLess(right[j].Key, left[i].Key, budget) ? right[j++] : left[i++]);
        merged.AddRange(left[i..]);
        merged.AddRange(right[j..]);
        return merged;
    }
}
