using System.Globalization;
using System.Text.RegularExpressions;

namespace Cognito.Eval.Torch.Architectures;

/// <summary>
/// A way in which files hold a tensor: under a name of its own, or as rows of a larger one. What is described so must lie
/// together in the file: rows, and a place along dimensions before them, are one stretch of bytes.
/// </summary>
/// <param name="Asked">The decoder's name of the tensor, with * for each number, of which the layer's is the first.</param>
/// <param name="Stored">The name in the file; {0}, {1} are the numbers of the decoder's name.</param>
/// <param name="Layout">What a folder must keep to throughout; null where this may be mixed with anything.</param>
internal sealed partial record TensorForm(string Asked, string Stored, string? Layout = null)
{
    /// <summary>Which number of the name is a place along a dimension of its own, before the rows; null for none.</summary>
    public int? Leading { get; init; }

    /// <summary>How long that dimension is, in a layer.</summary>
    public Func<LayerSpec, long>? Places { get; init; }

    /// <summary>How many rows of the stored tensor come before the asked one's, and how many it has; null where all are.</summary>
    public Func<LayerSpec, (long Before, long All)>? Rows { get; init; }

    /// <summary>A name with * for each number.</summary>
    public static string Pattern(string name) => Number().Replace(name, "*");

    /// <summary>Where a tensor of this name, which is of the pattern, and of this shape would lie.</summary>
    public TensorPlace PlaceOf(string name, long[] shape, DecoderSpec spec)
    {
        var numbers = Number().Matches(name).Select(match => match.Value).ToArray();
        long At(int n) => long.Parse(numbers[n], CultureInfo.InvariantCulture);
        LayerSpec Layer() => spec.Layers[(int)At(0)];
        var (before, all) = Rows?.Invoke(Layer()) ?? (0, shape[0]);
        return new(string.Format(CultureInfo.InvariantCulture, Stored, numbers),
            [.. Leading is null ? [] : (long[])[Places!(Layer())], all, .. shape[1..]],
            (Leading is { } n ? At(n) * all : 0) + before, shape, Layout);
    }

    /// <summary>
    /// The experts of a block one by one, {stored}e.gate.weight, and packed, {stored}gate_up_proj with gate over up and
    /// {stored}down_proj.
    /// </summary>
    /// <param name="asked">The decoder's names up to the matrices', with * for layer and expert.</param>
    /// <param name="stored">The names in the file up to the experts' numbers, with {0} for the layer.</param>
    public static IEnumerable<TensorForm> Experts(string asked, string stored, string gate, string up, string down)
    {
        var packed = new TensorForm("", stored + "gate_up_proj", "experts packed into one tensor")
        {
            Leading = 1,
            Places = layer => layer.FeedForward.Experts,
        };
        return
        [
            .. from matrix in (string[])[gate, up, down]
               select new TensorForm(
                   $"{asked}{matrix}.weight", $"{stored}{{1}}.{matrix}.weight", "a tensor for each expert's matrix"),
            packed with { Asked = $"{asked}{gate}.weight", Rows = layer => (0, 2L * layer.FeedForward.IntermediateSize) },
            packed with
            {
                Asked = $"{asked}{up}.weight",
                Rows = layer => (layer.FeedForward.IntermediateSize, 2L * layer.FeedForward.IntermediateSize),
            },
            packed with { Asked = $"{asked}{down}.weight", Stored = stored + "down_proj" },
        ];
    }

    [GeneratedRegex(@"(?<=\.)\d+(?=\.)", RegexOptions.CultureInvariant)]
    private static partial Regex Number();
}

/// <summary>A stretch of a stored tensor's rows.</summary>
/// <param name="Shape">Of the stored tensor.</param>
/// <param name="FirstRow">Counted over all dimensions before the rows' own.</param>
/// <param name="Part">The shape of the stretch.</param>
internal sealed record TensorPlace(string Name, long[] Shape, long FirstRow, long[] Part, string? Layout)
{
    public static TensorPlace Whole(string name, long[] shape) => new(name, shape, 0, shape, null);
}
