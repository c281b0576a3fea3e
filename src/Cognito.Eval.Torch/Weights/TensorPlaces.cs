using Cognito.Eval.Files;
using Cognito.Eval.Hub;
using Cognito.Eval.Torch.Architectures;

namespace Cognito.Eval.Torch.Weights;

/// <summary>Where a checkpoint's files hold each tensor that is asked for, and which of their tensors were.</summary>
/// <param name="config">Of the decoder; without it each tensor stands for itself.</param>
internal sealed class TensorPlaces(WeightFiles files, ModelConfig? config = null)
{
    private readonly DecoderTensors? _tensors = config?.Tensors;
    private readonly ILookup<string, TensorForm> _forms = (config?.Forms ?? []).ToLookup(form => form.Asked);
    private readonly HashSet<string> _used = [];
    private (string Name, string Layout)? _first;

    /// <summary>Names of the files' tensors that something was found in.</summary>
    public IReadOnlySet<string> Used => _used;

    /// <summary>The bytes of a tensor, as a tensor of the file, or as rows of one.</summary>
    /// <exception cref="InputException">There is none, or it is not as asked, or it is there twice.</exception>
    public (SafetensorsFile File, TensorEntry Entry) Find(string name, long[] shape)
    {
        List<TensorPlace> found = [.. Places(name, shape).Where(place => files.Has(place.Name))];
        if (found.Count == 0)
            throw Missing(name);
        var place = found[0];
        if (found.Count > 1)
            throw new InputException($"{files.Folder}: {QuotedName.Of(place.Name)} and "
                + $"{QuotedName.Of(found[1].Name)} both hold {QuotedName.Of(name)}; keep the one that is meant");
        if (place.Layout is { } layout && (_first ??= (place.Name, layout)).Layout != layout)
            throw new InputException($"{files.Folder}: {QuotedName.Of(_first.Value.Name)} is of one layout "
                + $"({_first.Value.Layout}) and {QuotedName.Of(place.Name)} of another ({layout}); save the checkpoint in one");
        var (file, entry) = files.FloatingPoint(place.Name, place.Shape);
        _used.Add(place.Name);
        return (file, Within(place, entry));
    }

    /// <summary>A stretch of rows, as if it were a tensor of its own.</summary>
    /// <param name="whole">The stored tensor, of the place's shape.</param>
    private static TensorEntry Within(TensorPlace place, TensorEntry whole)
    {
        if (place.Shape.AsSpan().SequenceEqual(place.Part))
            return whole;
        var rows = place.Shape[..^(place.Part.Length - 1)].Aggregate(1L, (product, size) => product * size);
        return whole with
        {
            Shape = place.Part,
            Offset = whole.Offset + whole.Length / rows * place.FirstRow,
            Length = whole.Length / rows * place.Part[0],
        };
    }

    private IEnumerable<TensorPlace> Places(string name, long[] shape)
    {
        if (_tensors is null)
            return [TensorPlace.Whole(name, shape)];
        List<TensorPlace> forms = [.. _forms[TensorForm.Pattern(name)].Select(form => form.PlaceOf(name, shape, _tensors.Spec))];
        if (forms.Count == 0)
            forms.Add(TensorPlace.Whole(name, shape));
        // transformers also reads what was saved of the model without its head, whose names lack the prefix.
        var prefix = _tensors.Names.Base;
        forms.AddRange([.. from form in forms
                           where form.Name.StartsWith(prefix, StringComparison.Ordinal)
                           from other in (IEnumerable<string>)["", .. _tensors.Names.OtherBases]
                           select form with { Name = other + form.Name[prefix.Length..] }]);
        // Of a tied pair either may have been saved.
        if (_tensors.Head is null && name == _tensors.Embedding.Name && !forms.Any(form => files.Has(form.Name)))
            forms.AddRange(config!.HeadNames.Select(head => TensorPlace.Whole(head, shape)));
        return forms;
    }

    private InputException Missing(string name)
    {
        if (WrapperPrefix.Of(name, files.Tensors.Select(tensor => tensor.Name)) is var (wrapper, example))
            return new($"{files.Folder}: its tensors' names hold {QuotedName.Of(wrapper.Text)} ({wrapper.Origin}), as in "
                + $"{QuotedName.Of(example)}; {wrapper.Fix}");
        var stem = name.EndsWith(".weight", StringComparison.Ordinal) ? name[..^".weight".Length] : name;
        if (((string[])["qweight", "weight_packed", "weight_scale", "qzeros", "SCB"]).Select(kind => $"{stem}.{kind}").FirstOrDefault(files.Has) is { } packed)
            return new($"{files.Folder}: {QuotedName.Of(packed)} holds quantized numbers; use the checkpoint's unquantized weights");
        return files.Indexed(name) is { } shard
            ? new($"{files.Folder}: tensor {QuotedName.Of(name)} is not in {shard}, where {CheckpointFiles.Index} has it; "
                + "take the index and the shards from one checkpoint")
            : files.Lacks(name);
    }
}

/// <summary>What stands in tensors' names where a wrapper around the model was saved in its place.</summary>
/// <param name="Fix">What to do.</param>
internal sealed record WrapperPrefix(string Text, string Origin, string Fix)
{
    private static readonly WrapperPrefix[] Known =
    [
        new("base_model.model.", "PEFT's wrapper", "merge the adapter (merge_and_unload) and save the model itself"),
        new("_orig_mod.", "torch.compile's wrapper", "save the model that was compiled (its _orig_mod)"),
        new("module.", "a wrapper for training on several devices", "save the model within it (its module)"),
        new("_fsdp_wrapped_module.", "FSDP's wrapper", "save the model within it"),
        new("_forward_module.", "a trainer's wrapper", "save the model within it"),
        new("_checkpoint_wrapped_module.", "a wrapper for activation checkpointing", "save the model without it"),
    ];

    /// <summary>What keeps one of the names from being the wanted one, and that name; null where none is near it.</summary>
    public static (WrapperPrefix Wrapper, string Example)? Of(string wanted, IEnumerable<string> names)
    {
        var near = from name in names
                   where name.Length > wanted.Length
                   let known = Known.FirstOrDefault(known => name.Replace(known.Text, "", StringComparison.Ordinal) == wanted)
                   where known is not null || name.EndsWith("." + wanted, StringComparison.Ordinal)
                   orderby name
                   select (known ?? Under(name[..^wanted.Length]), name);
        return near.Cast<(WrapperPrefix, string)?>().FirstOrDefault();
    }

    private static WrapperPrefix Under(string prefix) =>
        Known.FirstOrDefault(known => prefix.StartsWith(known.Text, StringComparison.Ordinal)) is { } known ? known with { Text = prefix }
        : new(prefix, "a model that holds this one", "save the language model by itself");

    /// <summary>The known wrapper that a name tells of.</summary>
    public static WrapperPrefix? In(string name) => Known.FirstOrDefault(known =>
        name.StartsWith(known.Text, StringComparison.Ordinal) || name.Contains("." + known.Text, StringComparison.Ordinal));
}
