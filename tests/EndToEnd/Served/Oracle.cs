using System.Runtime.InteropServices;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tokenizers;
using Cognito.Eval.Torch;
using Cognito.Eval.Torch.Native;
using TorchSharp;

namespace Cognito.Eval.Tests;

/// <summary>A checkpoint's model as an engine has it: log-probabilities after each token, and what it writes greedily.</summary>
internal sealed class Oracle : IDisposable
{
    private const int Remembered = 64;

    private readonly TorchModel _model;
    private readonly Dictionary<string, float[][]> _known = [];

    public Oracle(string folder)
    {
        NativeTorch.Load(null);
        Tokenizer = CheckpointTokenizer.Open(folder);
        _model = TorchModel.Load(folder, torch.CPU, torch.ScalarType.Float32);
    }

    public CheckpointTokenizer Tokenizer { get; }

    public int Vocabulary => _model.VocabularySize;

    public int MaxLength => _model.MaxLength;

    /// <summary>[T, V]: row t is what follows ids[..(t + 1)].</summary>
    public float[][] LogProbs(int[] ids)
    {
        lock (_known)
        {
            var key = string.Join(' ', ids);
            if (_known.TryGetValue(key, out var found))
                return found;
            if (_known.Count >= Remembered)
                _known.Clear();
            using var scope = torch.NewDisposeScope();
            using var mode = torch.inference_mode();
            var values = MemoryMarshal.Cast<byte, float>(
                torch.nn.functional.log_softmax(_model.Decoder.Logits(ids), -1).contiguous().bytes);
            var rows = new float[ids.Length][];
            for (var t = 0; t < ids.Length; t++)
                rows[t] = values.Slice(t * Vocabulary, Vocabulary).ToArray();
            return _known[key] = rows;
        }
    }

    /// <summary>Ids that follow, the one that ends them included.</summary>
    public int[] Continue(int[] ids, int most, IReadOnlyList<int> ends, IReadOnlyList<string> stops)
    {
        lock (_known)
            return _model.Generate([new GenerationBatch([new Prompt(ids, most) { Stop = new Stops(Tokenizer.Tokenizer, ends, stops) }])]).Single().Single().Tokens;
    }

    public string Text(IEnumerable<int> ids) => Tokenizer.Tokenizer.Decode(ids);

    public void Dispose() => _model.Dispose();

    /// <summary>An engine stops where a string stands in all that it has written.</summary>
    private sealed record Stops(VocabularyTokenizer Tokenizer, IReadOnlyList<int> Ends, IReadOnlyList<string> Strings) : StopRule
    {
        public override bool IsDone(IReadOnlyList<int> generated) => generated.Count > 0 && Ends.Contains(generated[^1])
            || Strings.Count > 0 && Tokenizer.Decode(generated) is var text && Strings.Any(text.Contains);
    }
}
