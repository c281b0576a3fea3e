using Cognito.Eval.Cli;
using DuckDB.NET.Data;

namespace Cognito.Eval.Tests;

/// <summary>All that a run asks the hub for, small: sample rows as Parquet where the lock says, and cognito-nano.</summary>
internal static class SmallHub
{
    public const string Model = "org/cognito-nano";

    /// <summary>Writes a data root as --data takes it.</summary>
    public static string Data(string folder)
    {
        using var connection = new DuckDBConnection("Data Source=:memory:");
        connection.Open();
        foreach (var repository in Cli.Fetching.Lock.Repositories)
            foreach (var (dataset, splits) in repository.Datasets)
                foreach (var (split, locked) in splits)
                {
                    var sample = Path.Combine(CommandLine.Samples, Sample(dataset), split + ".jsonl");
                    var target = Path.Combine([folder, .. repository.Id.Split('/'), .. locked.Files.Keys.Single().Split('/')]);
                    Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                    // Each file's own: equal files are one blob, fetched once.
                    var own = dataset.StartsWith("MMLU", StringComparison.Ordinal) ? $"REPLACE ('{dataset}' AS subject)" : "";
                    using var command = connection.CreateCommand();
                    command.CommandText =
                        $"COPY (SELECT * {own} FROM read_json_auto('{sample}')) TO '{target}' (FORMAT parquet, COMPRESSION snappy)";
                    command.ExecuteNonQuery();
                }
        return folder;
    }

    public static LoopbackHub Serve(string data)
    {
        var hub = new LoopbackHub();
        foreach (var repository in Cli.Fetching.Lock.Repositories)
            hub.AddFolder($"datasets/{repository.Id}", Path.Combine([data, .. repository.Id.Split('/')]));
        hub.AddFolder(Model, CommandLine.Nano);
        return hub;
    }

    private static string Sample(string dataset) => dataset switch
    {
        "ARC-Challenge" => "arc_challenge",
        "HellaSwag" => "hellaswag",
        "TruthfulQA" => "truthfulqa_mc",
        "WinoGrande" => "winogrande_xl",
        "GSM8K" => "gsm8k",
        _ => Path.Combine("mmlu", "philosophy"),
    };
}
