using System.Security.Cryptography;
using System.Text;
using Cognito.Eval.Files;

namespace Cognito.Eval.Tokenizers.Bpe;

/// <summary>An added token with the file that says so.</summary>
/// <param name="Yields">A tokenizer.json that holds the token says more of it.</param>
internal sealed record FiledToken(AddedToken Token, string File, bool Yields);

/// <summary>What stands beside a vocabulary and bears on it: docs/tokenizers.md says which file comes before which.</summary>
/// <param name="Path">tokenizer_config.json.</param>
/// <param name="EndText">The text of the end-of-text token.</param>
/// <param name="CleansSpaces">Decoded text loses spaces before punctuation.</param>
/// <param name="AddsPrefixSpace">Whether a space is put in front of texts; null if it is not told.</param>
/// <param name="IsLegacy">Whether that is done after each added token too; null if it is not told.</param>
/// <param name="SplitsSpecial">The texts of special tokens are text as any other.</param>
/// <param name="Added">Tokens that a file gives an id.</param>
/// <param name="Special">Tokens with a role, such as unk_token. One that has no id yet gets the next.</param>
internal sealed record TokenizerConfig(
    string Path, string? EndText, bool CleansSpaces, bool? AddsPrefixSpace, bool? IsLegacy, bool SplitsSpecial,
    IReadOnlyList<FiledToken> Added, IReadOnlyList<AddedToken> Special)
{
    /// <summary>Where nothing stands beside a vocabulary.</summary>
    public static TokenizerConfig None { get; } = new("tokenizer_config.json", null, false, null, null, false, [], []);

    /// <summary>The texts of those of <see cref="Special"/> that have a role, which makes them special whatever a file says.</summary>
    public IReadOnlySet<string> RoleTexts { get; init; } = new HashSet<string>();

    /// <summary>Texts that look like special tokens and are none, unless another file adds them.</summary>
    public IReadOnlyList<UnreadToken> Unread { get; init; } = [];

    /// <summary>What is put around a text where it is asked for.</summary>
    public StartRules Start { get; init; } = StartRules.None;

    /// <summary>The same as transformers 5 reads it; see docs/tokenizers.md.</summary>
    /// <param name="isModelAlone">Whether there is a tokenizer.model and no tokenizer.json.</param>
    public TokenizerConfig AsInVersion5(bool isModelAlone) => this with
    {
        IsVersion5 = true,
        CleansSpaces = CleansSpaces && ForcesCleaning,
        AddsPrefixSpace = isModelAlone && Start.Class is (TokenizerClass.Backend or TokenizerClass.Gemma) ? false : AddsPrefixSpace,
    };

    /// <summary>Whether transformers 5 reads it, not 4.</summary>
    public bool IsVersion5 { get; init; }

    /// <summary>Version 5 loses spaces before punctuation only where this is told too.</summary>
    public bool ForcesCleaning { get; init; }

    /// <summary>A tokenizer's own parts with what stands beside it, as transformers completes them.</summary>
    /// <param name="file">Where the parts came from.</param>
    public TokenizerParts Complete(TokenizerParts own, string file)
    {
        var (added, ids) = (own.Added.ToList(), new Dictionary<string, int>(own.Merges.Ids, StringComparer.Ordinal));
        foreach (var token in added)
            ids[token.Text] = token.Id;
        var places = new Dictionary<string, int>(StringComparer.Ordinal); // the first of equal texts counts
        foreach (var (place, token) in added.Index())
            places.TryAdd(token.Text, place);
        var asFiled = added.Select(token => (token.Text, token.Id)).ToHashSet();
        // In version 5 a list makes no token special that a file calls not special; version 4 asks for the text alone.
        var special = IsVersion5 ? RoleTexts : Special.Select(token => token.Text).ToHashSet(StringComparer.Ordinal);
        var isJson = System.IO.Path.GetExtension(file) == ".json";
        var next = Math.Max(own.Merges.Ids.Count, added.Select(token => token.Id + 1).DefaultIfEmpty().Max());
        foreach (var (token, source, yields) in Added)
        {
            if (yields && isJson && asFiled.Contains((token.Text, token.Id)))
                continue;
            var due = ids.TryGetValue(token.Text, out var known) ? known : next;
            if (due != token.Id)
                throw new InputException($"{source}: added token \"{token.Text}\" has id {token.Id}, but {System.IO.Path.GetFileName(file)} "
                    + $"{(ids.ContainsKey(token.Text) ? "has it as" : "goes on with")} {due}; "
                    + "save the tokenizer again with transformers, so that both agree");
            Put(token);
        }
        // An end of text past the vocabulary would have no row in the model; who needs its id finds that there is none.
        foreach (var token in Special.Where(token => !places.ContainsKey(token.Text))
            .Where(token => token.Text != EndText || ids.ContainsKey(token.Text)))
            Put(token with { Id = ids.TryGetValue(token.Text, out var known) ? known : next });
        foreach (var (place, token) in added.Index().ToList())
            if (!token.IsSpecial && special.Contains(token.Text))
                added[place] = token with { IsSpecial = true };
        if (added.Sum(token => (long)token.Text.Length) > AddedToken.MostCharacters)
            throw new InputException($"{file}: its added tokens, with those of the files beside it, have more than "
                + $"{AddedToken.MostCharacters:N0} characters; use a checkpoint whose added tokens are a usual tokenizer's");
        return own with { Added = added, SplitsSpecial = SplitsSpecial, CleansSpaces = CleansSpaces };

        void Put(AddedToken token)
        {
            ids[token.Text] = token.Id;
            next = Math.Max(next, token.Id + 1);
            var isSpecial = token.IsSpecial || special.Contains(token.Text);
            if (places.TryGetValue(token.Text, out var place))
            {
                // What a vocabulary's own file says in the same words is not added again.
                if (added[place] == token)
                    return;
                asFiled.Remove((token.Text, added[place].Id));
                // What was special once stays so in the tokenizers library.
                added[place] = token with { IsSpecial = isSpecial || added[place].IsSpecial };
            }
            else
            {
                places.Add(token.Text, added.Count);
                added.Add(token with { IsSpecial = isSpecial });
            }
            asFiled.Add((token.Text, token.Id));
        }
    }

    /// <summary>The hash of a vocabulary's file; of that and of what stands beside it, where that changes tokens.</summary>
    public string Digest(byte[] file, TokenizerParts own, TokenizerParts complete)
    {
        AddedToken[] filed = [.. complete.Added.Where(token => !token.IsRoleOnly)];
        if (complete.SplitsSpecial == own.SplitsSpecial && own.Added.SequenceEqual(filed))
            return Convert.ToHexStringLower(file);
        var beside = string.Concat(filed.Select(token => $"{token}\n")) + complete.SplitsSpecial;
        return Convert.ToHexStringLower(SHA256.HashData([.. file, .. Encoding.UTF8.GetBytes(beside)]));
    }
}
