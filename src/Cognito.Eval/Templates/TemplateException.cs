using Cognito.Eval.Files;

namespace Cognito.Eval.Templates;

/// <summary>A template that is wrong, that fails on these values, or that asks for what is not done here.</summary>
/// <param name="Kind">
/// The reference's name of the error ("UndefinedError", "TypeError", "TemplateSyntaxError"), "unsupported" for what is refused by
/// name, "limit" for what would take too much.
/// </param>
/// <param name="line">Within the template, from 1; 0 where it is not known.</param>
public sealed class TemplateException(string kind, string message, int line = 0) : Exception(Printable.Line(message))
{
    public const string Unsupported = "unsupported", Limit = "limit";

    public string Kind { get; } = kind;
    public int Line { get; } = line;

    internal TemplateException At(int place) => Line > 0 ? this : new(Kind, Message, place);

    internal static TemplateException Type(string message) => new("TypeError", message);
    internal static TemplateException Value(string message) => new("ValueError", message);
    internal static TemplateException Undefined(string message) => new("UndefinedError", message);
    internal static TemplateException Refused(string what) => new(Unsupported, $"{what} is not supported");
}

/// <summary>What one rendering may still take: steps, and characters and items made.</summary>
internal sealed class Budget(long work = Budget.Most)
{
    public const long Most = 20_000_000;

    /// <summary>Characters of one text, items of one list.</summary>
    public const int MostLength = 1 << 22;

    private const int MostDepth = 200;
    private long _left = work;
    private int _depth;

    public void Spend(long cost)
    {
        if (cost > MostLength || (_left -= Math.Max(cost, 0)) < 0)
            throw new TemplateException(TemplateException.Limit, "it makes or does more than a template may");
    }

    /// <summary>One level further into nested values or expressions; <see cref="Leave"/> goes back.</summary>
    public void Enter()
    {
        Spend(8);
        if (++_depth > MostDepth || !System.Runtime.CompilerServices.RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw new TemplateException(TemplateException.Limit, $"it nests more than {MostDepth} levels");
    }

    public void Leave() => _depth--;
}
