using System.Text.Json;
using Json.Schema;

namespace Cognito.Eval.Tests;

/// <summary>A JSON Schema, and what of a text it does not allow.</summary>
internal sealed class SchemaFile(string path)
{
    private readonly JsonSchema _schema = JsonSchema.FromText(File.ReadAllText(path));

    /// <summary>Place and fault of each.</summary>
    public IReadOnlyList<string> Validate(string json)
    {
        using var document = JsonDocument.Parse(json);
        var found = _schema.Evaluate(document.RootElement, new() { OutputFormat = OutputFormat.List });
        return found.IsValid ? [] : [.. (found.Details ?? []).Where(part => part.Errors is not null)
            .SelectMany(part => part.Errors!.Select(error => $"{part.InstanceLocation}: {error.Value}")).DefaultIfEmpty("not valid")];
    }
}

/// <summary>results/results.schema.json of the repository.</summary>
internal static class ResultsSchema
{
    public static Task<SchemaFile> Read()
    {
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(at.FullName, "Cognito.Eval.sln")))
            at = at.Parent!;
        return Task.FromResult(new SchemaFile(Path.Combine(at.FullName, "results", "results.schema.json")));
    }
}
