namespace Cognito.Eval.Files;

/// <summary>Names that come out of files and become names of files.</summary>
public static class PlainName
{
    /// <summary>Whether a name, put behind a folder, stays in it on every system.</summary>
    public static bool Is(string? name) =>
        name is { Length: > 0 and < 256 } and not ("." or "..") && !name.Contains("..", StringComparison.Ordinal)
        && !name.AsSpan().ContainsAny('/', '\\', ':') && !name.Any(char.IsControl);
}
