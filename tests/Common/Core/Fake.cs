using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>The reference's fake model: answers are pure functions of the request's text.</summary>
internal static partial class Fake
{
    public static Reply Answer(Request request, bool ties, IReadOnlyDictionary<string, string> solutions) => request switch
    {
        LogLikelihood r => Likelihood(r, ties),
        GreedyUntil r => Completion(r, solutions),
        _ => throw new ArgumentException("unknown request"),
    };

    private static Likelihood Likelihood(LogLikelihood request, bool ties)
    {
        var d = SHA256.HashData(Encoding.UTF8.GetBytes(request.Context + "\0" + request.Continuation));
        var n = BinaryPrimitives.ReadUInt64BigEndian(d) >> 12;
        return new(ties ? -(1 + (d[9] & 3)) : -50.0 * ((n + 0.5) / 4503599627370496.0), (d[8] & 1) != 0);
    }

    private static Completion Completion(GreedyUntil request, IReadOnlyDictionary<string, string> solutions)
    {
        var question = request.Context[(request.Context.LastIndexOf("Question: ", StringComparison.Ordinal) + 10)..];
        var answer = solutions[question[..^"\nAnswer:".Length]];
        var (reason, plain) = (answer.Split("\n#### ")[0], answer.Split("\n#### ")[1].Replace(",", "", StringComparison.Ordinal));
        var d = SHA256.HashData(Encoding.UTF8.GetBytes(request.Context));
        var text = (d[0] % 12) switch
        {
            0 => " " + answer,
            1 => " " + reason,
            2 => " Let me think.\n#### " + plain + "1",
            3 => " Sure.\n#### " + Thousands().Replace(plain, ","),
            4 => " Sure.\n#### $" + plain,
            5 => " Sure.\n#### " + plain + ".",
            6 => " The answer is: #### " + plain,
            7 => " " + answer + "\n\nQuestion: How many?\nAnswer: 5\n#### 5",
            8 => "",
            9 => "#### " + plain + " dollars #### 99",
            10 => "####" + plain,
            _ => " " + answer.Replace("####", "###", StringComparison.Ordinal) + "\n#### " + plain + ".00",
        };
        foreach (var stop in request.Stops)
            text = text.Split(stop)[0];
        return new(text);
    }

    [GeneratedRegex(@"(?<=\d)(?=(\d{3})+$)")]
    private static partial Regex Thousands();
}
