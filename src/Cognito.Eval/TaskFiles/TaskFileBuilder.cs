using Cognito.Eval.Files;
using Cognito.Eval.Tasks;
using Cognito.Eval.Templates;

namespace Cognito.Eval.TaskFiles;

/// <summary>Makes tasks and groups of an index's files: groups hold tasks, tags and groups, and may change what they hold (protocol 11.6).</summary>
internal sealed class TaskFileBuilder(TaskFileIndex index, TaskSet known, IReadOnlyCollection<string> allowed)
{
    private readonly Dictionary<string, EvalTask> _tasks = [];
    private readonly OrderedDictionary<string, TaskGroup> _groups = [];

    /// <param name="isStrict">Whether a file that cannot be asked ends it all, as one does that was named.</param>
    public (IReadOnlyList<EvalTask> Tasks, IReadOnlyList<TaskGroup> Groups) Build(bool isStrict)
    {
        foreach (var (name, (keys, isGroup)) in index.Entries)
            try
            {
                if (isGroup)
                    Group(name, keys, new Dictionary<string, Said>(), []);
                else
                    Task(name);
            }
            catch (InputException e) when (!isStrict)
            {
                index.Refuse(name, e.Message);
            }
        return ([.. index.Entries.Where(entry => !entry.Value.IsGroup).Select(entry => _tasks.GetValueOrDefault(entry.Key)).OfType<EvalTask>()], [.. _groups.Values]);
    }

    private EvalTask Task(string name) => _tasks.TryGetValue(name, out var made) ? made
        : _tasks[name] = FileTask.Create(TaskFile.Of(index.Entries[name].Keys), allowed);

    private EvalTask Task(string name, IReadOnlyDictionary<string, Said> overrides) => overrides.Count == 0 ? Task(name)
        : FileTask.Create(TaskFile.Of(index.Entries[name].Keys.With(overrides)), allowed);

    /// <param name="overrides">Keys that are taken over the members' own.</param>
    /// <param name="outer">Names of the groups that it is in.</param>
    private TaskGroup Group(string name, FileKeys keys, IReadOnlyDictionary<string, Said> overrides, IReadOnlyList<string> outer)
    {
        if (overrides.Count == 0 && _groups.TryGetValue(name, out var made))
            return made;
        if (outer.Contains(name))
            throw new InputException($"{keys.File}: the group {name} holds itself; take it out of {string.Join(", ", outer)}");
        foreach (var said in keys.Keys.Values)
            said.RequireNoFunction();
        Said.RequireKnown(keys.Keys, [.. TaskKeys.Group, .. TaskKeys.Task, "task_list"], "a group file");
        var members = keys.Of("task") ?? throw new InputException($"{keys.File}: the group {name} holds nothing; add a list of tasks as task");
        if (members.Node is not YamlSequence)
            throw members.Wrong($"is {members.Kind()}, and lm-evaluation-harness finds no tasks in a group then; give a list");
        var own = keys.Keys.Where(key => !TaskKeys.Group.Contains(key.Key) && key.Key is not ("tag" or "task_list")).ToDictionary();
        foreach (var (key, value) in overrides)
            own[key] = value;
        Member[] held = [.. members.Items().SelectMany(member => Members(member, name, own, [.. outer, name]))];
        var tasks = held.SelectMany(member => member.Tasks).ToList();
        if (tasks.GroupBy(task => task.Name).FirstOrDefault(same => same.Distinct().Count() > 1) is { Key: var twice })
            throw members.Wrong($"holds {twice} twice, asked in two ways; leave one out");
        var group = new TaskGroup(name, keys.Of("group_alias")?.Text() ?? name, [.. held.Select(member => member.Name)], [.. tasks.DistinctBy(task => task.Name)])
        {
            Scores = keys.Of("aggregate_metric_list") is { } list ? [.. list.Items().Select(Score)] : [],
            Version = keys.Of("metadata")?.Value() is IReadOnlyDictionary<string, object?> metadata && metadata.TryGetValue("version", out var version)
                ? PythonValue.Str(version) : "N/A",
            Inside = [.. held.Select(member => member.Group).OfType<TaskGroup>()],
            IsAskedByName = true,
        };
        return overrides.Count == 0 ? _groups[name] = group : group;
    }

    private static GroupScore Score(Said said)
    {
        var keys = said.Mapping();
        Said.RequireKnown(keys, TaskKeys.GroupMetric, "aggregate_metric_list");
        if (keys.TryGetValue("aggregation", out var how) && how.Node is not YamlScalar { Value: "mean" })
            throw how.Wrong("is not mean, the only one that groups have; give mean, or leave it out");
        return new(
            keys.TryGetValue("metric", out var metric) ? metric.Text() : throw said.Wrong("names no metric; add metric: acc, or the one that is meant"),
            keys.TryGetValue("filter_list", out var filters) && !filters.IsNull ? [.. filters.Items().Select(filter => filter.Text())] : null,
            !keys.TryGetValue("weight_by_size", out var weighs) || weighs.Flag());
    }

    /// <summary>What a member of a group stands for: names, and the tasks that they hold.</summary>
    private IEnumerable<Member> Members(
        Said member, string group, IReadOnlyDictionary<string, Said> overrides, IReadOnlyList<string> outer)
    {
        if (member.Node is not YamlMapping)
            return Named(member, member.Text(), overrides, isChanged: false, outer);
        var keys = member.Mapping();
        if (keys.TryGetValue("group", out var inner))
        {
            var name = inner.Text();
            if (index.Entries.TryGetValue(name, out var its) && its.IsGroup)
                return [OfGroup(Group(name, its.Keys, Over(overrides, keys.Where(key => key.Key != "group")), outer))];
            var inside = new FileKeys(member.File, keys);
            return [OfGroup(Group($"{group}::{name}", inside, overrides, outer))];
        }
        return keys.TryGetValue("task", out var task)
            ? Named(task, task.Text(), Over(overrides, keys.Where(key => key.Key != "task")), isChanged: keys.Count > 1, outer)
            : throw member.Wrong("has neither task nor group; name what is held");
    }

    /// <param name="Group">The group that it is; null for a task.</param>
    private sealed record Member(string Name, IReadOnlyList<EvalTask> Tasks, TaskGroup? Group = null);

    private static Member OfGroup(TaskGroup group) => new(group.Name, group.Tasks, group);

    private static Dictionary<string, Said> Over(IReadOnlyDictionary<string, Said> overrides, IEnumerable<KeyValuePair<string, Said>> own)
    {
        var all = overrides.ToDictionary();
        foreach (var (key, value) in own)
            all[key] = value;
        return all;
    }

    private IEnumerable<Member> Named(
        Said said, string name, IReadOnlyDictionary<string, Said> overrides, bool isChanged, IReadOnlyList<string> outer)
    {
        if (index.Entries.TryGetValue(name, out var entry))
            return !entry.IsGroup ? [new(name, [Task(name, overrides)])]
                : isChanged ? throw said.Wrong($"{name} is a group; say group: {name} to change what it holds")
                : [OfGroup(Group(name, entry.Keys, overrides, outer))];
        if (index.Tags.TryGetValue(name, out var tagged))
            return isChanged ? throw said.Wrong($"{name} is a tag of several tasks, and lm-evaluation-harness would give all of them that name; list them")
                : [.. tagged.Select(task => new Member(task, [Task(task, overrides)]))];
        if (overrides.ContainsKey("dataset_path"))
            return [Inline($"{outer[^1]}::{name}", said, overrides)];
        if (index.Refused.TryGetValue(name, out var fact))
            throw new InputException(fact);
        if (known.Scored.FirstOrDefault(its => its.Name == name) is { } group && overrides.Count == 0)
            return [OfGroup(group)];
        if (known.Tasks.FirstOrDefault(task => task.Name == name) is { } built)
            return overrides.Count == 0 ? [new(name, [built])]
                : throw said.Wrong($"{name} is a task of this program, which no file changes; give it a task file of its own");
        throw said.Wrong($"{Printable.Line(name)} is no task, group or tag here; did you mean "
            + $"{NearNames.Nearest(name, index.Entries.Keys.Concat(index.Tags.Keys).Concat(known.Tasks.Select(task => task.Name)))}? --task-path takes more files and folders");
    }

    /// <summary>A task that stands whole in its group's file.</summary>
    private Member Inline(string name, Said said, IReadOnlyDictionary<string, Said> keys)
    {
        var own = keys.ToDictionary();
        own["task"] = said with { Key = "task", Node = new YamlScalar(name, name, IsPlain: false, said.Line, 1) };
        return new(name, [FileTask.Create(TaskFile.Of(new(said.File, own)), allowed)]);
    }
}
