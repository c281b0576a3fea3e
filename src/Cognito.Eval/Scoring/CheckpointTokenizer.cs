namespace Cognito.Eval;

/// <summary>A checkpoint's tokenizer, with what its folder says of the end of a text.</summary>
/// <param name="EndId">The end-of-text token; it stands for an empty context.</param>
/// <param name="EndText">The same as text: one more stop string of generated answers.</param>
public sealed record CheckpointTokenizer(VocabularyTokenizer Tokenizer, int EndId, string EndText)
{
    public int VocabularySize => Tokenizer.VocabularySize;

    /// <summary>Hex digest of the tokenizer's file.</summary>
    public string Sha256 => Tokenizer.Sha256;

    /// <summary>
    /// Opens the tokenizer of a checkpoint's folder: tokenizer.model, else tokenizer.json, which is also taken where
    /// tokenizer.model lacks the token that tokenizer_config.json ends texts with.
    /// </summary>
    /// <exception cref="InputException">There is none, or it is not one that is understood exactly.</exception>
    public static CheckpointTokenizer Open(string folder)
    {
        var (model, json) = (Path.Combine(folder, "tokenizer.model"), Path.Combine(folder, "tokenizer.json"));
        if (!RegularFile.Exists(model) && !RegularFile.Exists(json))
            throw new InputException(
                $"{folder}: neither tokenizer.model nor tokenizer.json; give the folder of a checkpoint as the hub lays it out");
        var config = TokenizerConfig.Read(folder);
        return RegularFile.Exists(model) ? OfModel(model, json, config) : OfJson(json, config);
    }

    public TokenSpan Encode(LogLikelihood request) =>
        TokenSpan.Encode(Tokenizer, EndId, request.Context, request.Continuation);

    public int[] Encode(GreedyUntil request) => [.. Tokenizer.EncodeToIds(request.Context)];

    private static CheckpointTokenizer OfModel(string path, string json, TokenizerConfig config)
    {
        var tokenizer = SentencePieceTokenizer.Load(path);
        var end = tokenizer.EosId ?? throw new InputException(
            $"{path}: has no end-of-text piece; give the tokenizer of a causal language model");
        var own = tokenizer.Model.Pieces[end].Text;
        if (config.EndText is null || config.EndText == own)
            return new(tokenizer, end, own);
        // Another end token lies outside tokenizer.model: its id would decode to nothing, and stops on it be missed.
        return RegularFile.Exists(json) ? OfJson(json, config) : throw new InputException(
            $"{config.Path}: eos_token is \"{config.EndText}\", but tokenizer.model ends texts with \"{own}\"; "
            + "put the checkpoint's tokenizer.json beside it, which holds added tokens");
    }

    private static CheckpointTokenizer OfJson(string path, TokenizerConfig config)
    {
        var tokenizer = JsonTokenizer.Load(path, config.CleansSpaces);
        if (config.EndText is not { } end)
            throw new InputException($"{config.Path}: names no eos_token; add the checkpoint's, such as \"eos_token\": \"</s>\"");
        if (config.SplitsSpecial)
            throw new InputException($"{config.Path}: split_special_tokens is true, which is not done here; "
                + "set it to false if the checkpoint was trained so");
        if (config.AddsPrefixSpace is { } space && space != tokenizer.AddsPrefixSpace)
            throw new InputException($"{config.Path}: add_prefix_space is {(space ? "true" : "false")}, but tokenizer.json says "
                + "otherwise; save the tokenizer again with transformers, so that both agree");
        foreach (var (id, text) in config.Added)
            if (tokenizer.IdOf(text) != id)
                throw new InputException($"{config.Path}: added token \"{text}\" has id {id}, but not in tokenizer.json; "
                    + "save the tokenizer again with transformers, so that both agree");
        return new(tokenizer, tokenizer.IdOf(end) ?? throw new InputException(
            $"{config.Path}: eos_token is \"{end}\", which tokenizer.json does not hold; the files belong to different checkpoints"), end);
    }
}
