using Cognito.Eval.Files;

namespace Cognito.Eval.Torch.Architectures;

/// <summary>Which architecture a config.json is of: its model_type says, as in transformers; "architectures" must not contradict.</summary>
internal static class ArchitectureName
{
    private static readonly (string Type, string Class)[] Known =
        [("mixtral", ModelConfig.Mixtral), ("mistral", ModelConfig.Mistral), ("llama", ModelConfig.Llama)];

    /// <summary>Classes that wrap a model, whichever it is.</summary>
    private static readonly string[] Wrappers = ["peftmodel", "peftmodelforcausallm", "automodelforcausallm", "automodel"];

    /// <exception cref="InputException">It is none that is known, or two at once.</exception>
    public static string Read(ConfigFile file)
    {
        var (type, named) = (file.FirstWord("model_type")?.Trim(), file.FirstWord("architectures"));
        var byType = Known.FirstOrDefault(known => known.Type.Equals(type, StringComparison.OrdinalIgnoreCase));
        var byName = Known.FirstOrDefault(known => Letters(known.Class) == Letters(named));
        return (type, byType.Class, byName.Class, named) switch
        {
            (null, _, { } found, _) => found,
            (null, _, null, _) => throw Unknown("architectures", $"begins with {named ?? "nothing"}"),
            (_, { } found, _, null) => found,
            (_, { } found, _, _) when Agree(byType.Type, Letters(named)) => found,
            (_, { }, _, _) or (_, null, { }, _) => throw file.Bad("architectures",
                $"begins with {named}, and \"model_type\" is {type}", $"set both to what the weights are of: {All}"),
            (_, null, _, null) => throw Unknown("model_type", $"is {type}"),
            _ => throw Unknown("architectures", $"begins with {named}"),
        };

        InputException Unknown(string key, string fact) => file.Bad(key,
            $"{fact}; this version knows {All}", null);
    }

    private const string All = $"{ModelConfig.Mixtral}, {ModelConfig.Mistral} and {ModelConfig.Llama}";

    private static bool Agree(string type, string letters) =>
        letters.Contains(type, StringComparison.Ordinal) || Wrappers.Contains(letters);

    /// <summary>A name in one spelling: LLaMAForCausalLM is LlamaForCausalLM.</summary>
    private static string Letters(string? name) => string.Concat((name ?? "").Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant();
}
