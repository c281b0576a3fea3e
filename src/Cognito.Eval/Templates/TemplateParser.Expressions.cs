namespace Cognito.Eval.Templates;

/// <content>Expressions, with Jinja's precedence, which is not Python's everywhere: powers group from the left.</content>
internal sealed partial class TemplateParser
{
    private static readonly Dictionary<string, string> Comparisons = new() { ["=="] = "==", ["!="] = "!=", ["<"] = "<", ["<="] = "<=", [">"] = ">", [">="] = ">=" };

    private Expression ParseExpression(bool withCondition = true)
    {
        _budget.Enter();
        var value = ParseOr();
        while (withCondition && Skip(TokenKind.Name, "if"))
        {
            var test = ParseOr();
            value = new Conditional(test, value, Skip(TokenKind.Name, "else") ? ParseExpression() : null);
        }
        _budget.Leave();
        return value;
    }

    /// <summary>One expression, or several with commas: a tuple.</summary>
    private Expression ParseTuple(bool withCondition = true, string? endName = null, bool mayBeEmpty = false)
    {
        var items = new List<Expression>();
        var isTuple = false;
        while (true)
        {
            if (items.Count > 0)
                ExpectOperator(",");
            if (Current.Kind is TokenKind.OutputEnd or TokenKind.BlockEnd || IsOperator(")") || endName is not null && IsName(endName))
                break;
            items.Add(ParseExpression(withCondition));
            if (!IsOperator(","))
                break;
            isTuple = true;
        }
        if (!isTuple && items.Count == 1)
            return items[0];
        return isTuple || mayBeEmpty ? new TupleOf(items) : throw Unexpected("an expression");
    }

    private Expression ParseOr() => LeftToRight(ParseAnd, () => Skip(TokenKind.Name, "or") ? "or" : null);

    private Expression ParseAnd() => LeftToRight(ParseNot, () => Skip(TokenKind.Name, "and") ? "and" : null);

    private Expression ParseNot()
    {
        if (!Skip(TokenKind.Name, "not"))
            return ParseComparison();
        _budget.Enter();
        var value = new Unary("not", ParseNot());
        _budget.Leave();
        return value;
    }

    private Expression ParseComparison()
    {
        var first = ParseSum();
        var rest = new List<(string, Expression)>();
        while (true)
        {
            if (Current.Kind == TokenKind.Operator && Comparisons.TryGetValue(Current.Text, out var comparison))
                Advance();
            else if (Skip(TokenKind.Name, "in"))
                comparison = "in";
            else if (IsName("not") && Next.Is(TokenKind.Name, "in"))
            {
                Advance();
                Advance();
                comparison = "not in";
            }
            else
                return rest.Count == 0 ? first : new Comparison(first, rest);
            rest.Add((comparison!, ParseSum()));
        }
    }

    private Expression ParseSum() => LeftToRight(ParseConcatenation, () => SkipOne("+", "-"));

    private Expression ParseConcatenation()
    {
        var items = new List<Expression> { ParseProduct() };
        while (Skip(TokenKind.Operator, "~"))
            items.Add(ParseProduct());
        return items.Count == 1 ? items[0] : new Concatenation(items);
    }

    private Expression ParseProduct() => LeftToRight(ParsePower, () => SkipOne("*", "/", "//", "%"));

    private Expression ParsePower() => LeftToRight(() => ParseUnary(withFilter: true), () => SkipOne("**"));

    private static Expression LeftToRight(Func<Expression> part, Func<string?> operation)
    {
        var left = part();
        while (operation() is { } name)
            left = new Binary(name, left, part());
        return left;
    }

    private string? SkipOne(params ReadOnlySpan<string> operators) =>
        Current.Kind == TokenKind.Operator && operators.Contains(Current.Text) ? Advance().Text : null;

    private Expression ParseUnary(bool withFilter)
    {
        _budget.Enter();
        var value = SkipOne("-", "+") is { } sign ? new Unary(sign, ParseUnary(withFilter: false)) : ParsePrimary();
        value = ParsePostfix(value);
        value = withFilter ? ParseFilters(value) : value;
        _budget.Leave();
        return value;
    }

    private Expression ParsePrimary()
    {
        var token = Current;
        switch (token.Kind)
        {
            case TokenKind.Name:
                Advance();
                if (token.Text is "true" or "True" or "false" or "False" or "none" or "None")
                    return new Constant(token.Text[0] is 'n' or 'N' ? null : token.Text[0] is 't' or 'T');
                Read(token.Text);
                return new Variable(token.Text);
            case TokenKind.String:
                var text = new System.Text.StringBuilder();
                while (Current.Kind == TokenKind.String)
                    text.Append(Advance().Value);
                return new Constant(text.ToString());
            case TokenKind.Integer or TokenKind.Float:
                return new Constant(Advance().Value);
            case TokenKind.Operator when token.Text == "(":
                Advance();
                var inner = ParseTuple(mayBeEmpty: true);
                ExpectOperator(")");
                return inner;
            case TokenKind.Operator when token.Text == "[":
                Advance();
                return new ListOf(Items("]", () => ParseExpression()));
            case TokenKind.Operator when token.Text == "{":
                Advance();
                return new DictOf(Items("}", ParseEntry));
            default:
                throw Unexpected("an expression");
        }
    }

    private (Expression, Expression) ParseEntry()
    {
        var key = ParseExpression();
        ExpectOperator(":");
        return (key, ParseExpression());
    }

    /// <summary>Up to the closing mark, with commas between, and one after the last allowed.</summary>
    private List<T> Items<T>(string close, Func<T> item)
    {
        var items = new List<T>();
        while (!IsOperator(close))
        {
            if (items.Count > 0)
                ExpectOperator(",");
            if (!IsOperator(close))
                items.Add(item());
        }
        Advance();
        return items;
    }

    private Expression ParsePostfix(Expression value)
    {
        while (true)
            if (IsOperator(".") || IsOperator("["))
                value = ParseSubscript(value);
            else if (IsOperator("("))
                value = new Call(value, ParseArguments());
            else
                return value;
    }

    private Expression ParseSubscript(Expression value)
    {
        if (Skip(TokenKind.Operator, "."))
            return Current.Kind switch
            {
                TokenKind.Name => new AttributeOf(value, Advance().Text),
                TokenKind.Integer => new ItemOf(value, new Constant(Advance().Value)),
                _ => throw Unexpected("a name or a number"),
            };
        Advance();
        var items = new List<Expression>();
        while (!IsOperator("]"))
        {
            if (items.Count > 0)
                ExpectOperator(",");
            items.Add(ParseIndex());
        }
        Advance();
        return new ItemOf(value, items.Count == 1 ? items[0] : new TupleOf(items));
    }

    private Expression ParseIndex()
    {
        Expression? start = null;
        if (!IsOperator(":"))
        {
            start = ParseExpression();
            if (!IsOperator(":"))
                return start;
        }
        Advance();
        var stop = IsOperator(":") || IsOperator("]") || IsOperator(",") ? null : ParseExpression();
        var step = Skip(TokenKind.Operator, ":") && !IsOperator("]") && !IsOperator(",") ? ParseExpression() : null;
        return new SliceOf(start, stop, step);
    }

    private CallArguments ParseArguments()
    {
        ExpectOperator("(");
        var (positional, named) = (new List<Expression>(), new List<(string, Expression)>());
        while (!IsOperator(")"))
        {
            if (positional.Count + named.Count > 0)
            {
                ExpectOperator(",");
                if (IsOperator(")"))
                    break;
            }
            if (IsOperator("*") || IsOperator("**"))
                throw TemplateException.Refused("a call with * or **");
            if (Current.Kind == TokenKind.Name && Next.Is(TokenKind.Operator, "="))
            {
                var name = Advance().Text;
                Advance();
                named.Add(named.All(other => other.Item1 != name) ? (name, ParseExpression()) : throw Error($"'{name}' is given twice"));
            }
            else if (named.Count > 0)
                throw Error("a value without a name follows one that has one");
            else
                positional.Add(ParseExpression());
        }
        Advance();
        return new(positional, named);
    }

    private Expression ParseFilters(Expression value)
    {
        while (true)
            if (IsOperator("|"))
                value = ParseFilter(value, isInline: false);
            else if (IsName("is"))
                value = ParseTest(value);
            else if (IsOperator("("))
                value = new Call(value, ParseArguments());
            else
                return value;
    }

    private Filtered ParseFilter(Expression? value, bool isInline)
    {
        while (isInline || IsOperator("|"))
        {
            if (!isInline)
                Advance();
            isInline = false;
            var name = ParseDotted();
            if (!TemplateFilters.Names.Contains(name))
                throw new TemplateException("TemplateAssertionError", $"there is no filter '{name}'", Current.Line);
            value = new Filtered(value, name, IsOperator("(") ? ParseArguments() : CallArguments.None);
        }
        return (Filtered)value!;
    }

    private string ParseDotted()
    {
        var name = ExpectName();
        while (Skip(TokenKind.Operator, "."))
            name += "." + ExpectName();
        return name;
    }

    private Expression ParseTest(Expression value)
    {
        Advance();
        var isNegated = Skip(TokenKind.Name, "not");
        var name = ParseDotted();
        if (!TemplateTests.Names.Contains(name))
            throw new TemplateException("TemplateAssertionError", $"there is no test '{name}'", Current.Line);
        var arguments = CallArguments.None;
        if (IsOperator("("))
            arguments = ParseArguments();
        else if (Current.Kind is TokenKind.Name or TokenKind.String or TokenKind.Integer or TokenKind.Float && !IsName("else") && !IsName("or") && !IsName("and")
            || IsOperator("[") || IsOperator("{"))
            arguments = IsName("is") ? throw Error("tests cannot be chained with 'is'") : new([ParsePostfix(ParsePrimary())], []);
        Expression test = new Tested(value, name, arguments);
        return isNegated ? new Unary("not", test) : test;
    }
}
