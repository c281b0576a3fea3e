namespace Cognito.Eval.Templates;

/// <summary>
/// A template of a task file: the part of Jinja2 3.1 that such files use, as lm-evaluation-harness sets it up (names that are not
/// there are errors, a last line feed stays). What is not done is refused by name, never rendered otherwise.
/// </summary>
public sealed class Template
{
    /// <summary>Of a source, in characters.</summary>
    private const int MostSource = 1 << 20;

    private readonly IReadOnlyList<Statement> _statements;

    private Template(string source, IReadOnlyList<Statement> statements, IReadOnlySet<string> names) =>
        (Source, _statements, Names) = (source, statements, names);

    public string Source { get; }

    /// <summary>The names that it reads and does not set itself.</summary>
    public IReadOnlySet<string> Names { get; }

    /// <exception cref="TemplateException">The template is wrong, or asks for what is not done.</exception>
    public static Template Parse(string source)
    {
        if (source.Length > MostSource)
            throw new TemplateException(TemplateException.Limit, $"a template has more than {MostSource} characters", line: 1);
        var parser = new TemplateParser(source);
        var statements = parser.Parse();
        return new(source, statements, parser.Reads.Except(parser.Sets).Except(TemplateGlobals.Names).ToHashSet());
    }

    /// <param name="variables">Values as in a row: null, text, whole and fractional numbers, true and false, lists and structs.</param>
    /// <exception cref="TemplateException">It fails on these values, or would take too much.</exception>
    public string Render(IReadOnlyDictionary<string, object?> variables) => Render(variables, out _);

    /// <param name="changed">
    /// The variable that the template changed in place, by a method such as append; null for none. The reference changes the document
    /// itself; here a copy is changed.
    /// </param>
    /// <inheritdoc cref="Render(IReadOnlyDictionary{string, object?})"/>
    public string Render(IReadOnlyDictionary<string, object?> variables, out string? changed)
    {
        var rendering = new Rendering(variables);
        var text = rendering.Render(_statements);
        changed = rendering.Changed;
        return text;
    }
}
