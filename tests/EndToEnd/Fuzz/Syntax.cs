namespace Cognito.Eval.Tests;

/// <summary>A file of a tree-like format, read so that it can be changed and written again, rightly or not.</summary>
/// <param name="kind">The format's own number of what this is; <see cref="Raw"/> is written as its bytes are.</param>
internal sealed class Syntax(int kind)
{
    public const int Raw = -1;

    public int Kind { get; } = kind;

    /// <summary>What its parent knows it by: a key, a field's number; null in a list.</summary>
    public object? Name { get; init; }

    /// <summary>Of a leaf.</summary>
    public object? Value { get; init; }

    /// <summary>Of anything else.</summary>
    public List<Syntax>? Parts { get; init; }

    public Syntax Named(object? name) => new(Kind) { Name = name, Value = Value, Parts = Parts };

    public Syntax Copy() => new(Kind) { Name = Name, Value = Value, Parts = Parts?.ConvertAll(part => part.Copy()) };

    /// <summary>All places that hold a part, as the list that holds it and where in it.</summary>
    public IEnumerable<(List<Syntax> List, int At)> Places()
    {
        for (var i = 0; i < Parts?.Count; i++)
        {
            yield return (Parts, i);
            foreach (var place in Parts[i].Places())
                yield return place;
        }
    }
}

/// <summary>What changing a tree must know of its format.</summary>
/// <param name="Leaf">Something to stand where that stood: a strange number, a long text, nesting without end.</param>
/// <param name="Name">Another key or number.</param>
/// <param name="Wrap">The same one level deeper.</param>
internal sealed record SyntaxFormat(
    Func<Random, Syntax, Syntax> Leaf, Func<Random, object?, object?> Name, Func<Syntax, Syntax> Wrap)
{
    /// <summary>Characters and parts of a tree that is still changed: what every change doubles would fill memory by itself.</summary>
    private const int Most = 1 << 19;

    private static int Weight(List<Syntax> parts) =>
        parts.Sum(part => 1 + ((part.Value as string)?.Length ?? (part.Value as byte[])?.Length ?? 0));

    /// <summary>One change or some: left out, twice, swapped, moved, renamed, deeper, many times, or another value.</summary>
    public Syntax Change(Syntax whole, Random random)
    {
        var tree = whole.Copy();
        for (var changes = random.Next(3) > 0 ? 1 : random.Next(2, 6); changes > 0; changes--)
            if (tree.Places().ToList() is { Count: > 0 } places && Weight(places.ConvertAll(place => place.List[place.At])) is <= Most and var weight)
                Change(places, Math.Max(2, Most / weight), random);
        return tree;
    }

    private void Change(List<(List<Syntax> List, int At)> places, int most, Random random)
    {
        var (list, at) = places[random.Next(places.Count)];
        var (other, there) = places[random.Next(places.Count)];
        var part = list[at];
        switch (random.Next(12))
        {
            case 0: list.RemoveAt(at); break;
            case 1: list.Insert(random.Next(list.Count + 1), part.Copy()); break;
            case 2: list.Insert(at, Leaf(random, part).Named(part.Name)); break;
            case 3: list[at] = other[there].Copy().Named(part.Name); break;
            case 4: (list[at], list[^1]) = (list[^1], list[at]); break;
            case 5: list[at] = part.Named(Name(random, part.Name)); break;
            case 6: list[at] = Deeper(part, random.Next(1, 100)); break;
            case 7: list.InsertRange(at, Enumerable.Repeat(part, random.Next(1, Math.Min(most, 300)))); break;
            default: list[at] = Leaf(random, part).Named(part.Name); break;
        }
    }

    private Syntax Deeper(Syntax part, int levels)
    {
        for (; levels > 0; levels--)
            part = Wrap(part);
        return part;
    }
}
