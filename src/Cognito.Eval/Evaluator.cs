using Cognito.Eval.Files;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval;

/// <summary>
/// The harness on one page. Rows become documents, documents requests (<see cref="Ask"/>), requests replies
/// (<see cref="ILanguageModel"/>), replies scores (<see cref="Protocol.Grade"/>), scores a run (<see cref="Tally"/>).
/// </summary>
public static class Evaluator
{
    /// <summary>Evaluates a model: asks, answers, grades, measures rounding, writes. A run that ended early goes on where it stood.</summary>
    /// <exception cref="InputException">Data, model or options are not sound; the message names file, fact and fix.</exception>
    /// <exception cref="InterruptedException">It was cancelled; the message says what is kept.</exception>
    public static Task<Run> RunAsync(
        ILanguageModel model, TaskSet tasks, EvaluationOptions options, IProgress<EvaluationEvent>? progress = null,
        CancellationToken cancel = default) => Task.Run(() => RunAsync(model, Ask(tasks, options), progress, cancel), cancel);

    /// <summary>The same, of tasks that were asked already.</summary>
    public static async Task<Run> RunAsync(
        ILanguageModel model, AskedTasks asked, IProgress<EvaluationEvent>? progress = null, CancellationToken cancel = default)
    {
        var run = new RunUnderWay(model, asked, shard: null, progress, cancel);
        while (true)
            try
            {
                if (await run.EarlierAsync() is { } earlier)
                    return earlier;
                return await run.WorkAsync(async how =>
                {
                    var graded = await GradeAsync(model, asked, how, cancel);
                    var rounding = how.Budget!.Value.Shares ? await MeasureRoundingAsync(model, asked, graded, how, cancel) : null;
                    return run.Write(graded, await run.CountAsync(graded, rounding, how.Account));
                });
            }
            catch (FinishedMeanwhileException)
            {
                // As if it had been finished when this process looked first.
            }
    }

    /// <summary>Answers one part of a run into its folder; <see cref="MergeAsync"/> joins the parts.</summary>
    /// <returns>The folder.</returns>
    public static async Task<string> AnswerShardAsync(
        ILanguageModel model, AskedTasks asked, Shard shard, IProgress<EvaluationEvent>? progress = null,
        CancellationToken cancel = default)
    {
        var run = new RunUnderWay(model, asked, shard, progress, cancel);
        return await run.WorkAsync(async how =>
        {
            await foreach (var _ in model.AnswerAsync(asked.Requests, how, cancel)) { }
            if (how.Budget!.Value.Shares)
                await foreach (var _ in model.AnswerAsync(asked.Sample.Requests, how with { IsExact = true }, cancel)) { }
            return await run.EndShardAsync();
        });
    }

    /// <summary>Joins the parts of a run: the same run, of a model that knows the parts' answers and nothing else.</summary>
    /// <param name="model">Plans as the parts' model did; it is asked nothing.</param>
    public static async Task<Run> MergeAsync(
        PlannedModel model, AskedTasks asked, ShardSet shards, IProgress<EvaluationEvent>? progress = null,
        CancellationToken cancel = default)
    {
        shards.RequireSame(model.Identity, asked);
        var how = new AnswerOptions { Protocol = asked.Options.Protocol, Journal = shards.Journal, Budget = shards.Budget };
        await shards.RequireCompleteAsync(model, asked, how);
        var run = new RunUnderWay(model, asked, shards, cancel);
        var graded = await GradeAsync(model, asked, how, cancel);
        var rounding = shards.Budget.Shares ? await MeasureRoundingAsync(model, asked, graded, how, cancel) : null;
        return run.WriteMerged(graded, await run.CountAsync(graded, rounding, how.Account), shards, progress);
    }

    /// <summary>Rows to documents, documents to requests, as the protocol asks them.</summary>
    /// <remarks>
    /// Tasks that the samples do not hold are left out and named; tasks that take no examples keep none, and that is said
    /// too, unless they are all that was asked for.
    /// </remarks>
    public static AskedTasks Ask(TaskSet tasks, EvaluationOptions options)
    {
        var (data, shots, notes) = (options.Data, options.Shots, new List<string>());
        EvalTask[] held = [.. tasks.Tasks.Where(task => !data.IsSamples || data.Has(task.Dataset))];
        if (held.Length == 0)
            throw new InputException(
                $"the samples hold none of the tasks asked ({string.Join(", ", tasks.Tasks.Take(3))}...); give --data DIR");
        if (held.Length < tasks.Tasks.Count)
            notes.Add($"not in the samples: {string.Join(", ", tasks.Tasks.Except(held))}");
        var fixedShots = held.Where(task => task.ShotOrder == ShotOrder.None).ToList();
        // Where a protocol leaves the number to who asks, a task that fixes it passes that over.
        if (shots > 0 && fixedShots.Count > 0 && (fixedShots.Count < held.Length || !options.Protocol.FixesShots))
            notes.Add($"{string.Join(", ", fixedShots)} {(fixedShots.Count == 1 ? "takes no examples and keeps" : "take no examples and keep")} 0 shots");
        else
            fixedShots.Clear();
        var asked = new Questions[held.Length];
        SideBySide.For(held.Length, i => asked[i] = Questions.Ask(
            held[i], data, options.Protocol, fixedShots.Contains(held[i]) ? null : shots, options.Limit));
        notes.AddRange(Caveats.OfFewerShots(asked, shots));
        notes.AddRange(asked.SelectMany(task => task.Notes));
        notes.AddRange(held.Select(task => tasks.NotAsked.GetValueOrDefault(task.Name)).OfType<string>());
        // Log-likelihoods first: all of them make one plan.
        return new(tasks, [.. asked.OrderBy(task => task.Generates)], [.. Caveats.Find(asked, tasks.Columns, options.Protocol, data, options.Limit),
            .. data.IsSamples ? [] : Caveats.OfRows(asked, tasks.Lock, options.Protocol), .. notes], options);
    }

    /// <summary>Requests to replies, replies to scores.</summary>
    internal static async Task<IReadOnlyList<GradedTask>> GradeAsync(
        ILanguageModel model, AskedTasks asked, AnswerOptions how, CancellationToken cancel)
    {
        var answers = new Answer?[asked.Requests.Count];
        await foreach (var answer in model.AnswerAsync(asked.Requests, how, cancel))
            answers[answer.Place] = answer;
        if (Array.IndexOf(answers, null) is >= 0 and var none)
            throw new InvalidOperationException($"The model left request {none} unanswered.");
        var next = 0;
        return [.. asked.Questions.Select(task => new GradedTask(
            task, [.. task.Docs.Select(doc => Grade(task.Task, how.Protocol, doc, [.. answers[next..(next += doc.Requests.Count)]!]))],
            how.Account.Seconds.GetValueOrDefault(task.Task.Name))
        {
            Routing = how.Account.Routing.GetValueOrDefault(task.Task.Name),
        })];
    }

    private static GradedDoc Grade(EvalTask task, Protocol protocol, AskedDoc doc, Answer[] answers)
    {
        Reply[] replies = [.. answers.Select(answer => answer.Reply)];
        return new(doc, replies, answers.Count(answer => answer.IsTruncated), protocol.Grade(task, doc.Doc, replies))
        {
            Tokens = [.. answers.Select(answer => answer.Tokens ?? default)],
        };
    }

    /// <summary>Measured on documents evenly spread over all that asked for log-likelihoods; null where none did.</summary>
    internal static async Task<Rounding?> MeasureRoundingAsync(
        ILanguageModel model, AskedTasks asked, IReadOnlyList<GradedTask> graded, AnswerOptions how, CancellationToken cancel)
    {
        var sample = asked.Sample;
        if (sample.Documents == 0)
            return null;
        Reply[] replies = [.. graded.SelectMany(task => task.Docs).SelectMany(doc => doc.Replies)];
        var differences = new List<double>();
        await foreach (var exact in model.AnswerAsync(sample.Requests, how with { IsExact = true }, cancel))
            differences.Add(Difference(replies[sample.Places[exact.Place]], exact.Reply));
        // Passes over those that are no numbers.
        var largest = differences.Max();
        return new(sample.Documents, sample.Requests.Count, largest, 2 * largest);
    }

    /// <summary>Two that are no numbers, or infinite alike, do not differ.</summary>
    private static double Difference(Reply shared, Reply exact)
    {
        var (one, other) = (((Likelihood)shared).LogProbability, ((Likelihood)exact).LogProbability);
        return one.Equals(other) ? 0 : Math.Abs(one - other);
    }
}
