using Cognito.Eval.Data;
using Cognito.Eval.Files;
using Cognito.Eval.Tasks;
using Cognito.Eval.Templates;

namespace Cognito.Eval.TaskFiles;

/// <summary>
/// Makes documents of a split's rows. The first row decides two things for all: whether the choices are contexts, and whether
/// several answers are right (protocol 11.2).
/// </summary>
internal sealed class DocMaker
{
    private readonly TaskFile _file;
    private readonly FileGrading _grading;
    private readonly HashSet<string> _columns;
    private readonly bool _choicesAreContexts, _hasSeveralTargets;

    /// <exception cref="InputException">The first row cannot be asked.</exception>
    public DocMaker(TaskFile file, FileGrading grading, IReadOnlyList<Row> rows)
    {
        (_file, _grading) = (file, grading);
        _columns = [.. rows[0].Cells.Keys];
        var (first, form) = (rows[0], file.Form);
        _choicesAreContexts = form.Choices is not null && Text(first, form) is long or bool;
        _hasSeveralTargets = Target(first, form) is IReadOnlyList<object?> { Count: > 0 };
        if (_choicesAreContexts && !file.IsChoice)
            throw form.Text.At(first, $"is a number, so its choices would be contexts, which output_type {file.OutputType} has not; remove doc_to_choice");
    }

    public RowReader Reader => new(Doc, Example);

    /// <summary>A row as it is asked.</summary>
    public FiledDoc Doc(Row row)
    {
        var form = _file.Form;
        var text = Text(row, form);
        var choices = form.Choices is null ? null : Choices(row, form.Choices);
        var target = Target(row, form);
        var prefix = form.Prefix is null ? null : TextOf(row, form.Prefix, form.Prefix.Of(row, _columns));
        var before = _file.Description is { } description ? TextOf(row, description, description.OfOwn(row)) : "";
        return _choicesAreContexts ? WithContexts(row, text, choices!, target, before, prefix)
            : WithContext(row, Question(row, form.Text, text), choices, target, before, prefix);
    }

    private FiledDoc WithContexts(Row row, object? text, IReadOnlyList<string> choices, object? target, string before, string? prefix)
    {
        if (text is not (long or bool))
            throw _file.Form.Text.At(row, $"is {DocField.Short(PythonValue.Str(text))}, and the first document's is a number, so that choices are contexts; "
                + "give a number in every row, or in none");
        var continuation = _file.Form.TargetDelimiter + (target is string or long or bool or double ? PythonValue.Str(target)
            : throw _file.Form.Target.At(row, "is no text, and it is what follows each context; give a text"));
        return _grading.Choosing(row, choices, text, hasSeveral: false, Made(choices.Count > 0 ? choices[0] : "", target, lead =>
            [.. choices.Select(choice => new LogLikelihood(before + lead + choice + prefix, continuation)), .. Alone(choices)]));
    }

    private FiledDoc WithContext(Row row, string question, IReadOnlyList<string>? choices, object? target, string before, string? prefix)
    {
        var form = _file.Form;
        var tail = Turn(question, form.TargetDelimiter, prefix);
        Func<string, string> context = lead => before + lead + tail;
        return _file.OutputType switch
        {
            "multiple_choice" => _grading.Choosing(row, choices!, target, _hasSeveralTargets, Doc(lead =>
            {
                var given = context(lead);
                return [.. choices!.Select(choice => new LogLikelihood(given, form.TargetDelimiter + choice)), .. Alone(choices!)];
            })),
            "loglikelihood" when TextOf(row, form.Target, target) is var text => _grading.Scoring(text, Doc(lead => [new LogLikelihood(context(lead), text)])),
            "loglikelihood_rolling" when TextOf(row, form.Target, target) is var text => _grading.Rolling(text, Doc(_ => [new LogLikelihoodRolling(text)])),
            _ => _grading.Generating(row, choices, target, _hasSeveralTargets, Doc(lead =>
                [new GreedyUntil(context(lead), GenerationKeys.Stops(_file.Settings!))
                {
                    MaxNewTokens = GenerationKeys.MostNewTokens(_file.Settings!),
                    Settings = _file.Settings,
                }])),
        };

        FiledDoc Doc(Func<string, IReadOnlyList<Request>> ask) => Made(tail, target, ask);
    }

    private FiledDoc Made(string query, object? target, Func<string, IReadOnlyList<Request>> ask) => new(query, "")
    {
        Ask = _file.Repeats == 1 ? ask : lead => [.. ask(lead).SelectMany(request => Enumerable.Repeat(request, _file.Repeats))],
        Grade = _ => throw new InvalidOperationException("a document without its grades"),
        Answer = target,
        Generates = _file.Generates,
    };

    /// <summary>Each choice after nothing: what a gain by the context is measured from.</summary>
    private IEnumerable<LogLikelihood> Alone(IReadOnlyList<string> choices) => _file.Metrics.Any(metric => metric.Name == "acc_mutual_info")
        ? choices.Select(choice => new LogLikelihood("", _file.Form.TargetDelimiter + choice)) : [];

    /// <summary>A row as it is shown: its text and its answer, with what stands between and behind.</summary>
    public FiledDoc Example(Row row)
    {
        var form = _file.Example;
        var text = Text(row, form);
        var choices = form.Choices is null ? null : Choices(row, form.Choices);
        var target = Target(row, form);
        var prefix = form.Prefix?.OfOwn(row) is { } its ? TextOf(row, form.Prefix, its) : null;
        if (_choicesAreContexts)
            (text, choices) = (choices is null || text is not (long or bool) ? throw form.Text.At(row, "is no number, and the documents' choices are contexts; give a number")
                : At(row, form.Text, choices, text), null);
        var question = Question(row, form.Text, text);
        if (target is "" or null)
            return Shown(Turn(question, form.TargetDelimiter, prefix));
        var answer = choices is { Count: > 0 } && target is long or bool ? At(row, form.Target, choices, target)
            : target is IReadOnlyList<object?> list ? list.Count > 0 ? list[0] : throw form.Target.At(row, "is an empty list, and an example shows its first answer; give one")
            : target;
        if (answer is not string shown)
            throw form.Target.At(row, $"gives the answer {DocField.Short(PythonValue.Repr(target))}, which is no text to show in an example; "
                + "give a text, or ask for --num-fewshot 0");
        // Between a prefix and an answer stands a space, where neither brings one.
        return Shown(question + (string.IsNullOrEmpty(prefix) || NeedsDelimiter(question, prefix) ? form.TargetDelimiter : "")
            + (string.IsNullOrEmpty(prefix) ? shown : shown.Length == 0 ? prefix : prefix + (HasSpaceBetween(prefix, shown) ? "" : " ") + shown)
            + form.FewshotDelimiter);
    }

    private static FiledDoc Shown(string text) => new("", text)
    {
        Ask = _ => throw new InvalidOperationException("an example is not asked"),
        Grade = _ => throw new InvalidOperationException("an example is not graded"),
    };

    /// <summary>A question without its answer, up to the answer's prefix.</summary>
    private static string Turn(string question, string delimiter, string? prefix) =>
        question + (!string.IsNullOrEmpty(prefix) && NeedsDelimiter(question, prefix) ? delimiter : "") + prefix;

    private static bool NeedsDelimiter(string question, string prefix) => question.Length > 0 && !HasSpaceBetween(question, prefix);

    private static bool HasSpaceBetween(string before, string after) => PythonText.IsSpace(before[^1]) || PythonText.IsSpace(after[0]);

    /// <summary>A text; with choices, one of nothing but digits is their number.</summary>
    private object? Text(Row row, AskedForm form)
    {
        var value = form.Text.Of(row, _columns);
        return form.Text.IsColumn(_columns) || value is not string text ? value : Number(row, form.Text, text);
    }

    private object? Number(Row row, DocField field, string text) =>
        _file.Form.Choices is not null && DocField.IsDigits(text) ? field.Literal(row, text, "whole number") : text;

    private object? Target(Row row, AskedForm form)
    {
        var (field, value) = (form.Target, form.Target.Of(row, _columns));
        if (field.IsColumn(_columns) || value is not string text)
            return value;
        var number = Number(row, field, text);
        if (number is not string || text is not ['[', .., ']'])
            return number;
        try
        {
            return PythonLiteral.Parse(text);
        }
        catch (PythonLiteralException e) when (e.Kind is "SyntaxError" or "ValueError")
        {
            return text;
        }
        catch (PythonLiteralException e)
        {
            throw field.At(row, $"gives {DocField.Short(text)}, a list that cannot be read ({e.Message}); write it plainly");
        }
    }

    private IReadOnlyList<string> Choices(Row row, DocField field)
    {
        var value = field.Of(row, _columns);
        if (value is string text && !field.IsColumn(_columns))
            value = field.Literal(row, text, "list");
        if (value is not IReadOnlyList<object?> list)
            throw field.At(row, $"gives {DocField.Short(PythonValue.Repr(value))}, which is no list; give a list of texts");
        if (list.Count == 0)
            throw field.At(row, "gives no choices; give at least one");
        return [.. list.Select((choice, i) => choice as string ?? throw field.At(
            row, $"gives {DocField.Short(PythonValue.Repr(choice))} as choice {i}, which is no text; write it in quotes"))];
    }

    /// <summary>A choice by its number; below 0 it is counted from the end, as Python counts.</summary>
    private static string At(Row row, DocField field, IReadOnlyList<string> choices, object? number)
    {
        var place = number is bool flag ? flag ? 1 : 0 : (long)number!;
        return place >= -choices.Count && place < choices.Count ? choices[(int)(place < 0 ? place + choices.Count : place)]
            : throw field.At(row, $"is {place}, and there are {choices.Count} choices, counted from 0; correct it");
    }

    private static string Question(Row row, DocField field, object? text) => text as string ?? throw field.At(
        row, $"is {DocField.Short(PythonValue.Repr(text))}, which is no text{(text is long ? ", and the first document's is one" : "")}; give a text in every row");

    private static string TextOf(Row row, DocField field, object? value) => value as string ?? throw field.At(
        row, $"is {DocField.Short(PythonValue.Repr(value))}, which is no text; give a text");
}
