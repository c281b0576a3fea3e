using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>The model that answers.</summary>
public sealed partial class BridgeTests
{
    /// <summary>Letters are tokens, and answers are functions of them: those of the fake model, and numbers by hash.</summary>
    private sealed class TextModel : ITokenModel
    {
        private const int Bos = 1;
        private static readonly Toys.CharTokenizer Tokenizer = new();
        private readonly Dictionary<string, string> _solutions =
            Solutions(Questions.Ask(TaskSet.Leaderboard.Tasks.Single(task => task.Name == "gsm8k"), Mini, LeaderboardV1.Rules));

        public TextModel() => Planned = new(
            new() { Name = "fake", Dtype = "float32", LogProbDtype = "float32", Start = End.Start }, new Planner(Tokenizer, LeaderboardV1.Rules, MaxLength, 1 << 20, End), this);

        private static EndOfText End { get; } = new(0) { Start = new(Bos, "") { Before = [Bos] } };

        public PlannedModel Planned { get; }

        /// <summary>What was scored, in order: tokens, and how many of them.</summary>
        public List<string> Scored { get; } = [];

        public int MaxLength => 1 << 16;
        public int VocabularySize => 1 << 16;

        public IEnumerable<IReadOnlyList<TokenScore>> Score(IReadOnlyList<ScoreBatch> batches, CancellationToken cancel = default) => batches.Select(batch =>
            (IReadOnlyList<TokenScore>)[.. batch.Trees.SelectMany(tree => tree.Continuations.Select(continuation =>
                Score([.. tree.SharedPrefix?.Tokens ?? [], .. tree.Context, .. continuation.Tokens], continuation.Targets)))]);

        private TokenScore Score(int[] input, int[] targets)
        {
            var hash = SHA256.HashData(MemoryMarshal.AsBytes<int>([.. input, -1, .. targets]));
            Scored.Add(Convert.ToHexString(hash));
            return new(-50.0 * (BitConverter.ToUInt32(hash) + 0.5) / (1L << 32), (hash[8] & 1) != 0);
        }

        public IEnumerable<IReadOnlyList<Generated>> Generate(IReadOnlyList<GenerationBatch> batches, CancellationToken cancel = default) => batches.Select(batch =>
            (IReadOnlyList<Generated>)[.. batch.Prompts.Select(prompt => new Generated(Answer(prompt)))]);

        private int[] Answer(Prompt prompt)
        {
            var text = ((Completion)Fake.Answer(new GreedyUntil(Tokenizer.Decode(prompt.Tokens, withSpecial: true), []), ties: false, _solutions)).Text;
            var (script, row) = (Tokenizer.Encode(text), new List<int>());
            do
                row.Add(row.Count < script.Length ? script[row.Count] : 0);
            while (row.Count < prompt.MaxNewTokens && !prompt.Stop.IsDone(row));
            return [.. row];
        }

        public void Dispose()
        {
        }
    }
}
