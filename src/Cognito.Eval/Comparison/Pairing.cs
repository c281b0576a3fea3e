using Cognito.Eval.Files;
using Cognito.Eval.Results;

namespace Cognito.Eval.Comparison;

/// <summary>Whether two runs asked the same questions, and of which documents.</summary>
internal static class Pairing
{
    /// <summary>Both have each document's scores, and asked the same questions in the same order, one perhaps fewer of them.</summary>
    public static bool IsPaired(TaskRecord one, TaskRecord other) => HasScores(one) && HasScores(other);

    public static bool HasScores(TaskRecord task) => task.DocIds.Count > 0 && task.Scores.ContainsKey(task.Headline);

    /// <summary>The runs with each task's documents in one order and those alone that both have, where keys tell which is which.</summary>
    public static (Run Baseline, Run Candidate) Align(Run baseline, Run candidate)
    {
        var (one, other) = (new Dictionary<string, TaskRecord>(baseline.Tasks), new Dictionary<string, TaskRecord>(candidate.Tasks));
        foreach (var name in one.Keys.Where(other.ContainsKey).ToList())
            if (Common(one[name], other[name]) is { Count: > 0 } common)
                (one[name], other[name]) = (Of(one[name], [.. common.Select(pair => pair.Mine)]), Of(other[name], [.. common.Select(pair => pair.Theirs)]));
        return (With(baseline, one), With(candidate, other));
    }

    private static Run With(Run run, Dictionary<string, TaskRecord> tasks) => run with
    {
        Tasks = new OrderedDictionary<string, TaskRecord>(run.Tasks.Keys.Select(name => KeyValuePair.Create(name, tasks[name]))),
    };

    /// <summary>Places of documents that both have, in the baseline's order; nothing where that is as it is already.</summary>
    private static List<(int Mine, int Theirs)>? Common(TaskRecord one, TaskRecord other)
    {
        if (!HasScores(one) || !HasScores(other) || one.DocKeys is not { } mine || other.DocKeys is not { } theirs || mine.SequenceEqual(theirs))
            return null;
        var places = theirs.Index().GroupBy(key => key.Item, key => key.Index).ToDictionary(same => same.Key, same => new Queue<int>(same));
        return [.. mine.Index().Where(key => places.TryGetValue(key.Item, out var left) && left.Count > 0)
            .Select(key => (key.Index, places[key.Item].Dequeue()))];
    }

    private static TaskRecord Of(TaskRecord task, IReadOnlyList<int> places) => task with
    {
        DocIds = [.. places.Select(place => task.DocIds[place])],
        DocKeys = [.. places.Select(place => task.DocKeys![place])],
        Scores = task.Scores.ToDictionary(scores => scores.Key, scores => (IReadOnlyList<double>)[.. places.Select(place => scores.Value[place])]),
        Weights = task.Weights?.ToDictionary(weights => weights.Key, weights => (IReadOnlyList<double>)[.. places.Select(place => weights.Value[place])]),
    };

    /// <exception cref="InputException">Some task's questions differ; the message says which, and in what.</exception>
    public static void RequireSameQuestions(Run baseline, Run candidate, IReadOnlyList<SettingDifferences> unlike)
    {
        var conflicts = baseline.Tasks.Where(task => candidate.Tasks.ContainsKey(task.Key))
            .Select(task => (Task: task.Key, Fact: Conflict(task.Key, baseline, candidate)))
            .Where(conflict => conflict.Fact is not null).ToList();
        if (conflicts.Count == 0)
            return;
        const int Most = 3;
        var facts = string.Join("; ", conflicts.Take(Most).Select(conflict => $"{conflict.Task}: {conflict.Fact}"));
        var more = conflicts.Count > Most ? $"; and {conflicts.Count - Most} more tasks" : "";
        var settings = unlike.Where(u => u.MakesQuestionsDiffer).Select(u => u.ToString()).ToList();
        throw new InputException($"{baseline.Provenance.Model} and {candidate.Provenance.Model} were asked different questions: {facts}{more}"
            + (settings.Count > 0 ? $" ({string.Join(", ", settings)})" : "") + "; run one of them again as the other was, or leave out those tasks");
    }

    /// <summary>Why a task's questions are not the same; null if they are, or nothing is known of them.</summary>
    private static string? Conflict(string name, Run baseline, Run candidate)
    {
        var (one, other) = (baseline.Tasks[name], candidate.Tasks[name]);
        if (one.Headline != other.Headline)
            return $"scored by {one.Headline} and {other.Headline}";
        if (one.NumFewshot != other.NumFewshot)
            return $"{one.NumFewshot} and {other.NumFewshot} shots";
        if (!HasScores(one) || !HasScores(other))
            return null;
        if (one.DocKeys is { } mine && other.DocKeys is { } theirs)
            return mine.SequenceEqual(theirs) ? null : "no document with the same row and prompt (doc_hash, prompt_hash)";
        foreach (var split in one.DataSha256.Keys.Where(other.DataSha256.ContainsKey))
            if (one.DataSha256[split] != other.DataSha256[split])
                return $"other rows in {split}";
        var common = Math.Min(one.DocIds.Count, other.DocIds.Count);
        if (!one.DocIds.Take(common).SequenceEqual(other.DocIds.Take(common)))
            return "other documents, or in another order";
        if (one.DocIds.Count == other.DocIds.Count)
            return one.RequestsSha256.Raw == other.RequestsSha256.Raw && HaveSameSettings(one, other) ? null : "prompts that differ (requests_sha256)";
        // Of a limited run the prompts are the first ones of a longer run's, where all that they are made from is the same.
        return (baseline.Provenance.Protocol, baseline.Versions.GetValueOrDefault(name))
            == (candidate.Provenance.Protocol, candidate.Versions.GetValueOrDefault(name)) && one.DataSha256.Count > 0
                ? null : "another protocol or version of the task, and not as many documents";
    }

    /// <summary>The harness' digest holds how text is generated too, where a task file says it.</summary>
    private static bool HaveSameSettings(TaskRecord one, TaskRecord other) =>
        one.RequestsSha256.Harness.Length == 0 || other.RequestsSha256.Harness.Length == 0 || one.RequestsSha256.Harness == other.RequestsSha256.Harness;

    public static IEnumerable<string> Notes(Run baseline, Run candidate, IReadOnlyList<Contrast> columns)
    {
        foreach (var run in new[] { baseline, candidate }.Where(run => run.Tasks.Count == 0))
            yield return $"{run.Provenance.Model}: numbers as {run.Provenance.Kind}, not measured here; which documents were asked is taken to be as published";
        foreach (var (run, fact) in new[] { baseline, candidate }.SelectMany(run => HarnessFile.NoNumbers(run).Select(fact => (run, fact))))
            yield return $"{run.Provenance.Model}: {fact}";
        if (columns.Where(column => !column.IsPaired).Select(column => column.Name).ToList() is { Count: > 0 } unpaired)
            yield return $"{(unpaired.Count == columns.Count ? "every column" : string.Join(", ", unpaired))}: unpaired, since no scores "
                + "of each document are there for both; nothing shows that the questions were the same, and the intervals are wider than document by document";
        foreach (var column in columns.Where(column => column.IsPaired))
        {
            var (mine, theirs) = (Asked(baseline, column.Name), Asked(candidate, column.Name));
            if (mine != column.Documents || theirs != column.Documents)
                yield return $"{column.Name}: compared on the {column.Documents} documents that both were asked, of {mine} and {theirs}";
        }
        foreach (var (run, task) in new[] { baseline, candidate }.SelectMany(run => run.Tasks.Select(task => (run, task)))
            .Where(it => it.task.Value.NotFiniteRequests > 0))
            yield return $"{run.Provenance.Model}, {task.Key}: {task.Value.NotFiniteRequests} of {task.Value.Requests} requests were answered "
                + "from what is no finite number; the score says nothing of the model";
        foreach (var (run, task) in new[] { baseline, candidate }.SelectMany(run => run.Tasks.Select(task => (run, task)))
            .Where(it => NotNumbers(it.task.Value) > 0))
            yield return $"{run.Provenance.Model}, {task.Key}: {NotNumbers(task.Value)} scores are no numbers and count as 0; "
                + "the leaderboard counts the whole task as 0 then";
    }

    private static int Asked(Run run, string column) =>
        run.Tasks.Values.Where(task => task.Column == column).Sum(task => task.Documents);

    /// <summary>Documents whose headline score is no number.</summary>
    public static int NotNumbers(TaskRecord task) =>
        HasScores(task) ? task.Scores[task.Headline].Count(score => !double.IsFinite(score)) : 0;
}
