namespace Cognito.Eval.Templates;

/// <summary>The statements by their names.</summary>
internal sealed partial class TemplateParser
{
    private Statement ParseStatement()
    {
        var line = Current.Line;
        if (Current.Kind != TokenKind.Name)
            throw Unexpected("a statement's name");
        var keyword = Advance().Text;
        return keyword switch
        {
            "for" => ParseFor(line),
            "if" => ParseIf(line),
            "set" => ParseSet(line),
            "with" => ParseWith(line),
            "macro" => ParseMacro(line),
            "filter" => new FilterBlock(line, ParseFilter(null, isInline: true), Within([], () => Body("endfilter").Statements)),
            "print" => new Output(line, ParseTuple()),
            "include" or "extends" => ParseOther(line, keyword),
            "import" or "from" or "block" or "call" or "autoescape" => throw TemplateException.Refused($"{{% {keyword} %}}").At(line),
            _ => throw Error($"there is no statement '{keyword}'"),
        };
    }

    private OtherTemplate ParseOther(int line, string keyword)
    {
        ParseExpression();
        if (Current.Kind != TokenKind.BlockEnd)
            throw TemplateException.Refused($"{{% {keyword} %}} with conditions").At(line);
        return new(line, keyword);
    }

    private For ParseFor(int line)
    {
        var target = ParseTarget(isTuple: true, endName: "in");
        Expect(TokenKind.Name, "in", "'in'");
        var items = ParseTuple(withCondition: false, endName: "recursive");
        var (condition, body, end) = Within([.. NamesOf(target), "loop"], () =>
        {
            var condition = Skip(TokenKind.Name, "if") ? ParseExpression() : null;
            Skip(TokenKind.Name, "recursive");
            var (body, end) = Body("endfor", "else");
            return (condition, body, end);
        });
        return new(line, target, items, condition, body, end == "else" ? Within([], () => Body("endfor").Statements) : []);
    }

    private If ParseIf(int line)
    {
        var branches = new List<(Expression, IReadOnlyList<Statement>)>();
        while (true)
        {
            var test = ParseTuple(withCondition: false);
            _names.Ifs++;
            var (body, end) = Body("elif", "else", "endif");
            branches.Add((test, body));
            var otherwise = end == "else" ? Body("endif").Statements : [];
            _names.Ifs--;
            if (end != "elif")
                return new(line, branches, otherwise);
        }
    }

    private Statement ParseSet(int line)
    {
        var target = ParseTarget(isTuple: true, withNamespace: true);
        if (Skip(TokenKind.Operator, "="))
        {
            var value = ParseTuple();
            _names.Set(NamesOf(target));
            return new Set(line, target, value);
        }
        Expression? filter = IsOperator("|") ? ParseFilter(null, isInline: false) : null;
        var body = Within([], () => Body("endset").Statements);
        _names.Set(NamesOf(target));
        return new SetBlock(line, target, filter, body);
    }

    private With ParseWith(int line)
    {
        var values = new List<(Expression, Expression)>();
        while (Current.Kind is not (TokenKind.BlockEnd or TokenKind.End))
        {
            if (values.Count > 0)
                ExpectOperator(",");
            var target = ParseTarget(isTuple: true);
            ExpectOperator("=");
            values.Add((target, ParseExpression()));
        }
        return new(line, values, Within(values.SelectMany(value => NamesOf(value.Item1)), () => Body("endwith").Statements));
    }

    private MacroOf ParseMacro(int line)
    {
        var name = ParseNewName();
        ExpectOperator("(");
        var (parameters, defaults) = (new List<string>(), new List<Expression>());
        while (!IsOperator(")"))
        {
            if (parameters.Count > 0)
                ExpectOperator(",");
            parameters.Add(ParseNewName());
            if (Skip(TokenKind.Operator, "="))
                defaults.Add(ParseExpression());
            else if (defaults.Count > 0)
                throw Error("a parameter without a value follows one that has one");
        }
        ExpectOperator(")");
        _names.Set([name]);
        return new(line, name, parameters, defaults, Within(parameters, () => Body("endmacro").Statements, isLater: true));
    }
}
