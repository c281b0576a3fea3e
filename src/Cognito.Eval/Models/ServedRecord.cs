using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;

namespace Cognito.Eval.Models;

/// <summary>A model that a server has, and how it was asked.</summary>
/// <param name="Engine">vllm, sglang, llama-server, or openai for another that speaks their language.</param>
/// <param name="Version">The server's; null where it does not say.</param>
/// <param name="Model">As the server calls it.</param>
/// <param name="Root">What the server made it from; null where it does not say.</param>
/// <param name="Recipe">How log-likelihoods are asked for; null where none were.</param>
/// <param name="ChoiceRecipe">How those of one token are, where that is another way; else null.</param>
/// <param name="GenerationRecipe">How text is asked for; null where none was.</param>
public sealed record ServedRecord(
    string Engine, string? Version, string Model, string? Root, string? Recipe,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ChoiceRecipe = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? GenerationRecipe = null)
{
    /// <summary>What stands for its weights.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ServedFingerprint? Fingerprint { get; init; }
}

/// <summary>What a served model makes of a fixed prompt.</summary>
/// <param name="LogProbabilities">Of its tokens, in nats.</param>
/// <param name="Tolerance">By how many nats one of them may be elsewhere the next time.</param>
public sealed record ServedFingerprint(IReadOnlyList<double> LogProbabilities, double Tolerance)
{
    /// <summary>Whether the server's cache of beginnings was seen at work when it was tried; null where it does not tell.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? PrefixCache { get; init; }

    /// <summary>sha256 in lower-case hex.</summary>
    public string Sha256() => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        string.Join('\n', LogProbabilities.Select(value => value.ToString("R", CultureInfo.InvariantCulture))))));

    /// <summary>By how much the farthest token is elsewhere; infinite where they are of other tokens.</summary>
    public double Distance(ServedFingerprint other) => LogProbabilities.Count != other.LogProbabilities.Count ? double.PositiveInfinity
        : LogProbabilities.Zip(other.LogProbabilities, (one, another) => Math.Abs(one - another)).DefaultIfEmpty().Max();

    /// <summary>Whether both may be one model's.</summary>
    public bool IsWithin(ServedFingerprint other) => Distance(other) <= Math.Max(Tolerance, other.Tolerance);
}
