using System.Numerics;

namespace Cognito.Eval.Templates;

/// <content>Filters of sequences.</content>
internal static partial class TemplateFilters
{
    private static Dictionary<string, Filter> OfSequences() => new()
    {
        ["length"] = (value, arguments, _) => Bind("length", arguments, 0) is not null ? PythonSequence.Length(value) : null,
        ["count"] = (value, arguments, _) => Bind("count", arguments, 0) is not null ? PythonSequence.Length(value) : null,
        ["list"] = (value, arguments, context) => Bind("list", arguments, 0) is not null ? new PythonList(context.Items(value)) : null,
        ["first"] = (value, arguments, context) => Bind("first", arguments, 0) is not null && TakeOne(value, context, out var item)
            ? item
            : new PythonUndefined("|first of nothing"),
        ["last"] = (value, arguments, context) => Bind("last", arguments, 0) is not null
            && (PythonSequence.Reversed(value, context.Budget) ?? throw TemplateException.Type($"|last of {PythonValue.TypeName(value)}, which has no end"))
                .Take(1).ToArray() is [var item]
            ? item
            : new PythonUndefined("|last of nothing"),
        ["join"] = Join,
        ["reverse"] = (value, arguments, context) => Bind("reverse", arguments, 0) is not null && value is string text
            ? CodePoints.Reverse(text)
            : PythonSequence.Reversed(value, context.Budget) is { } reversed
                ? new PythonIterator("list_reverseiterator", reversed)
                : new PythonList(context.Items(value).Reverse()),
        ["sort"] = Sort,
        ["unique"] = Unique,
        ["min"] = (value, arguments, context) => Extreme("min", value, arguments, context),
        ["max"] = (value, arguments, context) => Extreme("max", value, arguments, context),
        ["sum"] = Sum,
        ["map"] = Map,
        ["select"] = (value, arguments, context) => Select("select", value, arguments, context, byAttribute: false, kept: true),
        ["reject"] = (value, arguments, context) => Select("reject", value, arguments, context, byAttribute: false, kept: false),
        ["selectattr"] = (value, arguments, context) => Select("selectattr", value, arguments, context, byAttribute: true, kept: true),
        ["rejectattr"] = (value, arguments, context) => Select("rejectattr", value, arguments, context, byAttribute: true, kept: false),
        ["batch"] = Batch,
        ["slice"] = Slices,
        ["groupby"] = GroupBy,
        ["dictsort"] = DictSort,
        ["items"] = (value, arguments, _) => Bind("items", arguments, 0) is not null && value is PythonUndefined ? new PythonIterator("generator", [])
            : value is PythonDict dict ? new PythonIterator("generator", new PythonView("dict_items", dict).Items)
            : throw TemplateException.Type($"|items takes a mapping, not {PythonValue.TypeName(value)}"),
    };

    private static bool TakeOne(object? value, FilterContext context, out object? item)
    {
        if (value is PythonIterator iterator)
            return iterator.TryNext(out item);
        foreach (var first in context.Items(value))
        {
            item = first;
            return true;
        }
        item = null;
        return false;
    }

    /// <summary>"a.0.b" as a function of an item; no attribute is the item itself.</summary>
    private static Func<object?, object?> Getter(object? attribute, object? fallback = null)
    {
        if (attribute is null)
            return item => item;
        object?[] parts = attribute is string path
            ? [.. path.Split('.').Select(part => PythonText.IsAll(part, PythonUnicode.IsDigit) ? PythonNumber.ParseInteger(part)
                ?? throw TemplateException.Value("an attribute's number is none") : part)]
            : [attribute];
        return item => parts.Aggregate(item, (at, part) => PythonAttributes.GetItem(at, part) is var found && found is PythonUndefined && fallback is not null
            ? fallback
            : found);
    }

    private static Func<object?, object?> IgnoringCase(Func<object?, object?> getter, Bound bound) =>
        bound.IsTrue("case_sensitive") ? getter : item => getter(item) is var value && value is string text ? PythonText.Lower(text) : value;

    private static string Join(object? value, Arguments arguments, FilterContext context)
    {
        var bound = Bind("join", arguments, 0, "d", "attribute");
        var getter = Getter(bound["attribute"]);
        var separator = bound.Has("d") ? context.Str(bound["d"]) : "";
        return TextMethods.Join(separator, new PythonList(context.Items(value).Select(item => (object?)context.Str(getter(item)))), context.Budget);
    }

    private static PythonList Sort(object? value, Arguments arguments, FilterContext context)
    {
        var bound = Bind("sort", arguments, 0, "reverse", "case_sensitive", "attribute");
        Func<object?, object?>[] getters = bound["attribute"] is string several
            ? [.. several.Split(',').Select(attribute => IgnoringCase(Getter(attribute), bound))]
            : [IgnoringCase(Getter(bound["attribute"]), bound)];
        return new(PythonSequence.Sorted([.. context.Items(value)], item => new PythonList(getters.Select(getter => getter(item))), bound.IsTrue("reverse"), context.Budget));
    }

    private static PythonIterator Unique(object? value, Arguments arguments, FilterContext context)
    {
        var bound = Bind("unique", arguments, 0, "case_sensitive", "attribute");
        var (getter, seen) = (IgnoringCase(Getter(bound["attribute"]), bound), new HashSet<PythonKey>());
        return new("generator", context.Items(value).Where(item => seen.Add(new(getter(item)))));
    }

    private static object? Extreme(string name, object? value, Arguments arguments, FilterContext context)
    {
        var bound = Bind(name, arguments, 0, "case_sensitive", "attribute");
        var getter = IgnoringCase(Getter(bound["attribute"]), bound);
        (object? Item, object? Key)? best = null;
        foreach (var item in context.Items(value))
        {
            var key = getter(item);
            if (best is not { } so || (name == "min" ? PythonOperators.IsLess(key, so.Key, context.Budget) : PythonOperators.IsLess(so.Key, key, context.Budget)))
                best = (item, key);
        }
        return best is { } found ? found.Item : new PythonUndefined($"|{name} of nothing");
    }

    private static object? Sum(object? value, Arguments arguments, FilterContext context)
    {
        var bound = Bind("sum", arguments, 0, "attribute", "start");
        var getter = Getter(bound["attribute"]);
        var start = bound.Has("start") ? bound["start"] : 0L;
        if (start is string)
            throw TemplateException.Type("|sum adds no texts");
        return context.Items(value).Aggregate(start, (sum, item) => PythonOperators.Apply("+", sum, getter(item), context.Budget));
    }

    private static PythonIterator Map(object? value, Arguments arguments, FilterContext context)
    {
        if (!PythonValue.IsTrue(value))
            return new("generator", []);
        if (arguments.Positional.Count == 0 && arguments.Named.Any(named => named.Name == "attribute"))
        {
            if (arguments.Named.FirstOrDefault(named => named.Name is not ("attribute" or "default")).Name is { } unknown)
                throw new TemplateException("FilterArgumentError", $"|map has no '{unknown}'");
            var bound = Bind("map", arguments, 1, "attribute", "default");
            return new("generator", context.Items(value).Select(Getter(bound["attribute"], bound["default"])));
        }
        if (arguments.Positional.Count == 0)
            throw new TemplateException("FilterArgumentError", "|map needs a filter");
        var name = Name(arguments.Positional[0], "|map");
        return new("generator", context.Items(value).Select(item => context.Filter(name, item, arguments with { Positional = [.. arguments.Positional.Skip(1)] })));
    }

    private static string Name(object? value, string filter) => value as string ?? throw TemplateException.Refused($"{filter} by a name that is no text");

    private static PythonIterator Select(string filter, object? value, Arguments arguments, FilterContext context, bool byAttribute, bool kept)
    {
        if (!PythonValue.IsTrue(value))
            return new("generator", []);
        if (byAttribute && arguments.Positional.Count == 0)
            throw new TemplateException("FilterArgumentError", $"|{filter} needs an attribute");
        var getter = byAttribute ? Getter(arguments.Positional[0]) : item => item;
        object?[] rest = [.. arguments.Positional.Skip(byAttribute ? 1 : 0)];
        if (rest.Length == 0)
            return new("generator", context.Items(value).Where(item => PythonValue.IsTrue(getter(item)) == kept));
        var (test, its) = (Name(rest[0], $"|{filter}"), arguments with { Positional = rest[1..] });
        return new("generator", context.Items(value).Where(item => context.Test(test, getter(item), its) == kept));
    }

    private static PythonIterator Batch(object? value, Arguments arguments, FilterContext context)
    {
        var bound = Bind("batch", arguments, 1, "linecount", "fill_with");
        var (size, batches) = (bound.Integer("linecount", 0), new List<PythonList>());
        foreach (var item in context.Items(value))
        {
            if (batches.Count == 0 || batches[^1].Count == size)
                batches.Add(new([]));
            batches[^1].Items.Add(item);
        }
        if (batches.Count > 0 && bound["fill_with"] is { } fill && batches[^1].Count < size)
        {
            context.Budget.Spend(size > Budget.MostLength ? long.MaxValue : (long)size);
            batches[^1].Items.AddRange(Enumerable.Repeat<object?>(fill, (int)size - batches[^1].Count));
        }
        return new("generator", batches);
    }

    private static PythonIterator Slices(object? value, Arguments arguments, FilterContext context)
    {
        var bound = Bind("slice", arguments, 1, "slices", "fill_with");
        object?[] items = [.. context.Items(value)];
        var count = bound.Integer("slices", 0);
        if (count.IsZero)
            throw new TemplateException("ZeroDivisionError", "|slice into 0 parts");
        if (count < 0)
            return new("generator", []);
        context.Budget.Spend(count > Budget.MostLength ? long.MaxValue : (long)count);
        var (each, more) = (items.Length / (int)count, items.Length % (int)count);
        var slices = new List<PythonList>();
        for (var (i, at) = (0, 0); i < count; i++)
        {
            var size = each + (i < more ? 1 : 0);
            slices.Add(new(items[at..(at + size)]));
            at += size;
            if (i >= more && bound["fill_with"] is { } fill)
                slices[^1].Items.Add(fill);
        }
        return new("generator", slices);
    }

    private static PythonList GroupBy(object? value, Arguments arguments, FilterContext context)
    {
        var bound = Bind("groupby", arguments, 1, "attribute", "default", "case_sensitive");
        var plain = Getter(bound["attribute"], bound["default"]);
        var getter = IgnoringCase(plain, bound);
        var groups = new List<(object? Key, PythonList Items)>();
        foreach (var item in PythonSequence.Sorted([.. context.Items(value)], getter, false, context.Budget))
        {
            var key = getter(item);
            if (groups.Count == 0 || !PythonValue.AreEqual(groups[^1].Key, key, context.Budget))
                groups.Add((key, new([])));
            groups[^1].Items.Items.Add(item);
        }
        return new(groups.Select(group => new PythonTuple([plain(group.Items[0]), group.Items]) { Fields = ["grouper", "list"] }));
    }

    private static PythonList DictSort(object? value, Arguments arguments, FilterContext context)
    {
        var bound = Bind("dictsort", arguments, 0, "case_sensitive", "by", "reverse");
        var by = bound.Text("by", "key") switch
        {
            "key" => 0,
            "value" => 1,
            _ => throw new TemplateException("FilterArgumentError", "|dictsort goes by key or by value"),
        };
        if (value is not PythonDict dict)
            throw value is PythonUndefined undefined ? undefined.Error()
                : new TemplateException("AttributeError", $"|dictsort takes a mapping, not {PythonValue.TypeName(value)}");
        var getter = IgnoringCase(item => ((PythonTuple)item!)[by], bound);
        return new(PythonSequence.Sorted(new PythonView("dict_items", dict).Items, getter, bound.IsTrue("reverse"), context.Budget));
    }
}
