namespace Cognito.Eval;

/// <summary>
/// The harness on one page. Rows become documents, documents become requests (<see cref="Questions.Ask"/>), requests
/// become tokens, a plan and replies (<see cref="Scorer"/>), replies become scores (<see cref="Grading"/>), scores
/// become estimates and columns (<see cref="Tally"/>).
/// </summary>
public static class Evaluation
{
    /// <summary>Answers and grades all that is asked: log-likelihoods of all tasks first, then generation.</summary>
    public static IReadOnlyList<GradedTask> Answer(
        IReadOnlyList<Questions> questions, Scorer scorer, CancellationToken cancel,
        IDictionary<string, StageRecord>? stages = null)
    {
        var graded = new List<GradedTask>();
        Questions[] scored = [.. questions.Where(asked => asked.Requests.First() is LogLikelihood)];
        if (scored.Length > 0)
        {
            var answers = scorer.LogLikelihoods(
                [.. scored.SelectMany(asked => asked.Docs).Select(Requests<LogLikelihood>)],
                [.. scored.SelectMany(asked => asked.Docs.Select(_ => asked.Task.Name))], cancel);
            Note(stages, "log-likelihoods", answers);
            var at = 0;
            foreach (var asked in scored)
                graded.Add(Grade(asked, answers, ref at));
        }
        foreach (var asked in questions.Except(scored))
        {
            var answers = scorer.Generate(
                asked.Task.Name, [.. asked.Docs.SelectMany(Requests<GreedyUntil>)], cancel);
            Note(stages, "generation", answers);
            var at = 0;
            graded.Add(Grade(asked, answers, ref at));
        }
        return graded;
    }

    private static IReadOnlyList<T> Requests<T>(AskedDoc doc) where T : Request => [.. doc.Requests.Cast<T>()];

    private static GradedTask Grade(Questions asked, ScoredRequests answers, ref int at)
    {
        var docs = new List<GradedDoc>(asked.Docs.Count);
        foreach (var doc in asked.Docs)
        {
            Reply[] replies = [.. Enumerable.Range(at, doc.Requests.Count).Select(i => answers.Replies[i])];
            var truncated = Enumerable.Range(at, doc.Requests.Count).Count(i => answers.Truncated[i]);
            docs.Add(new(doc, replies, truncated, Grading.Grade(asked.Task, doc.Doc, replies)));
            at += doc.Requests.Count;
        }
        return new(asked, docs, answers.Seconds.GetValueOrDefault(asked.Task.Name));
    }

    private static void Note(IDictionary<string, StageRecord>? stages, string stage, ScoredRequests answers)
    {
        if (stages is null)
            return;
        var before = stages.TryGetValue(stage, out var known) ? known : new(0, 0, 0, 0);
        stages[stage] = new(
            before.Requests + answers.Replies.Count, before.Distinct + answers.Distinct,
            before.ForwardTokens + answers.ForwardTokens, before.Seconds + answers.Seconds.Values.Sum());
    }
}

/// <summary>A document with its replies and scores.</summary>
/// <param name="Truncated">How many of its requests lost tokens.</param>
public sealed record GradedDoc(AskedDoc Asked, IReadOnlyList<Reply> Replies, int Truncated, DocScores Scores);

/// <summary>A task, answered and graded; documents in evaluation order.</summary>
/// <param name="Seconds">Wall time.</param>
public sealed record GradedTask(Questions Questions, IReadOnlyList<GradedDoc> Docs, double Seconds);
