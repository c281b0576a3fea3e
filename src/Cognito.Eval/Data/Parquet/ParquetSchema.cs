namespace Cognito.Eval.Data.Parquet;

/// <summary>Reads a Parquet schema: a tree, written as a list of elements in depth-first order.</summary>
internal sealed class ParquetSchema
{
    private const int Optional = 1, Repeated = 2; // repetition_type
    private const int DeepestNesting = 24, LongestName = 512;

    private readonly Thrift[] _elements;
    private readonly List<string> _path = []; // names of what is being read, for messages
    private int _next = 1; // 0 is the root
    private int _leaf;

    private ParquetSchema(Thrift[] elements) => _elements = elements;

    /// <summary>The wanted columns (null: all), all names, and how many chunks a row group has.</summary>
    public static (IReadOnlyList<ParquetNode> Columns, IReadOnlyList<string> Names, int Leaves) Read(
        IEnumerable<Thrift> elements, IReadOnlySet<string>? wanted)
    {
        var schema = new ParquetSchema([.. elements]);
        if (schema._elements.Length == 0)
            throw new InvalidDataException("it describes no columns");
        var names = new List<string>();
        var columns = new List<ParquetNode>();
        for (var left = schema._elements[0].Size(5); left > 0; left--)
        {
            var name = Name(schema.Peek());
            names.Add(name);
            if (wanted is null || wanted.Contains(name))
                columns.Add(schema.Named(0, 0, 0));
            else
                schema.Skip(0);
        }
        return names.Distinct().Count() == names.Count
            ? (columns, names, schema._leaf)
            : throw new InvalidDataException("two columns have the same name");
    }

    private Thrift Peek() =>
        _next < _elements.Length ? _elements[_next] : throw new InvalidDataException("its schema ends too early");

    private static string Name(Thrift element) => element.Text(4) switch
    {
        null => "",
        { Length: > LongestName } name => throw new InvalidDataException($"a column's name has {name.Length} characters"),
        var name => name,
    };

    private static int Children(Thrift element) => element.Has(5) ? element.Size(5) : 0;

    private void Skip(int depth)
    {
        var element = Peek();
        _next++;
        if (!element.Has(5))
            _leaf++;
        for (var left = Children(element); left > 0; left--)
            Skip(Checked(depth + 1));
    }

    /// <summary>The next element and all below it, as a column or a part of a struct.</summary>
    private ParquetNode Named(int definition, int repetition, int depth)
    {
        _path.Add(Name(Peek()));
        var node = Node(definition, repetition, depth);
        _path.RemoveAt(_path.Count - 1);
        return node;
    }

    private NotSupportedException Refused(string fact) => new($"column \"{string.Join('.', _path)}\" is {fact}");

    /// <summary>The next element and all below it.</summary>
    private ParquetNode Node(int definition, int repetition, int depth)
    {
        var element = Peek();
        if (element.Integer(3) == Repeated) // a list of old, without a group around it
            return new ParquetList(Name(element), definition, repetition + 1,
                Body(definition + 1, repetition + 1, depth));
        return Body(element.Integer(3) == Optional ? definition + 1 : definition, repetition, depth);
    }

    private static bool IsList(Thrift element) => element.Integer(6) == 3 || element.Struct(10)?.Has(3) == true;

    private static bool IsMap(Thrift element) => element.Integer(6) is 1 or 2 || element.Struct(10)?.Has(2) == true;

    private ParquetList List(int definition, int repetition, int depth)
    {
        var list = Peek();
        var name = Name(list);
        _next++;
        var group = Peek();
        if (Children(list) != 1 || group.Integer(3) != Repeated)
            throw Refused("a list of an unknown form");
        var (itemDefinition, itemRepetition) = (definition + 1, repetition + 1);
        // The format's rules of backward compatibility: which repeated element is the item, which only wraps it.
        var isItem = Children(group) != 1 || group.Text(4) == "array" || group.Text(4) == $"{name}_tuple" ||
            _elements.ElementAtOrDefault(_next + 1)?.Integer(3) == Repeated;
        if (!isItem)
            _next++;
        var item = isItem
            ? Body(itemDefinition, itemRepetition, Checked(depth + 1))
            : Node(itemDefinition, itemRepetition, Checked(depth + 1));
        return new ParquetList(name, definition, itemRepetition, item);
    }

    /// <summary>The next element, a list, a struct or a leaf, its own repetition aside.</summary>
    private ParquetNode Body(int definition, int repetition, int depth)
    {
        var element = Peek();
        if (IsList(element))
            return List(definition, repetition, depth);
        var name = Name(element);
        _next++;
        if (!element.Has(5))
            return new ParquetLeaf(name, definition, repetition, _leaf++, Type(element)
                ?? throw Refused($"of the type {Describe(element)}"));
        if (IsMap(element))
            throw Refused("a map");
        var parts = new List<ParquetNode>();
        for (var left = Children(element); left > 0; left--)
            parts.Add(Named(definition, repetition, Checked(depth + 1)));
        return parts.Count > 0 && parts.DistinctBy(part => part.Name).Count() == parts.Count
            ? new ParquetStruct(name, definition, parts)
            : throw new InvalidDataException($"the struct \"{string.Join('.', _path)}\" is empty or names a part twice");
    }

    private static int Checked(int depth) =>
        depth <= DeepestNesting ? depth : throw new InvalidDataException("its columns nest too deep");

    /// <summary>Null where a value means more than its bytes say: dates, decimals and the like.</summary>
    private static ParquetType? Type(Thrift element)
    {
        var logical = element.Struct(10);
        var integer = logical?.Struct(10);
        return (element.Integer(1), element.Integer(6)) switch
        {
            (0, null) when logical is null => ParquetType.Boolean,
            (1, 11 or 12 or 13) => ParquetType.UInt32,
            (1, null) when integer?.Boolean(2) == false => ParquetType.UInt32,
            (1, 15 or 16 or 17) => ParquetType.Int32,
            (1, null) when logical is null || integer is not null => ParquetType.Int32,
            (2, 14) => ParquetType.UInt64,
            (2, null) when integer?.Boolean(2) == false => ParquetType.UInt64,
            (2, 18) => ParquetType.Int64,
            (2, null) when logical is null || integer is not null => ParquetType.Int64,
            (4, null) when logical is null => ParquetType.Float,
            (5, null) when logical is null => ParquetType.Double,
            (6, 0 or 4 or 19) => ParquetType.Text,
            (6, null) when logical is null || logical.Has(1) || logical.Has(4) || logical.Has(12) => ParquetType.Text,
            _ => null,
        };
    }

    private static string Describe(Thrift element)
    {
        string[] physical = ["boolean", "int32", "int64", "int96", "float", "double", "binary", "fixed-length binary"];
        string[] converted = ["text", "map", "map", "list", "enum", "decimal", "date", "time", "time", "timestamp",
            "timestamp", .. Enumerable.Repeat("integer", 8), "JSON", "BSON", "interval"];
        string[] logical = ["", "text", "map", "list", "enum", "decimal", "date", "time", "timestamp", "", "integer",
            "null", "JSON", "BSON", "UUID", "half float", "variant", "geometry", "geography"];
        var means = element.Integer(6) is { } old && old >= 0 && old < converted.Length ? converted[old]
            : logical.Where((_, field) => element.Struct(10)?.Has(field) == true).FirstOrDefault();
        var stored = element.Integer(1) is { } type && type >= 0 && type < physical.Length ? physical[type] : "unknown";
        return means is null ? stored : $"{means} ({stored})";
    }
}
