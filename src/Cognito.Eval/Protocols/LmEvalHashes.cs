using System.Security.Cryptography;
using System.Text;
using Cognito.Eval.Tasks;
using Cognito.Eval.Templates;

namespace Cognito.Eval.Protocols;

/// <summary>What lm-evaluation-harness 0.4 logs a document under, sha256 in lower-case hex (protocol 9.6).</summary>
/// <param name="Doc">Of the row as the task's own code leaves it.</param>
/// <param name="Prompt">Of the first request's context.</param>
/// <param name="Target">Of the right answer, as Python prints it.</param>
public sealed record LmEvalHashes(string Doc, string Prompt, string Target)
{
    private const int KeyLength = 16;

    /// <exception cref="ArgumentException">The task is not one of 0.4.</exception>
    public static LmEvalHashes Of(EvalTask task, AskedDoc asked) => new(
        Hash(PythonJsonText.Write(Logged(task, asked), indent: 2)), Hash(Given(asked.Requests[0])), Hash(Printed(RightAnswer(task, asked))));

    /// <summary>
    /// What tells a document of one run from those of others: its row and its prompt. The first digits, as thousands of these
    /// stand in a file.
    /// </summary>
    public string Key => KeyOf(Doc, Prompt);

    public static string KeyOf(string doc, string prompt) => Hash(doc + prompt)[..KeyLength];

    /// <summary>Of all documents' hashes, by filter.</summary>
    public static string TaskHash(IEnumerable<LmEvalHashes> docs) => Hash(string.Concat(docs.Select(doc => doc.Doc + doc.Prompt + doc.Target)));

    /// <summary>The row in the hub's order of columns, where all of them are there; then what the task's code adds.</summary>
    internal static IReadOnlyDictionary<string, object?> Logged(EvalTask task, AskedDoc asked)
    {
        var (config, row) = (Config(task), asked.Source ?? throw new ArgumentException("a document without its row", nameof(asked)));
        return config.Logged(row.Ordered(task.Dataset.AllColumns), asked.Doc);
    }

    internal static object? RightAnswer(EvalTask task, AskedDoc asked) => asked.Doc is FiledDoc filed ? filed.Answer : Config(task).Target(asked.Source!, asked.Doc);

    /// <summary>As Python's <c>str</c>.</summary>
    internal static string Printed(object? value) => PythonValue.Str(value);

    private static LmEvalConfig Config(EvalTask task) =>
        task.LmEval ?? throw new ArgumentException($"{task} is not asked as lm-evaluation-harness 0.4 does", nameof(task));

    /// <summary>What the harness passes first: of a whole text the text.</summary>
    private static string Given(Request request) => request is LogLikelihoodRolling { Text: var text } ? text : request.Context;

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
