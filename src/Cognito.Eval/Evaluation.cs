using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

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
            graded.AddRange(questions.Scored.Select(asked => Grade(asked, questions, answers)));
        }
        foreach (var (asked, plan) in questions.Generated)
        {
            var answers = scorer.Generate(plan.GetAwaiter().GetResult(), cancel);
            Note(stages, "generation", answers);
            graded.Add(Grade(asked, questions, answers));
        }
        return graded;
    }

    /// <summary>Answers a shard of what is asked, into the scorer's journal; nothing is graded.</summary>
    /// <param name="rounding">Whether the sample of <see cref="RoundingSample"/> is answered too.</param>
    public static void AnswerShard(
        PreparedQuestions questions, Scorer scorer, Shard shard, bool rounding, CancellationToken cancel)
    {
        if (questions.Scored.Count > 0)
            scorer.Answer(questions.LogLikelihoods.GetAwaiter().GetResult(), shard, cancel);
        foreach (var (_, plan) in questions.Generated)
            scorer.Answer(plan.GetAwaiter().GetResult(), shard, cancel);
        if (rounding && RoundingSample.Plan(questions.Scored, scorer.ExactPlanner) is { } exact)
            scorer.Answer(exact, shard, cancel, Stages.Rounding);
    }

    /// <summary>Measured on documents evenly spread over all that asked for log-likelihoods; null where none did.</summary>
    public static Rounding? MeasureRounding(IReadOnlyList<GradedTask> graded, Scorer scorer, CancellationToken cancel)
    {
        var scored = graded.Where(task => !task.Questions.Generates).ToList();
        if (RoundingSample.Plan([.. scored.Select(task => task.Questions)], scorer.ExactPlanner) is not { } plan)
            return null;
        var docs = scored.SelectMany(task => task.Docs).ToList();
        var sample = RoundingSample.Places(docs.Count).Select(i => docs[i]).ToList();
        var exact = scorer.LogLikelihoods(plan, cancel, Stages.Rounding).Replies;
        var largest = sample.SelectMany(doc => doc.Replies).Zip(exact)
            .Max(pair => Difference((Likelihood)pair.First, (Likelihood)pair.Second));
        return new(sample.Count, exact.Count, largest, 2 * largest);
    }

    /// <summary>Two that are no numbers, or infinite alike, do not differ.</summary>
    private static double Difference(Likelihood one, Likelihood other) =>
        one.LogProbability.Equals(other.LogProbability) ? 0 : Math.Abs(one.LogProbability - other.LogProbability);

    private static GradedTask Grade(Questions asked, PreparedQuestions questions, ScoredRequests answers) => new(
        asked, [.. asked.Docs.Select(doc => Grade(asked.Task, doc, answers, questions.PlacesOf(doc)))],
        answers.Seconds.GetValueOrDefault(asked.Task.Name))
    {
        Routing = answers.Routing.GetValueOrDefault(asked.Task.Name),
    };

    /// <param name="places">Of the document's requests among those that were answered together.</param>
    private static GradedDoc Grade(EvalTask task, AskedDoc doc, ScoredRequests answers, Range places)
    {
        int[] mine = [.. Enumerable.Range(places.Start.Value, places.End.Value - places.Start.Value)];
        Reply[] replies = [.. mine.Select(i => answers.Replies[i])];
        return new(doc, replies, mine.Count(i => answers.Truncated[i]), Grading.Grade(task, doc.Doc, replies))
        {
            Tokens = [.. mine.Select(i => answers.Tokens[i])],
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
