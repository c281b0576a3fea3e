namespace Cognito.Eval.Templates;

/// <summary>An expression of a template.</summary>
internal abstract record Expression;

internal sealed record Constant(object? Value) : Expression;

internal sealed record Variable(string Name) : Expression;

internal sealed record TupleOf(IReadOnlyList<Expression> Items) : Expression;

internal sealed record ListOf(IReadOnlyList<Expression> Items) : Expression;

internal sealed record DictOf(IReadOnlyList<(Expression Key, Expression Value)> Entries) : Expression;

/// <param name="Operator">"-", "+" or "not".</param>
internal sealed record Unary(string Operator, Expression Operand) : Expression;

internal sealed record Binary(string Operator, Expression Left, Expression Right) : Expression;

internal sealed record Concatenation(IReadOnlyList<Expression> Items) : Expression;

/// <summary>a &lt; b &lt; c, as Python chains them.</summary>
internal sealed record Comparison(Expression First, IReadOnlyList<(string Operator, Expression Right)> Rest) : Expression;

/// <param name="Else">Null where there is none, and the value then is undefined, leniently.</param>
internal sealed record Conditional(Expression Test, Expression Then, Expression? Else) : Expression;

internal sealed record AttributeOf(Expression Target, string Name) : Expression;

internal sealed record ItemOf(Expression Target, Expression Index) : Expression;

internal sealed record SliceOf(Expression? Start, Expression? Stop, Expression? Step) : Expression;

internal sealed record Call(Expression Target, CallArguments Arguments) : Expression;

/// <param name="Target">Null for what a block filters.</param>
internal sealed record Filtered(Expression? Target, string Name, CallArguments Arguments) : Expression;

internal sealed record Tested(Expression Target, string Name, CallArguments Arguments) : Expression;

internal sealed record CallArguments(IReadOnlyList<Expression> Positional, IReadOnlyList<(string Name, Expression Value)> Named)
{
    public static CallArguments None { get; } = new([], []);
}

/// <summary>A statement of a template.</summary>
/// <param name="Line">Within the template, from 1.</param>
internal abstract record Statement(int Line);

internal sealed record Text(int Line, string Value) : Statement(Line);

internal sealed record Output(int Line, Expression Value) : Statement(Line);

/// <param name="Condition">Which items are taken; null for all.</param>
internal sealed record For(int Line, Expression Target, Expression Items, Expression? Condition, IReadOnlyList<Statement> Body, IReadOnlyList<Statement> Else)
    : Statement(Line);

internal sealed record If(int Line, IReadOnlyList<(Expression Test, IReadOnlyList<Statement> Body)> Branches, IReadOnlyList<Statement> Else)
    : Statement(Line);

/// <param name="Target">A <see cref="Variable"/>, a <see cref="TupleOf"/> of such, or an <see cref="AttributeOf"/> a namespace.</param>
internal sealed record Set(int Line, Expression Target, Expression Value) : Statement(Line);

internal sealed record SetBlock(int Line, Expression Target, Expression? Filter, IReadOnlyList<Statement> Body) : Statement(Line);

internal sealed record With(int Line, IReadOnlyList<(Expression Target, Expression Value)> Values, IReadOnlyList<Statement> Body) : Statement(Line);

/// <param name="Defaults">Of the last parameters.</param>
internal sealed record MacroOf(int Line, string Name, IReadOnlyList<string> Parameters, IReadOnlyList<Expression> Defaults, IReadOnlyList<Statement> Body)
    : Statement(Line);

internal sealed record FilterBlock(int Line, Expression Filter, IReadOnlyList<Statement> Body) : Statement(Line);

/// <summary>A statement that needs another template: an error where it is reached, as there are none.</summary>
internal sealed record OtherTemplate(int Line, string Keyword) : Statement(Line);
