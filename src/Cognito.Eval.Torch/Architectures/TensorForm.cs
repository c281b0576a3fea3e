using System.Globalization;
using System.Text.RegularExpressions;

namespace Cognito.Eval.Torch.Architectures;

/// <summary>
/// A way in which files hold a tensor: under a name of its own, or as rows of a larger one. What is described so must lie
/// together in the file: rows, and a place along dimensions before them, are one stretch of bytes.
/// </summary>
/// <param name="Asked">The decoder's name of the tensor, with * for each number.</param>
/// <param name="Stored">The name in the file; {0}, {1} are the numbers of the decoder's name.</param>
/// <param name="Layout">What a folder must keep to throughout; null where this may be mixed with anything.</param>
internal sealed partial record TensorForm(string Asked, string Stored, string? Layout = null)
{
    /// <summary>Which number of the name is a place along a dimension of its own, before the rows; null for none.</summary>
    public int? Leading { get; init; }

    /// <summary>How long that dimension is.</summary>
    public Func<ModelConfig, long>? Places { get; init; }

    /// <summary>How many rows of the stored tensor come before the asked one's, and how many it has; null where all are.</summary>
    public Func<ModelConfig, (long Before, long All)>? Rows { get; init; }

    /// <summary>A name with * for each number.</summary>
    public static string Pattern(string name) => Number().Replace(name, "*");

    /// <summary>Where a tensor of this name, which is of the pattern, and of this shape would lie.</summary>
    public TensorPlace PlaceOf(string name, long[] shape, ModelConfig config)
    {
        var numbers = Number().Matches(name).Select(match => match.Value).ToArray();
        var (before, all) = Rows?.Invoke(config) ?? (0, shape[0]);
        return new(string.Format(CultureInfo.InvariantCulture, Stored, numbers),
            [.. Leading is null ? [] : (long[])[Places!(config)], all, .. shape[1..]],
            (Leading is { } n ? long.Parse(numbers[n], CultureInfo.InvariantCulture) * all : 0) + before, shape, Layout);
    }

    /// <summary>The forms of an architecture; names that have none stand for themselves.</summary>
    public static IReadOnlyList<TensorForm> ForArchitecture(string architecture) => architecture == ModelConfig.Mixtral ? Mixtral : [];

    private const string Apart = "a tensor for each expert's matrix", Packed = "experts packed into one tensor";

    /// <summary>
    /// Experts one by one, as Mistral published them, and packed, w1 over w3, as transformers 5 keeps and mergekit writes
    /// them. transformers reads either under either name of the block.
    /// </summary>
    private static readonly TensorForm[] Mixtral =
    [
        .. from block in (string[])["block_sparse_moe", "mlp"]
           let asked = "model.layers.*.block_sparse_moe."
           let stored = "model.layers.{0}." + block + "."
           let packed = new TensorForm("", "", Packed) { Leading = 1, Places = config => config.Experts }
           from form in (TensorForm[])
           [
               new(asked + "gate.weight", stored + "gate.weight"),
               .. from matrix in (string[])["w1", "w2", "w3"]
                  select new TensorForm($"{asked}experts.*.{matrix}.weight", stored + $"experts.{{1}}.{matrix}.weight", Apart),
               packed with
               {
                   Asked = asked + "experts.*.w1.weight", Stored = stored + "experts.gate_up_proj",
                   Rows = config => (0, 2L * config.IntermediateSize),
               },
               packed with
               {
                   Asked = asked + "experts.*.w3.weight", Stored = stored + "experts.gate_up_proj",
                   Rows = config => (config.IntermediateSize, 2L * config.IntermediateSize),
               },
               packed with { Asked = asked + "experts.*.w2.weight", Stored = stored + "experts.down_proj" },
           ]
           select form,
    ];

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
