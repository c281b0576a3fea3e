using System.Globalization;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Cognito.Eval.Files;

/// <summary>
/// What a failure of the system or of a library was, in our words. Its own message names types, offsets and sources, which
/// mean nothing to whoever reads it.
/// </summary>
public static partial class Fact
{
    /// <summary>A few words without a full stop, for the brackets of a message.</summary>
    public static string Of(Exception e) => e switch
    {
        _ when IsOurs(e) => Printable.Line(e.Message).TrimEnd('.'),
        HttpRequestException http => OfTheWeb(http.HttpRequestError, http.InnerException),
        HttpIOException http => OfTheWeb(http.HttpRequestError, http.InnerException),
        SocketException socket => OfSocket(socket.SocketErrorCode),
        AuthenticationException => "the connection cannot be made secure, perhaps since its certificate is not trusted here",
        JsonException json => OfJson(json),
        DecoderFallbackException or EncoderFallbackException => "a text in it is no valid Unicode",
        InvalidOperationException { Source: "System.Text.Json" } => "a text in it is no valid Unicode, or a value is of another kind than belongs there",
        FileNotFoundException or DirectoryNotFoundException => "it is not there",
        EndOfStreamException => "it ends early",
        PathTooLongException => "its name is too long",
        UnauthorizedAccessException => "no rights to it, or a folder where a file belongs",
        InvalidDataException => "its bytes are damaged",
        IOException { InnerException: SocketException or AuthenticationException } => Of(e.InnerException),
        IOException => OfSystem(e.HResult),
        OutOfMemoryException => "there is not enough memory",
        TimeoutException => "no answer came in time",
        NotSupportedException => "it is of a kind that is not read",
        _ => "it is not what belongs here",
    };

    /// <summary>The file that a failure of the system names, if it names one.</summary>
    public static string? File(Exception e) => e is FileNotFoundException { FileName: { Length: > 0 } file } ? file
        : e is IOException or UnauthorizedAccessException && Quoted().Match(e.Message) is { Success: true } named ? named.Groups[1].Value : null;

    [GeneratedRegex("'([^']+)'")]
    private static partial Regex Quoted();

    /// <summary>Thrown by this program's own code, whose messages are in its own words.</summary>
    private static bool IsOurs(Exception e) => e is InputException || e.Source?.StartsWith("Cognito.Eval", StringComparison.Ordinal) == true
        || e.Source?.StartsWith("cognito-eval", StringComparison.Ordinal) == true;

    private static string OfTheWeb(HttpRequestError error, Exception? inner) => (error, inner) switch
    {
        (_, SocketException socket) => OfSocket(socket.SocketErrorCode),
        (HttpRequestError.NameResolutionError, _) => "its name is not known to the network",
        (HttpRequestError.SecureConnectionError, _) => "the connection cannot be made secure, perhaps since its certificate is not trusted here",
        (HttpRequestError.ConnectionError, _) => "there is no connection to it",
        (HttpRequestError.ProxyTunnelError, _) => "the proxy refuses",
        (HttpRequestError.ConfigurationLimitExceeded, _) => "the answer is longer than is read",
        (HttpRequestError.UserAuthenticationError, _) => "it refuses who asks",
        (HttpRequestError.InvalidResponse or HttpRequestError.HttpProtocolError, _) => "the answer is no HTTP",
        (HttpRequestError.ResponseEnded, _) => "the answer broke off",
        (_, IOException io) => Of(io),
        _ => "the answer broke off",
    };

    private static string OfSocket(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => "the connection was refused",
        SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown => "the connection was cut",
        SocketError.TimedOut => "no answer came in time",
        SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData => "its name is not known to the network",
        SocketError.NetworkUnreachable or SocketError.HostUnreachable or SocketError.NetworkDown => "there is no way to it in this network",
        _ => "there is no connection to it",
    };

    /// <summary>Where JSON breaks off, or which value is of another kind than belongs there.</summary>
    private static string OfJson(JsonException e)
    {
        var at = e.LineNumber is { } line ? $", line {(line + 1).ToString(CultureInfo.InvariantCulture)}" : "";
        if (Missing().Match(e.Message) is { Success: true } missing)
            return $"{Where(e.Path)}lacks {missing.Groups[1].Value.Replace("'", "", StringComparison.Ordinal)}{at}";
        if (Twice().Match(e.Message) is { Success: true } twice)
            return $"Duplicate name \"{twice.Groups[1].Value}\"{at}";
        if (e.InnerException is JsonException || e.Path is null)
            return e.LineNumber is null ? "not JSON, or a value of it is null or of another kind than belongs there" : $"not JSON{at}";
        return $"{Where(e.Path)}is null or of another kind than belongs there{at}";
    }

    private static string Where(string? path) => path is null or "$" ? "the whole " : $"{(path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : path)} ";

    [GeneratedRegex("^Duplicate property '([^']*)'")]
    private static partial Regex Twice();

    [GeneratedRegex(@"missing required properties including: (('[^']*'(, )?)+)")]
    private static partial Regex Missing();

    /// <summary>By the system's number: Linux and macOS give errno itself, Windows the last 16 bits of a result.</summary>
    private static string OfSystem(int result)
    {
        const int Windows = unchecked((int)0x80070000);
        return (result & 0xffff0000) == (Windows & 0xffff0000) ? (result & 0xffff) switch
        {
            0x27 or 0x70 => "the disk is full",
            0x13 => "the disk is write-protected",
            0x20 or 0x21 => "another process uses it",
            0x50 or 0xb7 => "it exists already",
            0x7b or 0xa1 => "its name is not one that the system takes",
            var code => $"the system refuses it, error {code.ToString(CultureInfo.InvariantCulture)}",
        } : result switch
        {
            4 => "the system interrupted it",
            5 => "the disk or device failed",
            11 => "another process uses it",
            17 => "it exists already",
            20 => "a part of its path is no folder",
            21 => "it is a folder",
            22 => "the system does not take it",
            23 or 24 => "too many files are open",
            26 => "another process runs it",
            27 => "it is larger than the system takes",
            28 => "the disk is full",
            30 => "the disk can only be read",
            32 => "its reader went away",
            36 or 63 => "its name is too long",
            40 or 62 => "its links lead in a circle",
            69 or 122 => "the quota of the disk is used up",
            116 or 70 => "the network's file is gone",
            // .NET's own result for what has none of the system's.
            unchecked((int)0x80131620) => "the system refuses it",
            _ => $"the system refuses it, error {result.ToString(CultureInfo.InvariantCulture)}",
        };
    }
}
