using System.Text.Json;
using Cognito.Eval.Files;
using Cognito.Eval.Tokenizers.Bpe;

namespace Cognito.Eval.Tokenizers.SentencePiece;

/// <summary>The tokenizer of a SentencePiece BPE model: alone as SentencePiece does it, in a checkpoint as transformers does.</summary>
public sealed class SentencePieceTokenizer : BpeTokenizer
{
    /// <summary>As SentencePiece itself, which takes the text of special pieces as text.</summary>
    public SentencePieceTokenizer(SentencePieceModel model)
        : this(model, AsSentencePiece(Own(model, TokenizerConfig.None)), model.Sha256)
    {
    }

    private SentencePieceTokenizer(SentencePieceModel model, TokenizerParts parts, string sha256)
        : base(parts) => (Model, Sha256) = (model, sha256);

    public SentencePieceModel Model { get; }

    public int UnknownId => Model.UnknownId;
    public int? BosId => Model.BosId;
    public int? EosId => Model.EosId;

    public override string Sha256 { get; }
    public override string FileName => "tokenizer.model";

    /// <exception cref="InputException">The file is no SentencePiece BPE model that is done exactly here.</exception>
    public static SentencePieceTokenizer Load(string path) => new(SentencePieceModel.Load(path));

    /// <summary>With what stands beside it in a checkpoint's folder.</summary>
    internal static SentencePieceTokenizer Create(SentencePieceModel model, TokenizerConfig config, string path)
    {
        var own = Own(model, config);
        var parts = config.Complete(own, path);
        // Without the space in front nearly every id is another, so the model's hash alone does not name the tokenizer.
        var named = config.AddsPrefixSpace is false && model.AddsDummyPrefix ? own with { Added = [] } : own;
        return new(model, parts, config.Digest(Convert.FromHexString(model.Sha256), named, parts));
    }

    /// <summary>A tokenizer.json that says what the model does: its ids, named by the model.</summary>
    internal static SentencePieceTokenizer Create(SentencePieceModel model, TokenizerConfig config, JsonTokenizer json) =>
        new(model, json.Parts, config.Digest(Convert.FromHexString(model.Sha256), json.Own, json.Parts));

    /// <summary>What of a tokenizer.json is not as in the model; null if all is.</summary>
    internal static string? Difference(SentencePieceModel model, TokenizerParts json)
    {
        if (json.Merges is not BytePairs pairs || pairs.Ids.Count != model.Pieces.Count
            || model.Pieces.Index().Any(piece => !pairs.Ids.TryGetValue(piece.Item.Text, out var id) || id != piece.Index))
            return "another vocabulary";
        if (json.Added.FirstOrDefault(token => token.Id >= model.Pieces.Count || model.Pieces[token.Id].Text != token.Text) is { } added)
            return $"an added token \"{added.Text}\"";
        if (!SameMerges(model, pairs))
            return "other merges";
        return SpaceIn(json) is { } space && (space.Length > 0) == model.AddsDummyPrefix ? null : "another way with spaces";
    }

    /// <summary>The same pairs; those of a better score come first.</summary>
    private static bool SameMerges(SentencePieceModel model, BytePairs pairs)
    {
        var own = new PieceMerges(model).Pairs.ToDictionary(pair => (pair.Left, pair.Right), pair => pair.Merged);
        var (best, count) = (float.MaxValue, 0);
        foreach (var (left, right, merged) in pairs.Pairs)
        {
            if (!own.TryGetValue((left, right), out var same) || same != merged || model.Pieces[merged].Score > best)
                return false;
            (best, count) = (model.Pieces[merged].Score, count + 1);
        }
        return count == own.Count;
    }

    /// <summary>What is put in front of a text whose spaces become U+2581; null where more than that is done.</summary>
    private static string? SpaceIn(TokenizerParts json) => (json.Normalization.Steps, json.PreTokenization) switch
    {
        _ when json.PreTokenization.Cuts || json.PreTokenization.IsByteLevel => null,
        ([(" ", "\u2581")], { IsPlain: true }) => "",
        ([("\u2581", null), (" ", "\u2581")], { IsPlain: true }) => "\u2581",
        ([], { IsMetaspace: true, Opener: var opener }) => opener?.Text ?? "",
        _ => null,
    };

    private static TokenizerParts AsSentencePiece(TokenizerParts parts) =>
        parts with { SplitsSpecial = true, Added = [.. parts.Added.Where(token => token.IsSpecial)] };

    /// <summary>What transformers makes of a tokenizer.model without a tokenizer.json.</summary>
    private static TokenizerParts Own(SentencePieceModel model, TokenizerConfig config)
    {
        var spaces = model.AddsDummyPrefix && config.AddsPrefixSpace is not false;
        // Version 5 puts no second space before one that is there; version 4 does, unless the files say that it is not of old.
        var (isLegacy, scheme) = config.IsVersion5
            ? (!spaces, config.IsLegacy is true ? "always" : "first") : (config.IsLegacy is not false, "first");
        const string escapes = """{"type":"Replace","pattern":{"String":" "},"content":"\u2581"}""";
        const string joins = """{"type":"Replace","pattern":{"String":"\u2581"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"}""";
        var normalizer = !isLegacy ? null
            : $$"""{"type":"Sequence","normalizers":[{{(spaces ? """{"type":"Prepend","prepend":"\u2581"},""" : "")}}{{escapes}}]}""";
        var metaspace = isLegacy ? null
            : $$"""{"type":"Metaspace","replacement":"\u2581","prepend_scheme":"{{(spaces ? scheme : "never")}}","split":false}""";
        var decoder = $$"""{"type":"Sequence","decoders":[{{joins}}{{(spaces ? """,{"type":"Strip","content":" ","start":1,"stop":0}""" : "")}}]}""";
        return new(
            [.. model.Pieces.Index().Where(piece => piece.Item.Type is PieceType.Control or PieceType.Unknown or PieceType.UserDefined)
                .Select(piece => new AddedToken(piece.Index, piece.Item.Text, piece.Item.Type is not PieceType.UserDefined))],
            Normalization.Read(Part(normalizer)), PreTokenization.Read(Part(metaspace)), new PieceMerges(model),
            TokenDecoding.Read(Part(decoder)));
    }

    private static JsonPart? Part(string? json) => json is null ? null : new(JsonElement.Parse(json), "tokenizer.model");
}
