using Cognito.Eval.Files;

namespace Cognito.Eval.Torch.Architectures;

/// <summary>Which architecture a config.json is of: its model_type says, as in transformers; "architectures" must not contradict.</summary>
internal static class ArchitectureName
{
    /// <summary>Classes that wrap a model, whichever it is.</summary>
    private static readonly string[] Wrappers = ["peftmodel", "peftmodelforcausallm", "automodelforcausallm", "automodel"];

    /// <exception cref="InputException">It is none that is known, or two at once.</exception>
    public static Architecture Read(ConfigFile file)
    {
        var (type, named) = (file.FirstWord("model_type")?.Trim(), file.FirstWord("architectures"));
        var byType = Architecture.Known.FirstOrDefault(known => known.ModelType.Equals(type, StringComparison.OrdinalIgnoreCase));
        var byName = Architecture.Known.FirstOrDefault(known => Letters(known.Name) == Letters(named));
        return (type, byType, byName, named) switch
        {
            (null, _, { } found, _) => found,
            (null, _, null, _) => throw Unknown("architectures", $"begins with {named ?? "nothing"}"),
            (_, { } found, _, null) => found,
            (_, { } found, _, _) when found == byName || Agree(found, Letters(named)) => found,
            (_, { }, _, _) or (_, null, { }, _) => throw file.Bad("architectures",
                $"begins with {named}, and \"model_type\" is {type}", $"set both to what the weights are of: {All}"),
            (_, null, _, null) => throw Unknown("model_type", $"is {type}"),
            _ => throw Unknown("architectures", $"begins with {named}"),
        };

        InputException Unknown(string key, string fact) => file.Bad(key,
            $"{fact}; this version knows {All}", null);
    }

    private static string All =>
        string.Join(", ", Architecture.Known.SkipLast(1).Select(known => known.Name)) + $" and {Architecture.Known[^1].Name}";

    private static bool Agree(Architecture known, string letters) =>
        letters.Contains(Letters(known.ModelType), StringComparison.Ordinal) || Wrappers.Contains(letters);

    /// <summary>A name in one spelling: LLaMAForCausalLM is LlamaForCausalLM.</summary>
    private static string Letters(string? name) => string.Concat((name ?? "").Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant();
}
