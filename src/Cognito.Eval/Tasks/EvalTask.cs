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
    public required int Version { get; init; }

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

    public override string ToString() => Name;
}

/// <summary>What is made of a task's scores.</summary>
public sealed record Metric(string Name)
{
    /// <summary>From the documents' values to the task's.</summary>
    public Func<IReadOnlyCollection<double>, Estimate> Aggregate { get; init; } = Estimate.FromValues;

    public bool HigherIsBetter { get; init; } = true;

    /// <summary>A mean, of which more is better.</summary>
    public static implicit operator Metric(string name) => new(name);

    public override string ToString() => Name;

    /// <summary>What a metric's standard error stands under, as lm-evaluation-harness names it: before a filter's name, if there is one.</summary>
    public static string ErrorOf(string metric) => metric.IndexOf(',') is >= 0 and var comma
        ? $"{metric[..comma]}_stderr{metric[comma..]}" : metric + "_stderr";
}

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
