using System.Text;
using Cognito.Eval.Data;
using Cognito.Eval.Files;

namespace Cognito.Eval.TaskFiles;

/// <summary>A first task file for rows: what their columns seem to be, with comments that say what to look at.</summary>
public static class NewTaskFile
{
    private static readonly string[] Questions = ["question", "query", "prompt", "problem", "input", "sentence", "text", "context", "passage", "stem", "goal", "premise"];
    private static readonly string[] Choices = ["choices", "options", "answers", "endings", "candidates"];
    private static readonly string[] Answers = ["answer", "label", "gold", "target", "correct", "answerkey", "answer_idx", "answer_index", "solution", "output", "correct_answer"];
    private const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    /// <summary>Where the rows are: the lines of the file that say so.</summary>
    public sealed record Source(string Path, string? Name, IReadOnlyDictionary<string, string>? Files, string Split, string? ShotSplit);

    /// <exception cref="InputException">The rows have no column of text to ask about.</exception>
    public static string Write(string name, Source source, IReadOnlyList<Row> rows)
    {
        var first = rows[0];
        var choices = Named(first, Choices, IsTexts) ?? Named(first, Choices, cell => cell is IReadOnlyDictionary<string, object?> inner && IsTexts(inner.GetValueOrDefault("text")));
        var answer = Named(first, Answers, cell => cell is long or string or bool or IReadOnlyList<object?>, except: choices);
        var question = Named(first, Questions, cell => cell is string, except: answer) ?? throw new InputException(
            $"{first.Origin}: no column of text to ask about, only {string.Join(", ", first.Cells.Keys.Take(20))}; write the task file by hand");
        var to = new StringBuilder();
        to.Append($"# Task {name}, written by `cognito-eval tasks new`; the form is that of lm-evaluation-harness.\n");
        to.Append($"# Columns of the rows: {Printable.Line(string.Join(", ", first.Cells.Keys))}\n");
        to.Append($"task: {Quoted(name)}\n");
        Place(to, source);
        if (choices is not null && answer is not null)
            Choosing(to, rows, question, choices, answer);
        else if (answer is not null)
            Generating(to, first, question, answer);
        else
            Rolling(to, question);
        to.Append("metadata:\n  version: 1.0   # raise it when the questions change\n");
        return to.ToString();
    }

    private static void Place(StringBuilder to, Source source)
    {
        to.Append($"dataset_path: {Quoted(source.Path)}\n");
        if (source.Name is not null)
            to.Append($"dataset_name: {Quoted(source.Name)}\n");
        if (source.Files is { } files)
        {
            to.Append("dataset_kwargs:\n  data_files:   # as seen from the folder in which cognito-eval is started\n");
            foreach (var (split, file) in files)
                to.Append($"    {split}: {Quoted(file)}\n");
        }
        to.Append($"test_split: {Quoted(source.Split)}   # the documents that are asked\n");
        to.Append(source.ShotSplit is { } shots ? $"fewshot_split: {shots}   # the examples, with --num-fewshot\n"
            : "# fewshot_split: train   # where examples come from, with --num-fewshot; give other rows than those asked\n");
    }

    private static void Choosing(StringBuilder to, IReadOnlyList<Row> rows, string question, string choices, string answer)
    {
        var isStruct = rows[0].Cells[choices] is IReadOnlyDictionary<string, object?>;
        var (texts, right) = ((Func<Row, object?>)(row => isStruct ? (row.Cells[choices] as IReadOnlyDictionary<string, object?>)?.GetValueOrDefault("text") : row.Cells[choices]),
            rows[0].Cells[answer]);
        bool Holds(Row row) => row.Cells.GetValueOrDefault(answer) is string text && texts(row) is IReadOnlyList<object?> list && list.Contains(text);
        var target = right switch
        {
            string when rows.All(Holds) => answer,
            string when isStruct && (rows[0].Cells[choices] as IReadOnlyDictionary<string, object?>)!.ContainsKey("label") => $"{{{{{choices}.label.index({answer})}}}}",
            string { Length: 1 } letter when Letters.Contains(letter, StringComparison.Ordinal) => $"{{{{'{Letters}'.index({answer})}}}}",
            string digit when digit.All(char.IsAsciiDigit) && digit.Length > 0 => $"{{{{{answer}|int}}}}",
            _ => answer,
        };
        to.Append("output_type: multiple_choice\n");
        Text(to, question);
        to.Append($"doc_to_choice: {Quoted(isStruct ? $"{{{{{choices}.text}}}}" : choices)}   # a list of texts\n");
        to.Append($"doc_to_target: {Quoted(target)}   # the right choice: its number from 0, or its text\n");
        to.Append("metric_list:\n  - metric: acc\n  - metric: acc_norm   # by the choices' lengths\n");
    }

    private static void Generating(StringBuilder to, Row first, string question, string answer)
    {
        to.Append("output_type: generate_until\n");
        Text(to, question);
        to.Append($"doc_to_target: {Quoted(first.Cells[answer] is string or IReadOnlyList<object?> ? answer : $"{{{{{answer}}}}}")}   # the right answer, or a list of right ones\n");
        to.Append("generation_kwargs:\n  until: [\"\\n\"]   # what ends an answer\n  max_gen_toks: 64\n  do_sample: false\n");
        to.Append("filter_list:   # from an answer to what is compared\n  - name: none\n    filter:\n      - function: remove_whitespace\n      - function: take_first\n");
        to.Append("metric_list:\n  - metric: exact_match\n    ignore_case: true\n    ignore_punctuation: true\n");
    }

    private static void Rolling(StringBuilder to, string question) => to.Append(
        $"# No column looks like an answer: the texts themselves are scored, for their perplexity.\noutput_type: loglikelihood_rolling\ndoc_to_text: \"\"\ndoc_to_target: {Quoted(question)}\n");

    private static void Text(StringBuilder to, string question) =>
        to.Append($"doc_to_text: {Quoted($"Question: {{{{{question}}}}}\nAnswer:")}   # what comes before the answer; a space follows it\n");

    private static bool IsTexts(object? cell) => cell is IReadOnlyList<object?> { Count: > 0 } list && list.All(item => item is string);

    /// <summary>The column of one of these names, else any that fits.</summary>
    private static string? Named(Row row, string[] names, Func<object?, bool> fits, string? except = null)
    {
        var columns = row.Cells.Where(cell => cell.Key != except && IsName(cell.Key) && fits(cell.Value)).Select(cell => cell.Key).ToList();
        return names.Select(name => columns.FirstOrDefault(column => column.Equals(name, StringComparison.OrdinalIgnoreCase))).FirstOrDefault(found => found is not null)
            ?? (names == Answers ? null : names == Choices ? columns.FirstOrDefault() : columns.FirstOrDefault(column => !column.Contains("id", StringComparison.OrdinalIgnoreCase)) ?? columns.FirstOrDefault());
    }

    /// <summary>A name that a template can use.</summary>
    private static bool IsName(string column) => column.Length > 0 && !char.IsAsciiDigit(column[0]) && column.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    /// <summary>A text in YAML's double quotes, or bare where that means the same.</summary>
    private static string Quoted(string text) => text.Length > 0 && char.IsAsciiLetter(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '/' or '-' or '.')
        && text.ToLowerInvariant() is not ("yes" or "no" or "true" or "false" or "on" or "off" or "null" or "y" or "n") ? text
        : "\"" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal) + "\"";
}
