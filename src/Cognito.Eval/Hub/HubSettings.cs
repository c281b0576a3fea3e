using Cognito.Eval.Files;

namespace Cognito.Eval.Hub;

/// <summary>Where the hub is, where its files are kept, and with what token: huggingface_hub's environment variables.</summary>
/// <remarks>A class, not a record: a record's text would hold the token.</remarks>
public sealed class HubSettings
{
    private const string DefaultEndpoint = "https://huggingface.co";

    /// <summary>Without a slash at its end.</summary>
    public required string Endpoint { get; init; }

    /// <summary>Sent to the endpoint's own host and to no other.</summary>
    public string? Token { get; init; }

    /// <summary>HF_HOME: the token's file, and beside the cache what was recorded at the first fetch.</summary>
    public required string Home { get; init; }

    /// <summary>HF_HUB_CACHE: the folder of models--org--name and datasets--org--name.</summary>
    public required string CacheFolder { get; init; }

    /// <summary>No request is made.</summary>
    public bool IsOffline { get; init; }

    /// <summary>Copies in place of symbolic links.</summary>
    public bool CopiesFiles { get; init; }

    /// <summary>How long an answer may take to begin, or bring too little, before it counts as lost.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>What time it is.</summary>
    internal TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <param name="offline">No request is made, whatever HF_HUB_OFFLINE says.</param>
    /// <param name="variable">An environment variable's value; the process' own if null.</param>
    /// <exception cref="InputException">A variable holds what it cannot.</exception>
    public static HubSettings FromEnvironment(bool offline = false, Func<string, string?>? variable = null)
    {
        variable ??= Environment.GetEnvironmentVariable;
        string? Of(params string[] names) => names.Select(variable).FirstOrDefault(value => value is { Length: > 0 });
        bool Is(params string[] names) => Of(names)?.ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE";
        var home = Expand(Of("HF_HOME") ?? Path.Combine(Of("XDG_CACHE_HOME") ?? "~/.cache", "huggingface"));
        return new()
        {
            Endpoint = CheckedEndpoint(Of("HF_ENDPOINT") ?? DefaultEndpoint),
            Token = Is("HF_HUB_DISABLE_IMPLICIT_TOKEN") ? null
                : CheckedToken("HF_TOKEN", Of("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"))
                    ?? TokenFile(Expand(Of("HF_TOKEN_PATH") ?? Path.Combine(home, "token"))),
            Home = home,
            CacheFolder = Expand(Of("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE") ?? Path.Combine(home, "hub")),
            IsOffline = offline || Is("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"),
            CopiesFiles = Is("HF_HUB_DISABLE_SYMLINKS"),
            Patience = Of("HF_HUB_DOWNLOAD_TIMEOUT") is { } text
                ? double.TryParse(text, out var seconds) && seconds is > 0 and <= 86400
                    ? TimeSpan.FromSeconds(seconds)
                    : throw new InputException($"HF_HUB_DOWNLOAD_TIMEOUT {text}: give seconds above 0")
                : TimeSpan.FromSeconds(10),
        };
    }

    /// <summary>Whether an address is the endpoint's own: the same scheme, host and port.</summary>
    internal bool IsEndpoint(Uri address) => IsSameHost(address, new Uri(Endpoint));

    internal static bool IsSameHost(Uri one, Uri other) =>
        one.Scheme == other.Scheme && one.IdnHost == other.IdnHost && one.Port == other.Port;

    private static string Expand(string path)
    {
        var expanded = path == "~" || path.StartsWith("~/", StringComparison.Ordinal)
            ? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) + path[1..]
            : path;
        return Path.GetFullPath(expanded);
    }

    private static string CheckedEndpoint(string endpoint) =>
        Uri.TryCreate(endpoint, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
        && address.UserInfo.Length == 0 && address.Query.Length == 0
            ? endpoint.TrimEnd('/')
            : throw new InputException("HF_ENDPOINT: not an address such as https://huggingface.co, without user, password "
                + "or query; correct it or unset it");

    private static string? TokenFile(string path) =>
        RegularFile.Exists(path) ? CheckedToken(path, RegularFile.ReadText(path, FileKind.Token)) : null;

    /// <summary>The token. No message shows it; .NET's own would quote it.</summary>
    private static string? CheckedToken(string origin, string? token) => token?.Trim() switch
    {
        null or "" => null,
        var trimmed when trimmed.All(c => c is > ' ' and < '\x7f') => trimmed,
        _ => throw new InputException($"{origin}: holds spaces or characters that no token has; copy the token again"),
    };
}
