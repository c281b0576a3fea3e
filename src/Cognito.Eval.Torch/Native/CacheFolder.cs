namespace Cognito.Eval.Torch.Native;

/// <summary>What the program keeps for the user between runs: ~/.cache/cognito-eval, or below XDG_CACHE_HOME.</summary>
internal static class CacheFolder
{
    /// <summary>Its path, whether it is there or not; null where there is no home.</summary>
    public static string? Path
    {
        get
        {
            var root = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { } set && System.IO.Path.IsPathRooted(set) ? set
                : System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
            return System.IO.Path.IsPathRooted(root) ? System.IO.Path.Combine(root, "cognito-eval") : null;
        }
    }
}
