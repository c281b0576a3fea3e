using Cognito.Eval.Models;
using Cognito.Eval.Planning;

namespace Cognito.Eval.Served;

/// <summary>A server as a model of tokens: a tree's continuations follow each other in one worker, so that its cache has their context.</summary>
/// <param name="atOnce">Most requests in flight.</param>
internal sealed class ServedTokenModel(
    Engine engine, Recognition recognition, ServerAddress address, int maxLength, int vocabulary, IReadOnlyList<int> endIds, int atOnce) : ITokenModel
{
    public int MaxLength => maxLength;

    public int VocabularySize => vocabulary;

    public bool AnswersInAnyOrder => true;

    /// <summary>Whether each request is made alone, and the server computes all of it: what rounding is measured against.</summary>
    public bool IsAlone { get; set; }

    public IEnumerable<(int Batch, IReadOnlyList<TokenScore> Scores)> ScoreAsTheyCome(IReadOnlyList<ScoreBatch> batches, CancellationToken cancel) =>
        Run<IReadOnlyList<TokenScore>>(batches.Count, async (place, asking, ending) =>
        {
            var scores = new List<TokenScore>();
            foreach (var tree in batches[place].Trees)
                scores.AddRange(await ScoreAsync(tree, asking, ending));
            return scores;
        }, cancel);

    public IEnumerable<(int Batch, IReadOnlyList<Generated> Rows)> GenerateAsTheyCome(IReadOnlyList<GenerationBatch> batches, CancellationToken cancel) =>
        Run<IReadOnlyList<Generated>>(batches.Count, async (place, asking, ending) =>
        {
            var rows = new List<Generated>();
            foreach (var prompt in batches[place].Prompts)
                rows.Add(await GenerateAsync(prompt, asking, ending));
            return rows;
        }, cancel);

    public IEnumerable<IReadOnlyList<TokenScore>> Score(IReadOnlyList<ScoreBatch> batches, CancellationToken cancel = default) =>
        ScoreAsTheyCome(batches, cancel).OrderBy(it => it.Batch).Select(it => it.Scores);

    public IEnumerable<IReadOnlyList<Generated>> Generate(IReadOnlyList<GenerationBatch> batches, CancellationToken cancel = default) =>
        GenerateAsTheyCome(batches, cancel).OrderBy(it => it.Batch).Select(it => it.Rows);

    public void Dispose()
    {
    }

    private IEnumerable<(int, T)> Run<T>(int count, Func<int, Asking, CancellationToken, Task<T>> ask, CancellationToken cancel) =>
        InFlight.Run(count, IsAlone ? 1 : Math.Min(atOnce, engine.MostAtOnce), async (place, worker, ending) =>
        {
            try
            {
                return await ask(place, new(worker, IsAlone), ending);
            }
            catch (CheckFailedException e)
            {
                throw new ServedException($"{address}: a request has failed: {e.Fact}; {engine.FixOf(e.Check)}", e);
            }
        }, recognition.Confirm, cancel);

    private async Task<TokenScore[]> ScoreAsync(PrefixTree tree, Asking asking, CancellationToken cancel)
    {
        int[] context = [.. tree.SharedPrefix?.Tokens ?? [], .. tree.Context];
        // What is measured alone goes the other way, so that the run's rounding is that of both.
        if (!IsAlone && engine.ChoiceRecipe is not null && tree.Continuations.All(one => one is { Tokens.Length: 0, Targets.Length: 1 }))
            return [.. (await engine.ChooseAsync(context, [.. tree.Continuations.Select(one => one.Targets[0])], asking, cancel)).Select(target => Summed(target))];
        var scores = new TokenScore[tree.Continuations.Count];
        foreach (var (i, one) in tree.Continuations.Index())
        {
            // The input is all tokens but the last; its last positions predict the targets, which stand in it but for that one.
            int[] ids = [.. context, .. one.Tokens, one.Targets[^1]];
            var from = ids.Length - one.Targets.Length;
            scores[i] = Summed(await engine.ScoreAsync(ids, from, asking, cancel));
        }
        return scores;

        static TokenScore Summed(params TargetScore[] targets) =>
            new(targets.Sum(target => target.LogProbability), targets.All(target => target.IsGreedy));
    }

    private async Task<Generated> GenerateAsync(Prompt prompt, Asking asking, CancellationToken cancel)
    {
        var (written, notFiniteAt) = (new List<int>(), (int?)null);
        // The server may stop at them once; whether the answer has ended is decided here.
        var stops = prompt.Stop.Texts;
        while (written.Count < prompt.MaxNewTokens)
        {
            var most = Math.Min(engine.PieceTokens, prompt.MaxNewTokens - written.Count);
            var piece = await engine.ContinueAsync([.. prompt.Tokens, .. written], most, stops, endIds, asking, cancel);
            if (piece.Ids.Length > most || piece.Ids.Any(id => id >= vocabulary))
                throw new CheckFailedException(Checks.Generation, $"at most {most} ids below {vocabulary} were asked for, and others came");
            notFiniteAt ??= written.Count + piece.NotFiniteAt;
            // An end that the server keeps to itself.
            foreach (var id in piece.Ids.Length > 0 ? piece.Ids : endIds.Take(1))
            {
                written.Add(id);
                if (prompt.Stop.IsDone(written))
                    return Ended();
            }
            if (piece.Ids.Length == 0)
                return Ended();
            stops = [];
        }
        return Ended();

        Generated Ended() => new([.. written], notFiniteAt < written.Count ? notFiniteAt : null);
    }
}
