namespace Cognito.Eval;

/// <summary>
/// The harness on one page. Rows become documents, documents become requests (<see cref="Questions.Ask"/>), requests
/// become tokens and a plan (<see cref="Planner"/>), the plan is answered (<see cref="Scorer"/>), replies become scores
/// (<see cref="Grading"/>), scores become estimates and columns (<see cref="Tally"/>).
/// </summary>
public static class Evaluation
{
    /// <summary>Answers and grades all that is asked: log-likelihoods of all tasks first, then generation.</summary>
    public static IReadOnlyList<GradedTask> Answer(
        IReadOnlyList<Questions> questions, Scorer scorer, CancellationToken cancel,
        IDictionary<string, StageRecord>? stages = null) =>
        Answer(new PreparedQuestions(questions, scorer.Planner), scorer, cancel, stages);

    public static IReadOnlyList<GradedTask> Answer(
        PreparedQuestions questions, Scorer scorer, CancellationToken cancel,
        IDictionary<string, StageRecord>? stages = null)
    {
        var graded = new List<GradedTask>();
        if (questions.Scored.Count > 0)
        {
            var answers = scorer.LogLikelihoods(questions.LogLikelihoods.GetAwaiter().GetResult(), cancel);
            Note(stages, "log-likelihoods", answers);
            var at = 0;
            foreach (var asked in questions.Scored)
                graded.Add(Grade(asked, answers, ref at));
        }
        foreach (var (asked, plan) in questions.Generated)
        {
            var answers = scorer.Generate(plan.GetAwaiter().GetResult(), cancel);
            Note(stages, "generation", answers);
            var at = 0;
            graded.Add(Grade(asked, answers, ref at));
        }
        return graded;
    }

    private static GradedTask Grade(Questions asked, ScoredRequests answers, ref int at)
    {
        var docs = new List<GradedDoc>(asked.Docs.Count);
        foreach (var doc in asked.Docs)
        {
            Reply[] replies = [.. Enumerable.Range(at, doc.Requests.Count).Select(i => answers.Replies[i])];
            var truncated = Enumerable.Range(at, doc.Requests.Count).Count(i => answers.Truncated[i]);
            docs.Add(new(doc, replies, truncated, Grading.Grade(asked.Task, doc.Doc, replies))
            {
                Tokens = [.. Enumerable.Range(at, doc.Requests.Count).Select(i => answers.Tokens[i])],
            });
            at += doc.Requests.Count;
        }
        return new(asked, docs, answers.Seconds.GetValueOrDefault(asked.Task.Name))
        {
            Routing = answers.Routing.GetValueOrDefault(asked.Task.Name),
        };
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
public sealed record GradedDoc(AskedDoc Asked, IReadOnlyList<Reply> Replies, int Truncated, DocScores Scores)
{
    /// <summary>Each request's tokens.</summary>
    public IReadOnlyList<RequestTokens> Tokens { get; init; } = [];
}

/// <summary>A task, answered and graded; documents in evaluation order.</summary>
/// <param name="Seconds">Wall time.</param>
public sealed record GradedTask(Questions Questions, IReadOnlyList<GradedDoc> Docs, double Seconds)
{
    /// <summary>What routers did at scored positions; null where that was not recorded.</summary>
    public RoutingSums? Routing { get; init; }
}
