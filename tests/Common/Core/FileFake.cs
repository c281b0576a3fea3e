using System.Security.Cryptography;
using System.Text;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;
using Cognito.Eval.Templates;

namespace Cognito.Eval.Tests;

/// <summary>The fake model of the goldens of task files (fixtures/task-files/README.md).</summary>
internal static class FileFake
{
    public static GradedTask Answer(Questions asked, bool ties = false)
    {
        var sums = asked.Task.Name != "t10_sums" ? [] : asked.Docs.GroupBy(doc => (string)doc.Source!.Cells["question"]!)
            .ToDictionary(doc => doc.Key, doc => (string)doc.Last().Source!.Cells["answer"]!);
        return new(asked, [.. asked.Docs.Select(doc =>
        {
            Reply[] replies = [.. doc.Requests.Select(request => Answer(request, doc, ties, sums))];
            return new GradedDoc(doc, replies, 0, asked.Protocol.Grade(asked.Task, doc.Doc, replies));
        })], 0);
    }

    private static Reply Answer(Request request, AskedDoc doc, bool ties, IReadOnlyDictionary<string, string> sums) => request switch
    {
        LogLikelihoodRolling { Text: var text } => Fake.Answer(new LogLikelihood("", text), ties, sums),
        GreedyUntil generated when sums.Count == 0 => Completed(generated, doc),
        _ => Fake.Answer(request, ties, sums),
    };

    private static Completion Completed(GreedyUntil request, AskedDoc doc)
    {
        var d = SHA256.HashData(Encoding.UTF8.GetBytes(request.Context));
        var t = ((FiledDoc)doc.Doc).Answer is IReadOnlyList<object?> several ? PythonValue.Str(several[d[1] % several.Count]) : PythonValue.Str(((FiledDoc)doc.Doc).Answer);
        var text = (d[0] % 12) switch
        {
            0 => " " + t,
            1 => " " + Cased(t, char.ToUpperInvariant),
            2 => " the " + t + ".",
            3 => t,
            4 => " " + t + "\nQ: next?",
            5 => " " + t + ", I think",
            6 => " No idea",
            7 => "",
            8 => "  " + t + "  ",
            9 => " \"" + t + "\"!",
            10 => " It is " + t,
            _ => " A " + Cased(t, char.ToLowerInvariant) + "?",
        };
        foreach (var stop in request.Stops)
            text = text.Split(stop)[0];
        return new(text);
    }

    private static string Cased(string text, Func<char, char> change) => string.Concat(text.Select(c => char.IsAscii(c) ? change(c) : c));
}
