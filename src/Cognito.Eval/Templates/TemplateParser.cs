namespace Cognito.Eval.Templates;

/// <summary>A template's statements, from its tokens.</summary>
internal sealed partial class TemplateParser(string source)
{
    private readonly IReadOnlyList<TemplateToken> _tokens = TemplateLexer.Read(source);
    private readonly Budget _budget = new();
    private int _at;

    private TemplateToken Current => _tokens[_at];
    private TemplateToken Next => _tokens[Math.Min(_at + 1, _tokens.Count - 1)];

    /// <summary>Every name that an expression reads.</summary>
    public HashSet<string> Reads { get; } = [];

    /// <summary>Every name that the template sets itself.</summary>
    public HashSet<string> Sets { get; } = [];

    private ScopeNames _names = new();

    private void Read(string name)
    {
        Reads.Add(name);
        _names.Read(name);
    }

    /// <exception cref="TemplateException">The template is wrong, or asks for what is not done.</exception>
    public IReadOnlyList<Statement> Parse()
    {
        try
        {
            var (statements, _) = Statements([]);
            return statements;
        }
        catch (TemplateException e)
        {
            throw e.At(Current.Line);
        }
    }

    private TemplateException Error(string message) => new("TemplateSyntaxError", message, Current.Line);

    private TemplateException Unexpected(string expected) =>
        Error($"{Current.Description} stands where {expected} is expected");

    private TemplateToken Advance()
    {
        var token = Current;
        if (token.Kind != TokenKind.End)
            _at++;
        return token;
    }

    private bool IsOperator(string text) => Current.Is(TokenKind.Operator, text);

    private bool IsName(string text) => Current.Is(TokenKind.Name, text);

    private bool Skip(TokenKind kind, string text)
    {
        var isThere = Current.Is(kind, text);
        if (isThere)
            Advance();
        return isThere;
    }

    private void Expect(TokenKind kind, string text, string what)
    {
        if (!Skip(kind, text))
            throw Unexpected(what);
    }

    private void ExpectOperator(string text) => Expect(TokenKind.Operator, text, $"'{text}'");

    private string ExpectName()
    {
        if (Current.Kind != TokenKind.Name)
            throw Unexpected("a name");
        return Advance().Text;
    }

    /// <summary>Up to a statement of one of these names, which is read too, without its closing mark.</summary>
    private (IReadOnlyList<Statement> Statements, string End) Statements(string[] ends)
    {
        _budget.Enter();
        var statements = new List<Statement>();
        while (Current.Kind != TokenKind.End)
        {
            if (Current.Kind == TokenKind.Data)
                statements.Add(new Text(Current.Line, Advance().Text));
            else if (Current.Kind == TokenKind.OutputBegin)
                statements.Add(ParseOutput());
            else
            {
                Advance();
                if (Current.Kind == TokenKind.Name && ends.Contains(Current.Text))
                {
                    _budget.Leave();
                    return (statements, Advance().Text);
                }
                statements.Add(ParseStatement());
                Expect(TokenKind.BlockEnd, "", "the end of the statement");
            }
        }
        _budget.Leave();
        return ends.Length == 0
            ? (statements, "")
            : throw Error($"the template ends where {string.Join(" or ", ends)} is expected");
    }

    private Output ParseOutput()
    {
        var line = Advance().Line;
        var value = ParseTuple();
        Expect(TokenKind.OutputEnd, "", "the end of the expression");
        return new(line, value);
    }

    /// <summary>What follows a statement's own words: its body, up to the statement that ends it.</summary>
    private (IReadOnlyList<Statement> Statements, string End) Body(params string[] ends)
    {
        Skip(TokenKind.Operator, ":");
        Expect(TokenKind.BlockEnd, "", "the end of the statement");
        return Statements(ends);
    }

    /// <summary>A part with names of its own.</summary>
    /// <param name="isLater">Whether it is run where it is called, not where it stands.</param>
    private T Within<T>(IEnumerable<string> names, Func<T> parse, bool isLater = false)
    {
        var outer = _names;
        _names = new();
        _names.Set(names);
        var part = parse();
        if (!isLater)
            outer.ReadWithin(_names);
        _names = outer;
        return part;
    }

    private static IEnumerable<string> NamesOf(Expression target) => target switch
    {
        Variable variable => [variable.Name],
        TupleOf tuple => tuple.Items.SelectMany(NamesOf),
        _ => [],
    };

    private string ParseNewName()
    {
        var name = ExpectName();
        if (name is "true" or "false" or "none" or "True" or "False" or "None")
            throw Error($"'{name}' cannot be set");
        Sets.Add(name);
        return name;
    }

    /// <summary>A name or several, which are to be set.</summary>
    private Expression ParseTarget(bool isTuple, bool withNamespace = false, string? endName = null)
    {
        _budget.Enter();
        Expression First()
        {
            if (Skip(TokenKind.Operator, "("))
            {
                var inner = ParseTarget(isTuple: true);
                ExpectOperator(")");
                return inner;
            }
            if (withNamespace && Next.Is(TokenKind.Operator, ".") && Current.Kind == TokenKind.Name)
            {
                var name = Advance().Text;
                Advance();
                Read(name);
                return new AttributeOf(new Variable(name), ExpectName());
            }
            return new Variable(ParseNewName());
        }
        var items = new List<Expression> { First() };
        var isMany = false;
        while (isTuple && Skip(TokenKind.Operator, ","))
        {
            isMany = true;
            if (Current.Kind != TokenKind.Name && !IsOperator("(") || endName is not null && IsName(endName))
                break;
            items.Add(First());
        }
        _budget.Leave();
        return isMany ? new TupleOf(items) : items[0];
    }
}
