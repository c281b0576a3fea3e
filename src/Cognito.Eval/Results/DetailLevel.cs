namespace Cognito.Eval.Results;

/// <summary>What is kept of each document.</summary>
public enum DetailLevel
{
    None,
    Scores,

    /// <summary>Prompts too.</summary>
    Full,
}

/// <summary>The levels' names, as they are given and written.</summary>
internal static class DetailLevels
{
    private static readonly string[] s_names = ["none", "scores", "full"];

    public static string Name(DetailLevel level) => s_names[(int)level];

    /// <summary>A level's name; none where it is none.</summary>
    public static DetailLevel Parse(string? name) => (DetailLevel)Math.Max(0, Array.IndexOf(s_names, name));
}
