using System.Text.RegularExpressions;
using Cognito.Eval.Files;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Cognito.Eval.Comparison;

/// <summary>What a gate lets pass: a YAML file, or the defaults.</summary>
public sealed partial class GatePolicy
{
    /// <summary>The drop that is tolerated, in points, by column, or "Average"; what is not named has the default.</summary>
    public Dictionary<string, double> Delta { get; set; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Columns that the candidate must have; all that the baseline has if none is named.</summary>
    public List<string> Require { get; set; } = [];

    /// <summary>The least value of a column, or of "Average", in percent.</summary>
    public Dictionary<string, double> Minimum { get; set; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Most documents whose score may differ from the baseline's, in percent of all; any number if null.</summary>
    public double? Changed { get; set; }

    /// <summary>Columns that pass although the candidate was asked fewer documents than the baseline.</summary>
    public List<string> FewerDocuments { get; set; } = [];

    /// <summary>What an undecided gate counts as: undecided (exit code 4), pass or fail.</summary>
    public OnUndecided Undecided { get; set; } = OnUndecided.Undecided;

    /// <exception cref="InputException">Not a policy: a key that is not known, a value that is no number.</exception>
    public static GatePolicy Read(string path)
    {
        try
        {
            var yaml = RegularFile.ReadText(path, FileKind.Policy);
            // It refuses what is no YAML, so that only sound events are looked at after it.
            var policy = Parse(yaml);
            if (Twice(yaml) is { } key)
                throw new InputException($"{path}: {key} is there twice; case makes no difference, so leave one out");
            return policy.Fault() is { } fault ? throw new InputException($"{path}: {fault}") : policy;
        }
        catch (YamlException e)
        {
            throw new InputException($"{path}, line {e.Start.Line}: not a policy ({Flaw(e)}); {Keys}", e);
        }
        catch (ArgumentException e)
        {
            // The YAML reader's own exception has no place for half a character.
            throw new InputException($"{path}: not a policy (half a character in a text); {Keys}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{path}: cannot be read ({Fact.Of(e)}); --policy names a YAML file", e);
        }
    }

    private const string Keys = "its keys are delta, require, minimum, changed, fewer_documents, undecided";

    private static string Flaw(YamlException e) =>
        UnknownKey().Match($"{e.Message} {e.InnerException?.Message}") is { Success: true } key ? $"it has a key {key.Groups[1].Value}"
            : e is SyntaxErrorException or SemanticErrorException ? "it is no YAML" : "a value is not of the kind that belongs there";

    [GeneratedRegex("Property '([^']*)' not found")]
    private static partial Regex UnknownKey();

    internal static GatePolicy Parse(string yaml) =>
        new DeserializerBuilder().WithNamingConvention(UnderscoredNamingConvention.Instance).WithCaseInsensitivePropertyMatching()
            .WithObjectFactory(New).WithTypeConverter(new Words()).Build().Deserialize<GatePolicy>(yaml) ?? new();

    /// <summary>Column names are read in any case, as everywhere on the command line.</summary>
    private static object New(Type type) => type == typeof(Dictionary<string, double>)
        ? new Dictionary<string, double>(StringComparer.OrdinalIgnoreCase)
        : Activator.CreateInstance(type)!;

    /// <summary>The words alone, where a number or several of them would do as well.</summary>
    private sealed class Words : IYamlTypeConverter
    {
        public bool Accepts(Type type) => type == typeof(OnUndecided);

        public object ReadYaml(IParser parser, Type type, ObjectDeserializer rootDeserializer)
        {
            var word = parser.Consume<Scalar>();
            return Enum.GetValues<OnUndecided>().Cast<OnUndecided?>().FirstOrDefault(
                value => string.Equals(value.ToString(), word.Value, StringComparison.OrdinalIgnoreCase))
                ?? throw new YamlException(word.Start, word.End, "none of the words");
        }

        public void WriteYaml(IEmitter emitter, object? value, Type type, ObjectSerializer serializer) =>
            throw new NotSupportedException();
    }

    /// <summary>A key that a mapping has twice, whatever its case; null if none.</summary>
    private static string? Twice(string yaml)
    {
        // The keys of each mapping that is open, null for a list; and whether a key comes next.
        var open = new Stack<(HashSet<string>? Keys, bool IsKey)>();
        var parser = new Parser(new StringReader(yaml));
        while (parser.MoveNext() && parser.Current is not DocumentEnd)
        {
            if (parser.Current is MappingEnd or SequenceEnd)
                open.Pop();
            else if (parser.Current is NodeEvent node && open.TryPop(out var inside))
            {
                if (inside is { Keys: { } keys, IsKey: true } && node is Scalar key && !keys.Add(key.Value))
                    return key.Value;
                open.Push(inside with { IsKey = !inside.IsKey });
            }
            if (parser.Current is MappingStart)
                open.Push((new(StringComparer.OrdinalIgnoreCase), true));
            else if (parser.Current is SequenceStart)
                open.Push((null, false));
        }
        return null;
    }

    private string? Fault() => this switch
    {
        { Delta: null } or { Minimum: null } or { Require: null } or { FewerDocuments: null } =>
            "delta, minimum, require or fewer_documents is empty; leave it out",
        _ when Delta.Any(delta => delta.Value is not (> 0 and <= 100)) =>
            $"delta of {Delta.First(delta => delta.Value is not (> 0 and <= 100)).Key}: give points above 0 and at most 100",
        _ when Minimum.Any(minimum => minimum.Value is not (>= 0 and <= 100)) =>
            $"minimum of {Minimum.First(minimum => minimum.Value is not (>= 0 and <= 100)).Key}: give percent from 0 to 100",
        { Changed: not (null or (>= 0 and <= 100)) } => "changed: give percent of the documents, from 0 to 100",
        _ => null,
    };
}

/// <summary>What an undecided gate counts as.</summary>
public enum OnUndecided
{
    Undecided,
    Pass,
    Fail,
}
