using Cognito.Eval.Data;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;

namespace Cognito.Eval.Tasks;

/// <summary>A task: a benchmark as it is asked. A few facts, and how a row becomes a document.</summary>
/// <param name="Name">The reference's name, in results too.</param>
public sealed record EvalTask(string Name)
{
    public required Dataset Dataset { get; init; }

    /// <summary>The split whose documents are asked.</summary>
    public required string Split { get; init; }

    /// <summary>The split that examples come from; null for a task without examples.</summary>
    public string? ShotSplit { get; init; }

    /// <summary>Examples in the prompt, as the protocol asks the task where nobody says otherwise.</summary>
    public required int Shots { get; init; }

    public required ShotOrder ShotOrder { get; init; }

    /// <summary>Text before the examples, without the blank line that follows it.</summary>
    public string? Description { get; init; }

    /// <summary>The metric of the column.</summary>
    public required string Headline { get; init; }

    /// <summary>Every metric, in the order of the reference's results.</summary>
    public required IReadOnlyList<Metric> Metrics { get; init; }

    /// <summary>Whether its documents ask for generated text; else they ask for log-likelihoods.</summary>
    public bool Generates { get; init; }

    /// <summary>The reference's VERSION of the task.</summary>
    public required TaskVersion Version { get; init; }

    /// <summary>The column that the task reports in; null where it stands for itself.</summary>
    public Column? Column { get; init; }

    /// <summary>What its score stands under in tables: its column's key, or its own name.</summary>
    public string ColumnKey => Column?.Key ?? Name;

    /// <summary>What lm-evaluation-harness 0.4 says of it; null where the task is not asked as there.</summary>
    public LmEvalConfig? LmEval { get; init; }

    /// <summary>Everyday names that mean this task.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <exception cref="InputException">The row is not of this dataset.</exception>
    public required Func<Row, Doc> ToDoc { get; init; }

    /// <summary>How a whole split is read, where what a row becomes hangs on more than the row; null where it does not.</summary>
    public Func<IReadOnlyList<Row>, RowReader>? Reads { get; init; }

    /// <summary>Examples that the task brings itself; null where they are rows of <see cref="ShotSplit"/>.</summary>
    public IReadOnlyList<Row>? Samples { get; init; }

    /// <summary>What is to be said of its questions, one sentence each.</summary>
    /// <exception cref="InputException">They are such as nobody can mean to ask.</exception>
    public Func<AskedRows, IReadOnlyList<string>> Check { get; init; } = _ => [];

    public override string ToString() => Name;
}

/// <summary>What is made of a task's scores.</summary>
public sealed record Metric(string Name)
{
    /// <summary>From the documents' values to the task's.</summary>
    public Func<IReadOnlyCollection<double>, Estimate> Aggregate { get; init; } = Estimate.FromValues;

    /// <summary>From the documents' pairs to the task's value, where one number a document does not do; null where it does.</summary>
    public Func<IReadOnlyList<WeighedScore>, Estimate>? AggregatePairs { get; init; }

    public bool HigherIsBetter { get; init; } = true;

    /// <summary>Whether it has a standard error: some ways to make one value have none in the reference.</summary>
    public bool HasError { get; init; } = true;

    /// <summary>A mean, of which more is better.</summary>
    public static implicit operator Metric(string name) => new(name);

    public override string ToString() => Name;

    /// <summary>Whether tables show it in percent: perplexities, and bits per byte, are shown as they are.</summary>
    /// <param name="metric">Its name, or its error's, with a filter after a comma or without one.</param>
    public static bool IsPercent(string metric) => metric.Split(',')[0] is var name && !name.Contains("perplexity", StringComparison.Ordinal)
        && !name.StartsWith("bits_per_byte", StringComparison.Ordinal);

    /// <summary>What a value is shown as a multiple of: 100 for percent, else 1.</summary>
    public static int Points(string metric) => IsPercent(metric) ? 100 : 1;

    /// <summary>What a metric's standard error stands under, as lm-evaluation-harness names it: before a filter's name, if there is one.</summary>
    public static string ErrorOf(string metric) => metric.IndexOf(',') is >= 0 and var comma
        ? $"{metric[..comma]}_stderr{metric[comma..]}" : metric + "_stderr";
}

/// <summary>A document's value, and what goes with it: words or bytes that it is of, or the right label of a predicted one.</summary>
public readonly record struct WeighedScore(double Value, double Weight);

/// <summary>A task's documents as they are asked, for a last look at them.</summary>
/// <param name="Rows">One a document.</param>
/// <param name="Examples">The rows that each shows, as places among the examples.</param>
/// <param name="Whole">Whether all documents of the split are asked.</param>
public sealed record AskedRows(
    IReadOnlyList<Row> Rows, IReadOnlyList<Doc> Docs, IReadOnlyList<IReadOnlyList<Request>> Requests,
    IReadOnlyList<IReadOnlyList<int>> Shots, IReadOnlyList<Row> Examples, bool Whole);

/// <summary>Where a prompt's examples come from.</summary>
public enum ShotOrder
{
    /// <summary>Drawn anew for each document, without looking at it.</summary>
    Drawn,

    /// <summary>The first rows of the split, the same for every document; as many as there are, if more are asked for.</summary>
    First,

    /// <summary>The task takes no examples.</summary>
    None,
}

/// <summary>A column of a table: its tasks' headline metric as one, in percent.</summary>
/// <param name="Key">ARC, HellaSwag, MMLU, ...</param>
/// <param name="Title">The card's row, with {0} for the number of shots.</param>
/// <param name="Type">The dataset on the model card.</param>
/// <param name="MetricName">The metric's name on the card, if it has one.</param>
/// <param name="Tasks">How many tasks make the column.</param>
public sealed record Column(
    string Key, string Title, string Type, string? Config, string Split, int Shots, string Metric, string? MetricName,
    int Tasks = 1)
{
    /// <summary>Whose column it is: runs of other protocols do not fill it.</summary>
    public string Protocol { get; init; } = "leaderboard-v1";
}
