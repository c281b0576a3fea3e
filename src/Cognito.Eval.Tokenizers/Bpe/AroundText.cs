using System.Text.Json;
using Cognito.Eval.Files;

namespace Cognito.Eval.Tokenizers.Bpe;

/// <summary>The ids that a tokenizer.json's post_processor puts around a text where it is asked for them.</summary>
internal sealed record AroundText(IReadOnlyList<int> Before, IReadOnlyList<int> After)
{
    private const int Most = 1024;

    public static AroundText None { get; } = new([], []);

    /// <param name="part">The post_processor, if there is one.</param>
    /// <exception cref="InputException">It is of no known kind, or the tokenizers library stops on it.</exception>
    public static AroundText Read(JsonPart? part) => part is not { } there ? None : there.Type switch
    {
        "ByteLevel" => None, // it only moves offsets
        "Sequence" => there.Parts("processors").Select(one => Read(one)).Aggregate(None, (inner, outer) =>
            Checked(there, new([.. outer.Before, .. inner.Before], [.. inner.After, .. outer.After]))),
        "RobertaProcessing" or "BertProcessing" => new([NamedId(there, "cls")], [NamedId(there, "sep")]),
        "TemplateProcessing" when there.Parts("single") is var pieces && pieces.Count(IsText) == 1 =>
            OfTemplate(there, pieces),
        _ => throw there.Bad($"\"{there.Type}\" is not known here, or does not hold the text once"),
    };

    private static bool IsText(JsonPart piece) => piece.Has("Sequence");

    private static AroundText OfTemplate(JsonPart template, IReadOnlyList<JsonPart> pieces)
    {
        var tokens = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        if (pieces.Count > 1 && template.Part("special_tokens") is { } defined)
            foreach (var token in defined.Value.EnumerateObject())
                tokens[token.Name] = token.Value;
        var text = pieces.TakeWhile(piece => !IsText(piece)).Count();
        return new(Ids(pieces.Take(text)), Ids(pieces.Skip(text + 1)));

        List<int> Ids(IEnumerable<JsonPart> around)
        {
            var ids = new List<int>();
            foreach (var piece in around)
            {
                var name = piece.Part("SpecialToken")?.Text("id")
                    ?? throw template.Bad("\"single\" holds what is neither the text nor a token");
                var token = new JsonPart(tokens.GetValueOrDefault(name), template.Where);
                if (token.Value.ValueKind != JsonValueKind.Object || !token.Has("ids"))
                    throw template.Bad($"\"single\" has \"{name}\", to which \"special_tokens\" gives no ids");
                ids.AddRange(token.List("ids").Take(Most + 1).Select(id => Id(template, id)));
                Checked(template, new(ids, []));
            }
            return ids;
        }
    }

    /// <summary>Of a pair of a text and its id.</summary>
    private static int NamedId(JsonPart part, string key) =>
        part.List(key).Take(3).ToArray() is [{ ValueKind: JsonValueKind.String }, var id] ? Id(part, id)
        : throw part.Bad($"\"{key}\" is no token with its id");

    private static int Id(JsonPart part, JsonElement id) =>
        id.ValueKind == JsonValueKind.Number && id.TryGetInt32(out var number) && number >= 0 ? number
        : throw part.Bad($"an id is no whole number from 0 to {int.MaxValue}");

    private static AroundText Checked(JsonPart part, AroundText around) =>
        around.Before.Count + around.After.Count <= Most ? around
        : throw part.Bad($"puts more than {Most:N0} tokens around a text");
}
