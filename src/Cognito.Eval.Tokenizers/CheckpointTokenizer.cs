using Cognito.Eval.Files;
using Cognito.Eval.Tokenizers.Bpe;
using Cognito.Eval.Tokenizers.SentencePiece;

namespace Cognito.Eval.Tokenizers;

/// <summary>A checkpoint's tokenizer, with what its folder says of the end of a text.</summary>
/// <param name="EndId">The end-of-text token; it stands for an empty context.</param>
/// <param name="EndText">The same as text: one more stop string of generated answers.</param>
public sealed record CheckpointTokenizer(VocabularyTokenizer Tokenizer, int EndId, string EndText)
{
    private const string SaveAgain = "save the tokenizer again with transformers, so that both agree";

    public int VocabularySize => Tokenizer.VocabularySize;

    /// <summary>Hex digest of the tokenizer's file; of more where files beside it change its tokens.</summary>
    public string Sha256 => Tokenizer.Sha256;

    /// <summary>Why tokenizer.model is there and not used, and which tokens are text; null if neither is so.</summary>
    public string? Note { get; init; }

    /// <summary>How texts begin. Nothing of it is applied unless a protocol asks for it.</summary>
    public StartOfText Start { get; init; } = StartOfText.None;

    /// <summary>Whose reading of the files it is.</summary>
    public TokenizerRules Rules { get; init; }

    /// <summary>Which of the folder's files it was made from, and why.</summary>
    public string Choice { get; init; } = "";

    /// <summary>Opens the tokenizer of a checkpoint's folder; docs/tokenizers.md says which file is taken for what.</summary>
    /// <exception cref="InputException">There is none, or it is not one that is understood exactly.</exception>
    public static CheckpointTokenizer Open(string folder, TokenizerRules rules = TokenizerRules.Transformers4)
    {
        var (model, json) = (Path.Combine(folder, "tokenizer.model"), Path.Combine(folder, "tokenizer.json"));
        if (!RegularFile.Exists(model) && !RegularFile.Exists(json))
            throw new InputException(
                $"{folder}: neither tokenizer.model nor tokenizer.json; give the folder of a checkpoint as the hub lays it out");
        var config = TokenizerConfigFiles.Read(folder);
        if (rules == TokenizerRules.Transformers5)
            config = config.AsInVersion5(isModelAlone: !RegularFile.Exists(json));
        var opened = !RegularFile.Exists(model) ? From(JsonTokenizer.Load(json, config), config)
            : RegularFile.Exists(json) ? OfBoth(model, json, config)
            : OfModel(SentencePieceModel.Load(model), model, config);
        string[] notes = [.. new[] { opened.Note }.OfType<string>(), .. opened.Unread(config)];
        var choice = !RegularFile.Exists(model) ? "tokenizer.json, as there is no tokenizer.model"
            : !RegularFile.Exists(json) ? "tokenizer.model, as there is no tokenizer.json"
            : opened.Note is null ? "tokenizer.model, as tokenizer.json says the same" : "tokenizer.json, as tokenizer.model does not say the same";
        return opened with { Rules = rules, Choice = choice, Note = notes.Length == 0 ? null : string.Join("; ", notes) };
    }

    /// <summary>What looks like a special token and is text as any other here, once for each reason.</summary>
    private IEnumerable<string> Unread(TokenizerConfig config)
    {
        var added = ((BpeTokenizer)Tokenizer).Parts.Added.Select(token => token.Text).ToHashSet(StringComparer.Ordinal);
        return config.Unread.Where(token => token.Text.Length > 0 && !added.Contains(token.Text)).GroupBy(token => token.Why, token => token.Text)
            .Select(same => $"{same.Key}: \"{same.First()}\" {(same.Skip(1).Any() ? $"and {same.Count() - 1} more are" : "is")} text as any other");
    }

    /// <summary>tokenizer.json's ids, as transformers takes them; where tokenizer.model says the same, its name and hash.</summary>
    private static CheckpointTokenizer OfBoth(string path, string json, TokenizerConfig config)
    {
        SentencePieceModel model;
        try
        {
            model = SentencePieceModel.Load(path);
        }
        catch (InputException flaw)
        {
            return From(JsonTokenizer.Load(json, config), config) with { Note = $"tokenizer.model{flaw.Message.Split("; ")[0][path.Length..]}; tokenizer.json is used" };
        }
        var own = JsonTokenizer.Load(json, config);
        var tokenizer = From(own, config);
        return SentencePieceTokenizer.Difference(model, own.Parts) is { } difference
            ? tokenizer with { Note = $"tokenizer.json: has {difference}, which tokenizer.model has not; tokenizer.json is used" }
            : tokenizer with { Tokenizer = SentencePieceTokenizer.Create(model, config, own) };
    }

    private static CheckpointTokenizer OfModel(SentencePieceModel model, string path, TokenizerConfig config)
    {
        var tokenizer = SentencePieceTokenizer.Create(model, config, path);
        var end = config.EndText ?? (model.EosId is { } own ? model.Pieces[own].Text : throw new InputException(
            $"{path}: has no end-of-text piece; give the tokenizer of a causal language model"));
        var (bos, eos) = (model.BosId is { } first ? model.Pieces[first].Text : null, model.EosId is { } last ? model.Pieces[last].Text : null);
        return new(tokenizer, IdOfEnd(tokenizer, end, config), end) { Start = config.Start.OfModel(tokenizer, bos, eos) };
    }

    private static CheckpointTokenizer From(JsonTokenizer tokenizer, TokenizerConfig config)
    {
        if (config.EndText is not { } end)
            throw new InputException($"{config.Path}: names no eos_token; add the checkpoint's, such as \"eos_token\": \"</s>\"");
        if (config.AddsPrefixSpace is { } space && space != tokenizer.AddsPrefixSpace)
            throw new InputException($"{config.Path}: add_prefix_space is {(space ? "true" : "false")}, but tokenizer.json says "
                + $"otherwise; {SaveAgain}");
        return new(tokenizer, IdOfEnd(tokenizer, end, config), end) { Start = config.Start.OfJson(tokenizer, tokenizer.Own.Around) };
    }

    private static int IdOfEnd(BpeTokenizer tokenizer, string end, TokenizerConfig config) =>
        tokenizer.IdOf(end) ?? throw new InputException(
            $"{config.Path}: eos_token is \"{end}\", which {tokenizer.FileName} does not hold and no other file gives an id; "
            + "name the checkpoint's own, or put the file beside it that holds added tokens");
}
