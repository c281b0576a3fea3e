using System.Globalization;
using System.Text;

namespace Cognito.Eval.Tokenizers.Bpe;

/// <summary>How tokens become text again: the <c>decoder</c> of a tokenizer.json, step by step.</summary>
internal sealed class TokenDecoding
{
    /// <summary>Far beyond any real one's; steps that each double a token would fill memory.</summary>
    private const double MostGrowth = 64;

    /// <summary>Each is a pass over the tokens; real ones have a few.</summary>
    private const int MostSteps = 256;

    private readonly List<Func<List<string>, List<string>>> _steps = [];
    private double _growth = 1;

    /// <summary>Without a decoder tokens are joined by a space.</summary>
    public static TokenDecoding Read(JsonPart? part)
    {
        var decoding = new TokenDecoding();
        if (part is { } there)
            decoding.Add(there);
        else
            decoding._steps.Add(tokens => [string.Join(' ', tokens)]);
        return decoding;
    }

    public string Decode(List<string> tokens) => string.Concat(_steps.Aggregate(tokens, (now, step) => step(now)));

    /// <summary>As transformers cleans up what it decodes.</summary>
    public static string WithoutSpaces(string text) => text
        .Replace(" .", ".", StringComparison.Ordinal).Replace(" ?", "?", StringComparison.Ordinal)
        .Replace(" !", "!", StringComparison.Ordinal).Replace(" ,", ",", StringComparison.Ordinal)
        .Replace(" ' ", "'", StringComparison.Ordinal).Replace(" n't", "n't", StringComparison.Ordinal)
        .Replace(" 'm", "'m", StringComparison.Ordinal).Replace(" 's", "'s", StringComparison.Ordinal)
        .Replace(" 've", "'ve", StringComparison.Ordinal).Replace(" 're", "'re", StringComparison.Ordinal);

    private void Add(JsonPart part)
    {
        if (_steps.Count >= MostSteps)
            throw part.Bad($"more than {MostSteps} steps change tokens");
        switch (part.Type)
        {
            case "Sequence":
                foreach (var one in part.Parts("decoders"))
                    Add(one);
                break;
            case "ByteLevel":
                _steps.Add(JoinBytes);
                break;
            case "ByteFallback":
                _steps.Add(JoinByteTokens);
                break;
            case "Fuse":
                _steps.Add(tokens => [string.Concat(tokens)]);
                break;
            case "Replace" when part.Part("pattern")?.Text("String") is { Length: > 0 } old && part.Text("content") is { } other:
                if ((_growth *= Math.Max(1, other.Length / (double)old.Length)) > MostGrowth)
                    throw part.Bad($"its replacements make tokens more than {MostGrowth} times as long");
                var replacement = new LiteralReplacement(old, other);
                _steps.Add(tokens => [.. tokens.Select(replacement.Apply)]);
                break;
            case "Strip" when part.Text("content") is [var mark] && part.Integer("stop", 0) == 0:
                var most = part.Integer("start", 1 << 10);
                _steps.Add(tokens => [.. tokens.Select(token => Strip(token, mark, most))]);
                break;
            case "Metaspace" when part.Text("replacement") is [var escape]:
                var keeps = part.Text("prepend_scheme") == "never" || !part.Flag("add_prefix_space", absent: true);
                _steps.Add(tokens => [.. tokens.Select((token, place) => token.Replace($"{escape}", place == 0 && !keeps ? "" : " "))]);
                break;
            default:
                throw part.Bad($"\"{part.Type}\" is not done exactly here; known are ByteLevel, ByteFallback, Fuse, Replace of a "
                    + "text, Strip in front, Metaspace and Sequence");
        }
    }

    private static List<string> JoinBytes(List<string> tokens)
    {
        var bytes = new List<byte>();
        foreach (var token in tokens)
            ByteCharacters.AppendBytes(token, bytes);
        return [Encoding.UTF8.GetString([.. bytes])];
    }

    /// <summary>Bytes that follow each other are characters if all of them are, else one U+FFFD each.</summary>
    private static List<string> JoinByteTokens(List<string> tokens)
    {
        var (joined, bytes) = (new List<string>(tokens.Count), new List<byte>());
        foreach (var token in tokens)
            if (token is ['<', '0', 'x', _, _, '>']
                && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
                bytes.Add(value);
            else
            {
                Flush();
                joined.Add(token);
            }
        Flush();
        return joined;

        void Flush()
        {
            if (bytes.Count == 0)
                return;
            byte[] run = [.. bytes];
            joined.Add(System.Text.Unicode.Utf8.IsValid(run) ? Encoding.UTF8.GetString(run) : new('\ufffd', run.Length));
            bytes.Clear();
        }
    }

    private static string Strip(string token, char mark, int most)
    {
        var count = 0;
        while (count < Math.Min(most, token.Length) && token[count] == mark)
            count++;
        return token[count..];
    }
}
