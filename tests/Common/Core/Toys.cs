using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tokenizers;
using Microsoft.ML.Tokenizers;

namespace Cognito.Eval.Tests;

/// <summary>Toy tokenizers and models of the reference answers in model_side.json.</summary>
internal static partial class Toys
{
    /// <summary>A tokenizer from two functions.</summary>
    internal abstract class FunctionTokenizer : VocabularyTokenizer
    {
        protected abstract int[] Ids(string text);
        protected abstract string TextOf(IEnumerable<int> ids);

        public override int VocabularySize => 128;
        public override string Sha256 => "";
        public override string FileName => "";

        public override int[] Encode(ReadOnlySpan<char> text) => Ids(text.ToString());

        public override string Decode(IEnumerable<int> ids, bool withSpecial) => TextOf(ids);

        public override string Spelled(int id) => "";

        protected internal override (string Normalized, List<PlacedToken> Tokens) Place(ReadOnlySpan<char> text, bool normalizes) =>
            throw new NotSupportedException();

        public override OperationStatus Decode(
            IEnumerable<int> ids, Span<char> destination, out int idsConsumed, out int charsWritten) =>
            throw new NotSupportedException();

        protected override EncodeResults<EncodedToken> EncodeToTokens(
            string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings) => new()
            {
                Tokens = [.. Ids(text ?? textSpan.ToString()).Select(id => new EncodedToken(id, "", default))],
            };
    }

    /// <summary>id = ASCII code; 0 is "&lt;/s&gt;".</summary>
    internal sealed class CharTokenizer : FunctionTokenizer
    {
        protected override int[] Ids(string text) =>
            [.. text.Split("</s>").SelectMany((part, i) => (i > 0 ? "\0" + part : part).Select(c => (int)c))];

        protected override string TextOf(IEnumerable<int> ids) =>
            string.Concat(ids.Select(id => id == 0 ? "" : ((char)id).ToString()));
    }

    /// <summary>Words hashed to ids below 100; 100 is the end of text.</summary>
    internal sealed partial class HashTokenizer : FunctionTokenizer
    {
        public const int EndOfText = 100;

        protected override int[] Ids(string text) =>
            [.. Word().Matches(text).Select(m => (int)(BitConverter.ToUInt32(
                [.. SHA256.HashData(Encoding.UTF8.GetBytes(m.Value)).Take(4).Reverse()]) % 100))];

        protected override string TextOf(IEnumerable<int> ids) => throw new NotSupportedException();

        [GeneratedRegex(" ?[A-Za-z0-9]+|[^A-Za-z0-9]", RegexOptions.Singleline)]
        private static partial Regex Word();
    }

    /// <summary>Logits that depend on the last three tokens; executes trees by walking each continuation alone.</summary>
    internal sealed class HashModel(int maxLength) : ITokenModel
    {
        public int MaxLength => maxLength;
        public int VocabularySize => 101;

        public IEnumerable<IReadOnlyList<TokenScore>> Score(IReadOnlyList<ScoreBatch> batches, CancellationToken cancel = default) => batches.Select(batch =>
            (IReadOnlyList<TokenScore>)[.. batch.Trees.SelectMany(tree => tree.Continuations.Select(continuation => Score(
                [.. tree.SharedPrefix?.Tokens ?? [], .. tree.Context, .. continuation.Tokens], continuation.Targets)))]);

        public static TokenScore Score(int[] input, int[] targets)
        {
            var (sum, greedy) = (0.0, true);
            for (var t = 0; t < targets.Length; t++)
            {
                var logits = Logits(input.AsSpan(0, input.Length - targets.Length + t + 1));
                var max = logits.Max();
                sum += logits[targets[t]] - max - Math.Log(logits.Sum(x => Math.Exp(x - max)));
                greedy &= Array.IndexOf(logits, max) == targets[t];
            }
            return new(sum, greedy);
        }

        private static double[] Logits(ReadOnlySpan<int> tokens)
        {
            long a = tokens[^1], b = tokens.Length > 1 ? tokens[^2] : 0, c = tokens.Length > 2 ? tokens[^3] : 0;
            var h = (a * 31 + b * 17 + c * 7 + 3) % 1009;
            return [.. Enumerable.Range(0, 101).Select(v => h * (v + 1) * (v + 3) % 997 / 64.0)];
        }

        public IEnumerable<IReadOnlyList<Generated>> Generate(IReadOnlyList<GenerationBatch> batches, CancellationToken cancel = default) =>
            throw new NotSupportedException();

        public void Dispose() { }
    }

    /// <summary>Emits the script that the prompt's ids add up to, then ends of text for ever.</summary>
    internal sealed class ScriptModel(int maxLength, IReadOnlyList<string> scripts) : ITokenModel
    {
        public int MaxLength => maxLength;
        public int VocabularySize => 128;
        public IEnumerable<IReadOnlyList<TokenScore>> Score(IReadOnlyList<ScoreBatch> batches, CancellationToken cancel = default) =>
            throw new NotSupportedException();

        public IEnumerable<IReadOnlyList<Generated>> Generate(IReadOnlyList<GenerationBatch> batches, CancellationToken cancel = default) => batches.Select(batch =>
            (IReadOnlyList<Generated>)[.. batch.Prompts.Select(prompt => new Generated(Row(prompt)))]);

        private int[] Row(Prompt prompt)
        {
            int[] script = [.. new CharTokenizer().EncodeToIds(scripts[prompt.Tokens.Sum() % scripts.Count])];
            var row = new List<int>();
            do
                row.Add(row.Count < script.Length ? script[row.Count] : 0);
            while (row.Count < prompt.MaxNewTokens && !prompt.Stop.IsDone(row));
            return [.. row];
        }

        public void Dispose() { }
    }
}
