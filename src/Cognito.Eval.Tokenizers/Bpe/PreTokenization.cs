using Cognito.Eval.Files;

namespace Cognito.Eval.Tokenizers.Bpe;

/// <summary>Where a line may be cut so that both sides are encoded as they are together.</summary>
internal enum LineCut
{
    Never,

    /// <summary>After a line feed, before what is no white space.</summary>
    AfterLineFeed,

    /// <summary>The same, if the line feed has no white space before it either.</summary>
    AfterLoneLineFeed,
}

/// <summary>What stands in front of a text: nothing is added where it is there already.</summary>
internal sealed record Opener(string Text, bool OnlyFirst);

/// <summary>How a text is cut into what merges apart: the <c>pre_tokenizer</c> of a tokenizer.json.</summary>
internal sealed class PreTokenization
{
    /// <summary>Stands for a space in vocabularies that came from SentencePiece.</summary>
    private const string Escape = "\u2581";

    internal const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
    internal const string Llama3 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    internal const string Qwen2 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>Far beyond any real one's: each costs a table of characters, and every text another pass.</summary>
    private const int MostCuts = 16;

    private readonly List<TextCut> _cuts = [];
    private string? _escape;

    /// <summary>Whether what merges are bytes, not characters.</summary>
    public bool IsByteLevel { get; private set; }

    public Opener? Opener { get; private set; }

    /// <summary>Whether nothing is done to texts.</summary>
    public bool IsPlain => _cuts.Count == 0 && _escape is null && !IsByteLevel;

    /// <summary>Whether spaces are escaped, and that is all but for what stands in front.</summary>
    public bool IsMetaspace => _cuts.Count == 0 && _escape is not null && !IsByteLevel;

    /// <summary>Whether texts are cut at all, but for spaces that begin a word.</summary>
    public bool Cuts => _cuts.Any(cut => cut.Pattern != Escape);

    /// <summary>
    /// Where lines may be cut: known for patterns that are known. Llama 3's and Qwen's take line feeds with the white space
    /// and punctuation before them, never with what follows; GPT-2's leave a line feed before a word to itself.
    /// </summary>
    public LineCut LineCut => _cuts.Select(cut => cut.Pattern).ToArray() switch
    {
        // A space in front of what follows an added token would join with a line feed there.
        _ when !IsByteLevel || Opener is not null || _cuts.Any(cut => cut.Behavior != CutBehavior.Isolated) => LineCut.Never,
        [Llama3] or [Qwen2] => LineCut.AfterLineFeed,
        [Gpt2] or [@"\p{N}", Gpt2] => LineCut.AfterLoneLineFeed,
        _ => LineCut.Never,
    };

    public static PreTokenization Read(JsonPart? part)
    {
        var read = new PreTokenization();
        if (part is { } there)
            read.Add(there);
        return read;
    }

    /// <summary>The text as it is cut, with what stands in front of it.</summary>
    /// <param name="isFirst">Nothing of the whole text is before it.</param>
    /// <param name="isContinued">It goes on from another, so that nothing is put in front of it.</param>
    public string Open(string text, bool isFirst, bool isContinued)
    {
        if (_escape is not null)
            text = text.Replace(" ", _escape, StringComparison.Ordinal);
        return Opener is null || isContinued || (Opener.OnlyFirst && !isFirst)
            || text.StartsWith(Opener.Text, StringComparison.Ordinal) ? text : Opener.Text + text;
    }

    /// <summary>The parts of a text, in order.</summary>
    public List<Range> Split(ReadOnlySpan<char> text)
    {
        var parts = new List<Range>();
        if (!text.IsEmpty)
            parts.Add(0..text.Length);
        foreach (var cut in _cuts)
        {
            var finer = new List<Range>(text.Length / 4 + 4);
            foreach (var part in parts)
                cut.Add(text, part, finer);
            parts = finer;
        }
        return parts;
    }

    private void Add(JsonPart part)
    {
        if (_cuts.Count >= MostCuts)
            throw part.Bad($"more than {MostCuts} steps cut texts");
        if (IsByteLevel)
            throw part.Bad($"\"{part.Type}\" follows ByteLevel, which is not done exactly here");
        switch (part.Type)
        {
            case "Sequence":
                foreach (var one in part.Parts("pretokenizers"))
                    Add(one);
                break;
            case "Split":
                AddSplit(part);
                break;
            case "Digits":
                Add(part, @"\p{N}", part.Flag("individual_digits") ? CutBehavior.Isolated : CutBehavior.Contiguous);
                break;
            case "Punctuation":
                Add(part, @"[!-/:-@\[-`{-~\p{P}]", Behavior(part, part.Text("behavior") ?? "Isolated"));
                break;
            case "ByteLevel":
                IsByteLevel = true;
                Put(part, part.Flag("add_prefix_space", absent: true) ? new(" ", OnlyFirst: false) : null);
                if (part.Flag("use_regex", absent: true))
                    Add(part, Gpt2, CutBehavior.Isolated);
                break;
            case "Metaspace":
                AddMetaspace(part);
                break;
            default:
                throw part.Bad($"\"{part.Type}\" is not done exactly here; known are Split, Digits, Punctuation, ByteLevel, "
                    + "Metaspace and Sequence");
        }
    }

    private void AddSplit(JsonPart part)
    {
        var pattern = part.Part("pattern") ?? throw part.Bad("Split has no pattern");
        var behavior = Behavior(part, part.Text("behavior"));
        if (pattern.Text("String") is { Length: > 0 } literal)
            Add(part, "\"" + literal, behavior, part.Flag("invert"), text => CodePointRegex.FromLiteral(text[1..]));
        else
            Add(part, pattern.Text("Regex") ?? throw part.Bad("Split has no pattern"), behavior, part.Flag("invert"));
    }

    private void AddMetaspace(JsonPart part)
    {
        var scheme = part.Text("prepend_scheme") ?? (part.Flag("add_prefix_space", absent: true) ? "always" : "never");
        if (scheme is not ("always" or "first" or "never") || part.Text("replacement") is not Escape)
            throw part.Bad($"Metaspace with \"{scheme}\" and \"{part.Text("replacement")}\" is not done exactly here");
        if (_cuts.Count > 0 || _escape is not null)
            throw part.Bad("Metaspace follows another pre-tokenizer, which is not done exactly here");
        _escape = Escape;
        Put(part, scheme == "never" ? null : new(Escape, OnlyFirst: scheme == "first"));
        if (part.Flag("split", absent: true))
            _cuts.Add(new(Escape, CodePointRegex.FromLiteral(Escape), CutBehavior.MergedWithNext, Inverts: false));
    }

    private void Put(JsonPart part, Opener? opener)
    {
        if (opener is not null && (_cuts.Count > 0 || Opener is not null))
            throw part.Bad("a space is put in front of every part, which is not done exactly here");
        Opener ??= opener;
    }

    /// <param name="parse">Reads the pattern, if it is no regular expression.</param>
    private void Add(
        JsonPart part, string pattern, CutBehavior behavior, bool inverts = false, Func<string, CodePointRegex>? parse = null)
    {
        try
        {
            _cuts.Add(new(pattern, (parse ?? CodePointRegex.Parse)(pattern), behavior, inverts));
        }
        catch (FormatException e)
        {
            var shown = pattern.Length > 60 ? pattern[..60] + "..." : pattern;
            throw part.Bad($"its pattern {Printable.Line(shown)} holds {e.Message}, which is not done exactly here");
        }
    }

    private static CutBehavior Behavior(JsonPart part, string? name) =>
        Enum.GetNames<CutBehavior>().Contains(name, StringComparer.Ordinal) && Enum.TryParse<CutBehavior>(name, out var behavior)
        ? behavior
        : throw part.Bad($"behavior \"{name}\" is not known");
}
