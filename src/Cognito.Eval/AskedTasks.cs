using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;

namespace Cognito.Eval;

/// <summary>Tasks as they are asked: every prompt, and what keeps their scores from being the leaderboard's.</summary>
/// <param name="set">The tasks asked, and their columns.</param>
/// <param name="notes">One sentence each.</param>
/// <param name="options">By which they were asked.</param>
public sealed class AskedTasks(TaskSet set, IReadOnlyList<Questions> questions, IReadOnlyList<string> notes, EvaluationOptions options)
{
    public EvaluationOptions Options => options;
    public TaskSet Set => set;
    public IReadOnlyList<Questions> Questions => questions;
    public IReadOnlyList<string> Notes => notes;

    public bool Generates => questions.Any(task => task.Generates);

    /// <summary>All requests: task after task, document after document.</summary>
    public IReadOnlyList<Request> Requests { get; } = Flat(questions);

    /// <summary>The sample of documents that rounding is measured on.</summary>
    internal SampledRequests Sample => field ??= SampledRequests.Of(this);

    /// <summary>Requests that tell which document of which task they are of.</summary>
    public static IReadOnlyList<Request> Flat(IEnumerable<Questions> questions) =>
    [
        .. from task in questions
           from doc in task.Docs.Index()
           from request in doc.Item.Requests
           select request with { Origin = new(task.Task.Name, doc.Index) },
    ];
}

/// <summary>Requests of a sample of the documents that ask for log-likelihoods.</summary>
/// <param name="Places">Where they are among all requests.</param>
internal sealed record SampledRequests(IReadOnlyList<Request> Requests, IReadOnlyList<int> Places, int Documents)
{
    internal static SampledRequests Of(AskedTasks asked)
    {
        var (docs, next) = (new List<int[]>(), 0);
        foreach (var task in asked.Questions)
            foreach (var doc in task.Docs)
            {
                if (!task.Generates)
                    docs.Add([.. Enumerable.Range(next, doc.Requests.Count)]);
                next += doc.Requests.Count;
            }
        var costs = Cost(asked.Questions.Where(task => !task.Generates).Select(task => task.Docs.SelectMany(doc => doc.Requests)));
        int[][] sample = [.. RoundingSample.Places(docs.Count, costs).Select(i => docs[i])];
        int[] places = [.. sample.SelectMany(doc => doc)];
        return new([.. places.Select(place => asked.Requests[place])], places, sample.Length);
    }

    /// <summary>
    /// How much of the requests' text is left if what a request's context has in common with the one before counts once: about
    /// the part of their tokens that a plan has the model compute, told before there are tokens.
    /// </summary>
    /// <param name="tasks">Each one's requests.</param>
    internal static double Cost(IEnumerable<IEnumerable<Request>> tasks)
    {
        var (all, left) = (0L, 0L);
        foreach (var task in tasks)
        {
            var before = "";
            foreach (var request in task)
            {
                var own = request switch
                {
                    LogLikelihood pair => pair.Continuation.Length,
                    LogLikelihoodRolling text => text.Text.Length,
                    _ => 0,
                };
                all += request.Context.Length + own;
                left += request.Context.Length - before.AsSpan().CommonPrefixLength(request.Context) + own;
                before = request.Context;
            }
        }
        return all == 0 ? 1 : (double)left / all;
    }
}
