namespace Cognito.Eval.Templates;

public sealed class PythonRegex
{
    public static PythonRegex Parse(string pattern) => throw TemplateException.Refused("regex " + pattern);
    public string Replace(string text, string replacement, int count) => text;
}
