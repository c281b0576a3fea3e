using System.Globalization;
using System.Text.RegularExpressions;
using Cognito.Eval.Files;

namespace Cognito.Eval.Torch.Architectures;

/// <summary>Which architecture a config.json is of: its model_type says, as in transformers; "architectures" must not contradict.</summary>
internal static partial class ArchitectureName
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
            (null, _, null, _) => throw Unknown("architectures", "begins with", named),
            (_, { } found, _, null) => found,
            (_, { } found, _, _) when found == byName || byName is null && Agree(found, Letters(named)) => found,
            (_, { }, _, _) or (_, null, { }, _) => throw file.Bad("architectures",
                $"begins with {named}, and \"model_type\" is {type}", $"set both to what the weights are of: {All}"),
            (_, null, _, _) when named is null || Wrappers.Contains(Letters(named)) => throw Unknown("model_type", "is", type),
            _ => throw Unknown("architectures", "begins with", named),
        };

        InputException Unknown(string key, string verb, string? name) => file.Bad(key, name is null
            ? $"{verb} nothing; this version knows {All}"
            : $"{verb} {name}, which this version does not know" + (Nearest(name) is { } near
                ? $"; the nearest that it knows is {near.Name}, of {All}"
                : $", nor any like it; it knows {All}"), null);
    }

    private static string All =>
        string.Join(", ", Architecture.Known.SkipLast(1).Select(known => known.Name)) + $" and {Architecture.Known[^1].Name}";

    /// <summary>A class of one's own that is called after the type, but not after one of another number.</summary>
    private static bool Agree(Architecture known, string letters) =>
        Regex.IsMatch(letters, Letters(known.ModelType) + "(?![0-9])") || Wrappers.Contains(letters);

    /// <summary>
    /// The architecture whose name is most like another. It is of the same family, which is what a name begins with up to its
    /// number; of these it has the nearest number, where a name without one counts as the first; of these the most words in
    /// common and the fewest others. Null where none is of the family.
    /// </summary>
    /// <param name="name">As "architectures" or as "model_type" has it.</param>
    public static Architecture? Nearest(string name) => Architecture.Known
        .Where(known => Letters(name).StartsWith(Letters(Family().Match(known.Name).Value), StringComparison.Ordinal))
        .OrderBy(known => Math.Abs(Number(known.Name) - Number(name)))
        .ThenByDescending(known => Words(known.Name).Intersect(Words(name)).Count())
        .ThenBy(known => Words(known.Name).Except(Words(name)).Count())
        .ThenBy(known => known.Name, StringComparer.Ordinal)
        .FirstOrDefault();

    /// <summary>A name in one spelling: LLaMAForCausalLM is LlamaForCausalLM.</summary>
    private static string Letters(string? name) => string.Concat((name ?? "").Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant();

    private static IEnumerable<string> Words(string name) =>
        Word().Matches(name).Select(word => word.Value.ToLowerInvariant());

    private static int Number(string name) =>
        int.TryParse(FirstNumber().Match(name).Value, CultureInfo.InvariantCulture, out var number) ? number : 1;

    [GeneratedRegex("^[A-Za-z]+?(?=[0-9_]|For[A-Z]|$)", RegexOptions.CultureInvariant)]
    private static partial Regex Family();

    [GeneratedRegex("[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", RegexOptions.CultureInvariant)]
    private static partial Regex Word();

    [GeneratedRegex("[0-9]+", RegexOptions.CultureInvariant)]
    private static partial Regex FirstNumber();
}
