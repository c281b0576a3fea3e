using System.Net.Sockets;
using Polly.Timeout;

namespace Cognito.Eval.Hub;

/// <summary>Why no answer came, in words of our own: the library's quote what the other side sent.</summary>
internal static class HubFailure
{
    public static string Reason(Exception e) => e switch
    {
        SlowBodyException => e.Message,
        TimeoutRejectedException => "none in time",
        HttpRequestException { HttpRequestError: not (HttpRequestError.Unknown or HttpRequestError.ConnectionError) and var error } =>
            Of(error),
        HttpIOException io => Of(io.HttpRequestError),
        SocketException socket => Of(socket.SocketErrorCode),
        { InnerException: { } inner } => Reason(inner),
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } => Of(HttpRequestError.ConnectionError),
        _ => "the connection broke off",
    };

    /// <summary>Whether the same request may fare better: a broken connection, not an answer that is none.</summary>
    public static bool IsPassing(Exception e) => e switch
    {
        HttpRequestException { HttpRequestError: var error } => IsPassing(error),
        HttpIOException { HttpRequestError: var error } => IsPassing(error),
        IOException => true,
        _ => false,
    };

    private static bool IsPassing(HttpRequestError error) => error
        is HttpRequestError.Unknown or HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.ResponseEnded or HttpRequestError.ProxyTunnelError
        or HttpRequestError.HttpProtocolError;

    private static string Of(HttpRequestError error) => error switch
    {
        HttpRequestError.NameResolutionError => "its name is not known to the network",
        HttpRequestError.ConnectionError => "no connection",
        HttpRequestError.SecureConnectionError => "no secure connection; is its certificate trusted here?",
        HttpRequestError.ProxyTunnelError => "the proxy does not let it through",
        HttpRequestError.ResponseEnded => "the connection was closed in the midst of the answer",
        HttpRequestError.InvalidResponse or HttpRequestError.HttpProtocolError => "what came is not HTTP",
        HttpRequestError.ConfigurationLimitExceeded => "the answer's headers are too long",
        _ => "the connection broke off",
    };

    private static string Of(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => "connection refused",
        SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown => "the connection broke off",
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => "its name is not known to the network",
        SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.NetworkDown or SocketError.HostDown =>
            "the network does not reach it",
        SocketError.TimedOut => "none in time",
        _ => "no connection",
    };
}
