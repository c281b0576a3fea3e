using System.Text;

namespace Cognito.Eval.Tokenizers.Bpe;

/// <summary>How a text is brought into the vocabulary's form: the <c>normalizer</c> of a tokenizer.json.</summary>
internal sealed class Normalization
{
    /// <summary>Far beyond any real one's; steps that each double a text would fill memory.</summary>
    private const double MostGrowth = 64;

    /// <summary>Each is a pass over the text; real ones have 40 at most, and one character in front.</summary>
    private const int MostSteps = 256, MostPrepended = 64;

    private readonly List<Func<string, bool, string>> _steps = [];
    private double _growth = 1;

    /// <summary>Whether something is put in front of texts.</summary>
    public bool Prepends { get; private set; }

    /// <summary>Whether parts of a text that a line feed divides come out as they do together.</summary>
    public bool KeepsLines { get; private set; } = true;

    /// <summary>What is done: a text that is put in front, or one that takes another's place; neither where it is a form.</summary>
    public List<(string? Text, string? Other)> Steps { get; } = [];

    public static Normalization Read(JsonPart? part)
    {
        var normalization = new Normalization();
        if (part is { } there)
            normalization.Add(there);
        return normalization;
    }

    /// <param name="isContinued">The text goes on from another, so that nothing is put in front of it.</param>
    public string Apply(string text, bool isContinued)
    {
        foreach (var step in _steps)
            text = step(text, isContinued);
        return text;
    }

    private void Add(JsonPart part)
    {
        if (_steps.Count >= MostSteps)
            throw part.Bad($"more than {MostSteps} steps change texts");
        switch (part.Type)
        {
            case "Sequence":
                foreach (var one in part.Parts("normalizers"))
                    Add(one);
                break;
            case "NFC" or "NFD" or "NFKC" or "NFKD":
                // Where globalization is invariant .NET composes nothing, in silence.
                if ("e\u0301".Normalize(NormalizationForm.FormC) != "\u00e9")
                    throw part.Bad("texts are to be composed, which this machine's .NET does not do",
                        "install libicu and unset DOTNET_SYSTEM_GLOBALIZATION_INVARIANT");
                var form = Enum.Parse<NormalizationForm>($"Form{part.Type[2..]}");
                // The others may put white space where a line began with none.
                KeepsLines &= form == NormalizationForm.FormC;
                Steps.Add((null, null));
                _steps.Add((text, _) => Composed(text, form));
                break;
            case "Prepend" when part.Text("prepend") is { Length: > MostPrepended }:
                throw part.Bad($"more than {MostPrepended} characters are put in front of texts");
            case "Prepend" when part.Text("prepend") is { Length: > 0 } prefix:
                Prepends = true;
                Steps.Add((prefix, null));
                _steps.Add((text, isContinued) => isContinued || text.Length == 0 ? text : prefix + text);
                break;
            case "Replace" when part.Part("pattern")?.Text("String") is { Length: > 0 } old && part.Text("content") is { } other:
                if ((_growth *= Math.Max(1, other.Length / (double)old.Length)) > MostGrowth)
                    throw part.Bad($"its replacements make texts more than {MostGrowth} times as long");
                Steps.Add((old, other));
                KeepsLines &= old == " " && !other.Any(char.IsWhiteSpace);
                var replacement = new LiteralReplacement(old, other);
                _steps.Add((text, _) => replacement.Apply(text));
                break;
            default:
                throw part.Bad($"\"{part.Type}\" is not done exactly here; known are NFC, NFD, NFKC, NFKD, Prepend, Replace of a text and Sequence");
        }
    }

    // U+FFFE is no character, and .NET refuses it. Nothing composes with it or moves across it.
    private static string Composed(string text, NormalizationForm form) => text.Contains('\ufffe')
        ? string.Join('\ufffe', text.Split('\ufffe').Select(part => part.Normalize(form)))
        : text.Normalize(form);
}
