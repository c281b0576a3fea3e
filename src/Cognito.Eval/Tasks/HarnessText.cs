using System.Text;
using Cognito.Eval.Templates;

namespace Cognito.Eval.Tasks;

/// <summary>How the harness measures texts and likelihoods (protocol 11.4).</summary>
internal static class HarnessText
{
    /// <summary>Pieces between runs of white space, empty ones at the ends too: a text of nothing has one.</summary>
    public static int Words(string text)
    {
        var words = 1;
        for (var i = 0; i < text.Length; i++)
            if (PythonText.IsSpace(text[i]) && (i == 0 || !PythonText.IsSpace(text[i - 1])))
                words++;
        return words;
    }

    public static int Bytes(string text) => Encoding.UTF8.GetByteCount(text);
}
