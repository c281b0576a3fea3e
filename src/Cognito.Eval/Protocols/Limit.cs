using System.Globalization;
using Cognito.Eval.Files;

namespace Cognito.Eval.Protocols;

/// <summary>How many documents of each task to ask: a count, or a fraction of each task's own documents.</summary>
public readonly record struct Limit(double Value)
{
    /// <exception cref="InputException">Not a number above 0.</exception>
    public static Limit Parse(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
        && value > 0 && double.IsFinite(value)
            ? new(value)
            : throw new InputException(
                $"--limit {text}: not a number above 0; give a count of documents (100) or a fraction of each task (0.1)");

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
