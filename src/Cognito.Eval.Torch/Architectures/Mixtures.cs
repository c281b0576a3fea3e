namespace Cognito.Eval.Torch.Architectures;

/// <summary>What configs of mixtures say alike.</summary>
internal static class Mixtures
{
    /// <summary>num_experts and num_local_experts, which transformers takes for one key, and num_experts_per_tok.</summary>
    public static MixtureSpec Read(ConfigFile file, int experts, int expertsPerToken)
    {
        var (local, other) = (file.Int("num_local_experts", 1, 1024, 0), file.Int("num_experts", 1, 1024, 0));
        if (local != 0 && other != 0 && local != other)
            throw file.Bad("num_experts", $"is {other}, and num_local_experts is {local}", "set both to the number of experts");
        var all = local != 0 ? local : other != 0 ? other : experts;
        var chosen = file.Int("num_experts_per_tok", 1, 1024, expertsPerToken);
        var key = local == 0 && other != 0 ? "num_experts" : "num_local_experts";
        return chosen <= all ? new(all, chosen)
            : throw file.Bad("num_experts_per_tok", $"is {chosen}, more than the {all} of {key}");
    }

    /// <summary>The keys that say which layers have a mixture, as Qwen's classes read them.</summary>
    public static readonly string[] LayerKeys = ["mlp_only_layers", "decoder_sparse_step"];

    /// <summary>Every decoder_sparse_step-th layer has one, but for those of mlp_only_layers.</summary>
    public static Func<int, bool> Layers(ConfigFile file)
    {
        var dense = file.Ints("mlp_only_layers", 0, int.MaxValue);
        var step = file.Int("decoder_sparse_step", 1, int.MaxValue, 1);
        return layer => (layer + 1) % step == 0 && !dense.Contains(layer);
    }

    /// <summary>
    /// Experts one by one, mlp.experts.N, and packed, gate over up, as transformers 5 keeps and mergekit writes them.
    /// </summary>
    public static IReadOnlyList<TensorForm> Forms { get; } = [.. TensorForm.Experts(
        "model.layers.*.mlp.experts.*.", "model.layers.{0}.mlp.experts.", gate: "gate_proj", up: "up_proj", down: "down_proj")];
}
