namespace Cognito.Eval.Templates;

/// <summary>Python's operators on values of any kind.</summary>
internal static class PythonOperators
{
    public static object? Sign(string operation, object? value)
    {
        if (value is PythonUndefined undefined)
            throw undefined.Error();
        if (!PythonNumber.IsNumber(value))
            throw TemplateException.Type($"{operation} cannot stand before {Name(value)}");
        return operation == "-" ? PythonNumber.Negate(value!) : value is bool ? PythonNumber.Normal(PythonNumber.Integer(value)) : value;
    }

    private static string Name(object? value) => PythonValue.TypeName(value);

    public static object? Apply(string operation, object? left, object? right, Budget budget)
    {
        if (left is PythonUndefined a)
            throw a.Error();
        if (left is string format && operation == "%")
            return PercentFormat.Apply(format, right, budget);
        if (right is PythonUndefined b)
            throw b.Error();
        if (left is SafeText || right is SafeText)
            throw TemplateException.Refused($"{operation} with text of |e, |safe or |tojson, which would be escaped,");
        if (PythonNumber.IsNumber(left) && PythonNumber.IsNumber(right))
            return Arithmetic(operation, left!, right!);
        return (operation, left, right) switch
        {
            ("+", string x, string y) => Joined(x, y, budget),
            ("+", PythonTuple x, PythonTuple y) => new PythonTuple([.. Both(x, y, budget)]),
            ("+", IReadOnlyList<object?> x and not PythonTuple, IReadOnlyList<object?> y and not PythonTuple) => new PythonList(Both(x, y, budget)),
            ("*", string or IReadOnlyList<object?>, _) when PythonNumber.IsInteger(right) => Repeated(left!, right!, budget),
            ("*", _, string or IReadOnlyList<object?>) when PythonNumber.IsInteger(left) => Repeated(right!, left!, budget),
            (_, PythonSet or PythonView, _) => throw TemplateException.Refused($"{operation} of a {Name(left)}"),
            ("|", _, _) => throw TemplateException.Refused("|"),
            _ => throw TemplateException.Type($"{operation} is not defined between {Name(left)} and {Name(right)}"),
        };
    }

    private static object Arithmetic(string operation, object left, object right) => operation switch
    {
        "+" => PythonNumber.Add(left, right),
        "-" => PythonNumber.Subtract(left, right),
        "*" => PythonNumber.Multiply(left, right),
        "/" => PythonNumber.Divide(left, right),
        "//" => PythonNumber.FloorDivide(left, right),
        "%" => PythonNumber.Modulo(left, right),
        _ => PythonNumber.Power(left, right),
    };

    private static string Joined(string left, string right, Budget budget)
    {
        budget.Spend((long)left.Length + right.Length);
        return left + right;
    }

    private static IEnumerable<object?> Both(IReadOnlyList<object?> left, IReadOnlyList<object?> right, Budget budget)
    {
        budget.Spend((long)left.Count + right.Count);
        return left.Concat(right);
    }

    private static object Repeated(object value, object times, Budget budget)
    {
        var count = System.Numerics.BigInteger.Max(0, PythonNumber.Integer(times));
        var length = count * (value is string text ? text.Length : ((IReadOnlyList<object?>)value).Count);
        budget.Spend(length > Budget.MostLength || count > int.MaxValue && !length.IsZero ? long.MaxValue : (long)length);
        if (length.IsZero)
            return value is string ? "" : value is PythonTuple ? new PythonTuple([]) : new PythonList([]);
        if (value is string repeated)
            return new System.Text.StringBuilder().Insert(0, repeated, (int)count).ToString();
        var items = Enumerable.Repeat((IReadOnlyList<object?>)value, (int)count).SelectMany(list => list);
        return value is PythonTuple ? new PythonTuple([.. items]) : new PythonList(items);
    }

    public static bool Compare(string operation, object? left, object? right, Budget budget) => operation switch
    {
        "==" => PythonValue.AreEqual(left, right, budget),
        "!=" => !PythonValue.AreEqual(left, right, budget),
        "in" => Contains(right, left, budget),
        "not in" => !Contains(right, left, budget),
        "<" => Order(left, right, operation, budget) is -1,
        "<=" => Order(left, right, operation, budget) is -1 or 0,
        ">" => Order(left, right, operation, budget) is 1,
        _ => Order(left, right, operation, budget) is 1 or 0,
    };

    /// <summary>For sorting; NaN has no place in an order.</summary>
    public static bool IsLess(object? left, object? right, Budget budget) => left is double.NaN || right is double.NaN
        ? throw TemplateException.Refused("sorting NaN")
        : Order(left, right, "<", budget) == -1;

    /// <summary>-1, 0 or 1; 2 where there is no order, as of NaN.</summary>
    private static int Order(object? left, object? right, string operation, Budget budget)
    {
        if (left is PythonUndefined a)
            throw a.Error();
        if (right is PythonUndefined b)
            throw b.Error();
        if (PythonNumber.IsNumber(left) && PythonNumber.IsNumber(right))
            return PythonNumber.Compare(left, right);
        if (left is string or SafeText && right is string or SafeText)
        {
            var (x, y) = (PythonValue.Str(left, budget), PythonValue.Str(right, budget));
            budget.Spend(Math.Min(x.Length, y.Length) / 8);
            return Math.Sign(PythonText.ByCodePoint.Compare(x, y));
        }
        if (left is IReadOnlyList<object?> one && right is IReadOnlyList<object?> other && left is PythonTuple == right is PythonTuple)
            return Order(one, other, operation, budget);
        throw left is PythonSet || right is PythonSet
            ? TemplateException.Refused("an order of sets")
            : TemplateException.Type($"'{operation}' is not defined between {Name(left)} and {Name(right)}");
    }

    private static int Order(IReadOnlyList<object?> left, IReadOnlyList<object?> right, string operation, Budget budget)
    {
        budget.Enter();
        var order = Math.Sign(left.Count.CompareTo(right.Count));
        for (var i = 0; i < Math.Min(left.Count, right.Count); i++)
            if (!PythonValue.AreEqual(left[i], right[i], budget))
            {
                order = Order(left[i], right[i], operation, budget);
                break;
            }
        budget.Leave();
        return order;
    }

    public static bool Contains(object? container, object? item, Budget budget)
    {
        switch (container)
        {
            case string or SafeText when item is string or SafeText:
                budget.Spend(PythonSequence.Length(container) / 8);
                return PythonValue.Str(container, budget).Contains(PythonValue.Str(item, budget), StringComparison.Ordinal);
            case string or SafeText:
                throw item is PythonUndefined undefined ? undefined.Error() : TemplateException.Type($"only text is in text, not {Name(item)}");
            case PythonDict dict:
                return dict.Items.ContainsKey(new(item));
            case PythonView { TypeName: "dict_keys" } view:
                return view.Dict.Items.ContainsKey(new(item));
            case PythonSet set:
                return set.Items.Any(one => PythonValue.AreEqual(one, item, budget));
            case PythonRange range when PythonNumber.IsInteger(item):
                var offset = PythonNumber.Integer(item) - range.Start;
                return (offset % range.Step).IsZero && offset / range.Step >= 0 && offset / range.Step < range.Count;
            default:
                return PythonSequence.Items(container, budget).Any(one => PythonValue.AreEqual(one, item, budget));
        }
    }
}
