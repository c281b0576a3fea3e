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
public static class DetailLevels
{
    public static string Name(DetailLevel level) => level.ToString().ToLowerInvariant();

    /// <summary>A level's name; none where it is none.</summary>
    public static DetailLevel Parse(string? name) => Enum.TryParse<DetailLevel>(name, ignoreCase: true, out var level) ? level : DetailLevel.None;
}
