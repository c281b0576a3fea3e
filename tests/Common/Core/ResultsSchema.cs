using NJsonSchema;

namespace Cognito.Eval.Tests;

/// <summary>results/results.schema.json of the repository.</summary>
internal static class ResultsSchema
{
    public static async Task<JsonSchema> Read()
    {
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(at.FullName, "Cognito.Eval.sln")))
            at = at.Parent!;
        return await JsonSchema.FromFileAsync(Path.Combine(at.FullName, "results", "results.schema.json"));
    }
}
