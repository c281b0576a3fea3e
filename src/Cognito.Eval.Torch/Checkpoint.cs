using System.Security.Cryptography;
using Cognito.Eval.Files;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tokenizers;
using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Weights;

namespace Cognito.Eval.Torch;

/// <summary>A checkpoint's folder, read but for its weights.</summary>
/// <param name="MaxLength">The most tokens that a sequence may have.</param>
public sealed record Checkpoint(string Folder, ModelConfig Config, CheckpointTokenizer Tokenizer, int MaxLength)
{
    /// <summary>The folder's, or the repository's where it came from the hub.</summary>
    public string Name { get; init; } = Path.GetFileName(Path.TrimEndingDirectorySeparator(Folder));

    /// <summary>As it may be named again, from anywhere; null for what needs no name.</summary>
    public string? Given { get; init; } = Folder;

    /// <summary>Ids that end a generated answer: the checkpoint's own, else the tokenizer's.</summary>
    public IReadOnlyList<int> EndIds => Config.EndIds.Count > 0 ? Config.EndIds : [Tokenizer.EndId];

    public string ConfigSha256 => Convert.ToHexStringLower(
        SHA256.HashData(RegularFile.Read(Path.Combine(Folder, "config.json"), FileKind.Config)));

    /// <param name="maxLength">The checkpoint's own if null.</param>
    /// <exception cref="InputException">A file of it is not sound, or asks for what is not done here.</exception>
    public static Checkpoint Open(string folder, int? maxLength = null, TokenizerRules rules = TokenizerRules.Transformers4) =>
        Create(folder, ModelConfig.Read(folder), CheckpointTokenizer.Open(folder, rules), maxLength);

    public static Checkpoint Create(string folder, ModelConfig config, CheckpointTokenizer tokenizer, int? maxLength) =>
        new(folder, config, tokenizer, maxLength ?? config.MaxLength);

    /// <summary>What the weights' headers tell: all that the model needs is there, and what it does not need is named.</summary>
    internal UnusedTensors Unused()
    {
        using var weights = WeightFiles.Open(Folder);
        return UnusedTensors.Find(Config, weights);
    }

    /// <summary>Plans for its model.</summary>
    public Planner Planner(Budget budget) =>
        new(Tokenizer.Tokenizer, Protocol.Default, MaxLength, budget, new(Tokenizer.EndId, EndIds, Tokenizer.EndText) { Start = Tokenizer.Start })
        {
            ModelVocabulary = Config.VocabularySize,
        };
}
