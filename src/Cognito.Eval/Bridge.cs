using Cognito.Eval.Comparison;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval;

/// <summary>
/// Takes a checkpoint's scores from one run's protocol to another's, rule by rule. Both ends are asked whole, as the runs were, so
/// they are those of whole runs to the byte; between them the model is asked what is not known yet.
/// </summary>
internal sealed class Bridge(
    BridgeEnd from, BridgeEnd to, DataRoot data, OpenBridged open, IProgress<EvaluationEvent>? progress, CancellationToken cancel)
{
    private readonly IReadOnlyList<BridgeColumn> _columns = BridgeColumn.Between(from, to);
    private readonly BridgeAnswers _answers = new();

    /// <summary>What a state of the way came to.</summary>
    /// <param name="Keys">By column, what its replies hang on.</param>
    private sealed record Crossed(
        IReadOnlyDictionary<string, double?> Values, IReadOnlyDictionary<string, RequestKey[]> Keys, IReadOnlyDictionary<string, int> Asked,
        IReadOnlyDictionary<string, RuleSide> Sides)
    {
        public IReadOnlyList<string> Notes { get; init; } = [];
    }

    /// <summary>The rules that the ends do not share, in the order in which they are taken.</summary>
    internal IReadOnlyList<ProtocolRule> Rules { get; } = [.. BridgeRules.Between(from, to)];

    /// <exception cref="InputException">The ends have one protocol, and the same settings.</exception>
    public async Task<BridgeTable> CrossAsync()
    {
        if (Rules.Count == 0)
            throw new InputException($"{from.Name} and {to.Name}: no rule differs, so there is nothing that can be taken from one "
                + "to the other; compare shows what their scores differ in");
        var states = new Crossed[Rules.Count + 1];
        foreach (var i in BridgeRules.Order(Rules))
        {
            progress?.Report(new Said(i == 0 ? $"{from.Protocol.Name}, whole" : i == Rules.Count ? $"{to.Protocol.Name}, whole"
                : $"step {i} of {Rules.Count}: {RuleWords.Name(Rules[i - 1])}"));
            states[i] = await Task.Run(() => StateAsync(i), cancel);
        }
        return new BridgeTable(
            Run(from, states[0]), Run(to, states[^1]), [.. _columns.Select(column => column.Key)],
            [Step(null, null, states[0], []), .. Rules.Select((rule, i) => Step(rule, states[i], states[i + 1], Changes(rule, states)))],
            [.. states[0].Notes, .. states[^1].Notes]).Checked();
    }

    /// <summary>The state after so many rules.</summary>
    private async Task<Crossed> StateAsync(int taken)
    {
        var (first, last) = (taken == 0, taken == Rules.Count);
        HashSet<ProtocolRule> rules = [.. Rules.Take(taken)];
        T Its<T>(ProtocolRule rule, Func<BridgeEnd, T> of) => of(rules.Contains(rule) ? to : from);
        var bridge = new BridgeProtocol(from.Protocol, to.Protocol, rules);
        var protocol = first ? from.Protocol : last ? to.Protocol : bridge;
        var tasks = first ? from.Tasks : last ? to.Tasks : Between(bridge);
        var asked = Evaluator.Ask(tasks, new()
        {
            Data = data,
            Protocol = protocol,
            Limit = Its(ProtocolRule.Limit, end => end.Limit),
        });
        var setting = BridgeRules.Setting(rules, from, to);
        var model = open(setting, protocol.Tokenization);
        RunUnderWay.Require(model, asked);
        var how = new AnswerOptions { Protocol = protocol, Budget = last ? to.Budget : from.Budget, Progress = new Forwarded(progress) };
        var keys = RequestKey.Of(asked.Requests, model.Planner with { Protocol = protocol }, $"{setting}");
        int[] missing = first || last ? [.. Enumerable.Range(0, keys.Length)]
            : [.. keys.Where(key => !_answers.Knows(key)).DistinctBy(key => key.Hash).Select(key => key.Asked).Order()];
        var graded = first || last ? await WholeAsync(model, asked, how, keys) : await MissingAsync(model, asked, how, keys, missing);
        model.Forget(asked.Requests);
        var count = Count(asked, graded, keys, missing, model);
        return first || last ? count with { Notes = [.. BridgeNotes.Of(first ? from : to, asked.Questions, count.Values)] } : count;
    }

    private TaskSet Between(BridgeProtocol bridge) => from.Tasks with
    {
        Tasks = [.. _columns.SelectMany(column => column.Tasks).Select(pair => bridge.Between(pair.From, pair.To)).OrderBy(Place)],
    };

    private int Place(EvalTask task) => from.Tasks.Tasks.Index().First(its => its.Item.Name == task.Name).Index;

    /// <summary>Asks all, by a run's own path.</summary>
    private async Task<IReadOnlyList<GradedTask>> WholeAsync(PlannedModel model, AskedTasks asked, AnswerOptions how, RequestKey[] keys)
    {
        var graded = await Evaluator.GradeAsync(model, asked, how, cancel);
        foreach (var (key, reply) in keys.Zip(graded.SelectMany(task => task.Docs).SelectMany(doc => doc.Replies)))
            _answers[key] = reply;
        return graded;
    }

    /// <summary>Asks what is not known, each once.</summary>
    private async Task<IReadOnlyList<GradedTask>> MissingAsync(
        PlannedModel model, AskedTasks asked, AnswerOptions how, RequestKey[] keys, int[] missing)
    {
        Request[] requests = [.. missing.Select(place => asked.Requests[place])];
        if (missing.Length > 0)
            await foreach (var answer in model.AnswerAsync(requests, how, cancel))
                _answers[keys[missing[answer.Place]]] = answer.Reply;
        model.Forget(requests);
        var next = 0;
        return [.. asked.Questions.Select(task => new GradedTask(task, [.. task.Docs.Select(doc =>
        {
            Reply[] replies = [.. keys[next..(next += doc.Requests.Count)].Select(key => _answers[key])];
            return new GradedDoc(doc, replies, 0, how.Protocol.Grade(task.Task, doc.Doc, replies));
        })], 0))];
    }

    private Crossed Count(AskedTasks asked, IReadOnlyList<GradedTask> graded, RequestKey[] keys, int[] answered, PlannedModel model)
    {
        var (values, its, counts, sides) = (New<double?>(), New<RequestKey[]>(), New<int>(), New<RuleSide>());
        foreach (var column in _columns)
        {
            var mine = graded.Where(task => BridgeColumn.KeyOf(task.Questions.Task) == column.Key).ToList();
            var names = mine.Select(task => task.Questions.Task.Name).ToHashSet();
            bool IsMine(int request) => names.Contains(asked.Requests[request].Origin.Task);
            values[column.Key] = BridgeColumn.Value(asked.Options.Protocol, mine);
            its[column.Key] = [.. keys.Where((_, i) => IsMine(i))];
            counts[column.Key] = answered.Count(IsMine);
            sides[column.Key] = Side([.. mine.Select(task => task.Questions)], asked.Options, model) with
            {
                TaskFiles = mine[0].Questions.Task.Reads is null ? [] : asked.Set.Files,
            };
        }
        return new(values, its, counts, sides);
    }

    private static OrderedDictionary<string, T> New<T>() => [];

    private static RuleSide Side(IReadOnlyList<Questions> asked, EvaluationOptions options, PlannedModel model) => new(
        options.Protocol, asked[0].Task, string.Join(", ", asked.Select(task => task.Shots).Distinct().Order()),
        [.. asked.Select(task => task.Docs.Count)])
    {
        IsLimited = asked.Any(task => task.Docs.Count < task.SplitRows),
        Limit = options.Limit?.Value,
        AddsBos = options.Protocol.AddsBos(model.Identity.Start),
        MaxLength = model.Planner.MaxLength,
        Dtype = model.Identity.Dtype,
        LogProbDtype = model.Identity.LogProbDtype,
    };

    /// <summary>A rule's words at both ends, by the columns that have them.</summary>
    private IReadOnlyList<RuleChange> Changes(ProtocolRule rule, IReadOnlyList<Crossed> states) =>
    [
        .. from column in _columns
           let one = states[0].Sides[column.Key]
           let other = states[^1].Sides[column.Key]
           let before = RuleWords.Of(rule, one)
           let after = RuleWords.Of(rule, other)
           where before is not null && after is not null && before != after && RuleWords.Bears(rule, one, other)
           group column.Key by (before, after) into same
           select new RuleChange([.. same], same.Key.before, same.Key.after),
    ];

    private BridgeStep Step(ProtocolRule? rule, Crossed? before, Crossed now, IReadOnlyList<RuleChange> changes)
    {
        var differences = new OrderedDictionary<string, double?>(now.Values.Select(value => KeyValuePair.Create(
            value.Key, value.Value - before?.Values[value.Key])));
        return new(rule is { } taken ? RuleWords.Name(taken) : null, changes, now.Values, differences, now.Asked, before is null ? [] :
        [
            .. _columns.Select(column => column.Key).Where(column => Math.Abs(differences[column] ?? 0) < 1e-9
                && before.Values[column].HasValue == now.Values[column].HasValue
                && now.Keys[column].Select(key => key.Hash).SequenceEqual(before.Keys[column].Select(key => key.Hash))),
        ]);
    }

    private static BridgeRun Run(BridgeEnd end, Crossed state)
    {
        var given = new OrderedDictionary<string, double?>(state.Values.Keys.Select(
            column => KeyValuePair.Create(column, end.Given(column))));
        return new(end.Name, end.Protocol.Name, given, new OrderedDictionary<string, double?>(given.Select(
            value => KeyValuePair.Create(value.Key, value.Value - state.Values[value.Key]))), end.IsMeasuredHere);
    }

    private sealed class Forwarded(IProgress<EvaluationEvent>? to) : IProgress<Progress>
    {
        public void Report(Progress value) => to?.Report(new Progressed(value));
    }
}
