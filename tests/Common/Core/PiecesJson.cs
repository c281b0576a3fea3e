using System.Text.Json.Nodes;
using Cognito.Eval.Tokenizers.SentencePiece;

namespace Cognito.Eval.Tests;

/// <summary>The tokenizer.json that transformers' converter makes of the bundled checkpoint's tokenizer.model.</summary>
internal static class PiecesJson
{
    public static string ModelPath { get; } = Path.Combine(Fixture.Nano, "tokenizer.model");

    private static readonly Lazy<JsonObject> Plain = new(Make);

    public static JsonObject Of(params JsonObject[] added)
    {
        var json = Plain.Value.DeepClone().AsObject();
        foreach (var token in added)
            json["added_tokens"]!.AsArray().Add(token);
        return json;
    }

    private static JsonObject Make()
    {
        var pieces = SentencePieceModel.Load(ModelPath).Pieces;
        var ids = pieces.Index().ToDictionary(piece => piece.Item.Text, piece => piece.Index, StringComparer.Ordinal);
        var merges = pieces.Where(piece => piece.Type is PieceType.Normal).OrderByDescending(piece => piece.Score)
            .SelectMany(piece => Enumerable.Range(1, piece.Text.Length - 1).Select(at => (Left: piece.Text[..at], Right: piece.Text[at..]))
                .Where(pair => ids.ContainsKey(pair.Left) && ids.ContainsKey(pair.Right)));
        JsonObject[] own = [.. new[] { "<unk>", "<s>", "</s>" }.Select((text, id) => ByteLevelJson.Added(id, text))];
        return new()
        {
            ["added_tokens"] = new JsonArray(own),
            ["normalizer"] = JsonNode.Parse("""
                {"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}
                """),
            ["decoder"] = JsonNode.Parse("""
                {"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},
                 {"type":"Strip","content":" ","start":1,"stop":0}]}
                """),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["unk_token"] = "<unk>",
                ["fuse_unk"] = true,
                ["byte_fallback"] = true,
                ["vocab"] = new JsonObject(ids.Select(id => KeyValuePair.Create(id.Key, (JsonNode?)id.Value))),
                ["merges"] = new JsonArray([.. merges.Select(pair => new JsonArray(pair.Left, pair.Right))]),
            },
        };
    }
}
