using System.Text.Json;
using System.Text.Json.Serialization;
using Cognito.Eval.Planning;

namespace Cognito.Eval.Models;

/// <summary>A batch's answers as text, as a journal keeps them: JSON, to which more may be added than a reader knows.</summary>
internal static class AnswerText
{
    private const int MostExperts = 1 << 16;

    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
    };

    /// <summary>Doubles are written with as many digits as bring back the same bits.</summary>
    public static string Write(ScoredBatch batch) => JsonSerializer.Serialize(new Scores(
        [.. batch.Scores.Select(s => s.LogLikelihood)], [.. batch.Scores.Select(s => s.IsGreedy)], batch.Routing), Options);

    public static string Write(IReadOnlyList<Generated> rows) => JsonSerializer.Serialize(new Rows(
        [.. rows.Select(row => row.Tokens)],
        rows.All(row => row.NotFiniteAt is null) ? null : [.. rows.Select(row => row.NotFiniteAt ?? -1)]), Options);

    /// <summary>Null if it holds no scores, or numbers that no model answers.</summary>
    public static ScoredBatch? ReadScores(string text) => Read<Scores>(text) is { } read && read.LogLikelihoods.Length == read.Greedy.Length
        && (read.Routing is null || read.Routing.Values.All(sums => sums is not null && IsWhole(sums)))
        ? new([.. read.LogLikelihoods.Zip(read.Greedy, (value, isGreedy) => new TokenScore(value, isGreedy))], read.Routing)
        : null;

    /// <summary>Null if it holds no generated tokens, or ids that no tokenizer has.</summary>
    public static IReadOnlyList<Generated>? ReadGenerated(string text) =>
        Read<Rows>(text) is { Tokens: { } rows } read && rows.All(row => row is not null && row.All(id => id >= 0))
        && (read.NotFiniteAt is null || read.NotFiniteAt.Length == rows.Length)
            ? [.. rows.Select((tokens, r) => new Generated(tokens, read.NotFiniteAt?[r] is >= 0 and var at ? at : null))]
            : null;

    /// <summary>Whole layers of as many experts as it says, numbered as layers are.</summary>
    private static bool IsWhole(RoutingSums sums) => sums is { Experts: > 0 and <= MostExperts, Tokens: >= 0, Values: not null }
        && sums.Values.Length % RoutingSums.Width(sums.Experts) == 0
        && (sums.LayerNumbers is not { } numbers
            || numbers.Count == sums.Layers && numbers.Prepend(-1).Zip(numbers, (before, number) => number > before).All(rises => rises));

    private static T? Read<T>(string text) where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(text, Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private sealed record Scores(
        double[] LogLikelihoods, bool[] Greedy, IReadOnlyDictionary<string, RoutingSums>? Routing = null);

    /// <param name="NotFiniteAt">Of each row, -1 where it has none; left out where none of them has.</param>
    private sealed record Rows(int[][] Tokens, int[]? NotFiniteAt = null);
}
