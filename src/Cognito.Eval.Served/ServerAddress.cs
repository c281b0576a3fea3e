using Cognito.Eval.Files;

namespace Cognito.Eval.Served;

/// <summary>Where a server is: http://host:port, with or without the /v1 of its OpenAI-compatible part.</summary>
public sealed class ServerAddress
{
    private ServerAddress(string root) => Root = root;

    /// <summary>Without /v1 and without a slash at its end.</summary>
    public string Root { get; }

    public string Host => new Uri(Root).Authority;

    /// <summary>Whether a model's name is meant as an address.</summary>
    public static bool IsMeant(string? given) => given is not null
        && (given.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || given.StartsWith("https://", StringComparison.OrdinalIgnoreCase));

    /// <exception cref="InputException">It is none, or holds what would be written down with it: a user, a password, a query.</exception>
    public static ServerAddress Parse(string given)
    {
        const string Fix = "give http://HOST:PORT or http://HOST:PORT/v1";
        if (!Uri.TryCreate(given, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.Host.Length == 0)
            throw new InputException($"--model {given}: not an address; {Fix}");
        if (uri.UserInfo.Length > 0)
            throw new InputException($"--model: the address holds a user or a password, which would be written into results; {Fix}, and "
                + "the key in a variable that --api-key-env names");
        if (uri.Query.Length > 0 || uri.Fragment.Length > 0)
            throw new InputException($"--model: the address has a query, which would be written into results; {Fix}");
        var root = uri.GetLeftPart(UriPartial.Path).TrimEnd('/');
        return new(root.EndsWith("/v1", StringComparison.Ordinal) ? root[..^3].TrimEnd('/') : root);
    }

    public override string ToString() => Root;
}
