using Cognito.Eval.Files;
using Cognito.Eval.Tasks;
using Cognito.Eval.Templates;

namespace Cognito.Eval.TaskFiles;

/// <summary>A way from the replies to a request to what is graded: a pipeline of <c>filter_list</c> (protocol 11.4).</summary>
internal sealed record FileFilter(string Name, ResponsePipeline Pipeline)
{
    private static readonly string[] Keys = ["name", "filter"];

    /// <summary>What a file without filters has.</summary>
    private static FileFilter First { get; } = new(ResponsePipeline.Default.Name, ResponsePipeline.Default);

    public static IReadOnlyList<FileFilter> Of(FileKeys keys, string output)
    {
        if (keys.Of("filter_list") is not { } said)
            return [First];
        FileFilter[] filters = [.. said.List().Select(item => Of(item, output, keys.Of("repeats") is { } repeats ? (int)repeats.Whole() : 1))];
        return filters.Length == 0 ? throw said.Wrong("is empty, so nothing would be graded; name a filter, or leave filter_list out")
            : filters.GroupBy(filter => filter.Name).FirstOrDefault(same => same.Count() > 1) is { Key: var twice }
                ? throw said.Wrong($"names {twice} twice, of which the harness keeps the last; rename one")
                : filters;
    }

    private static FileFilter Of(Said item, string output, int repeats)
    {
        var keys = (item with { Key = "filter_list" }).Mapping();
        Said.RequireKnown(keys, Keys, "filter_list");
        var name = keys.TryGetValue("name", out var named) ? named.Text() : throw item.Wrong("has a filter without a name; add name");
        if (name.Contains(',') || name.Length == 0)
            throw named.Wrong($"is {Printable.Line(name)}; take a name without a comma");
        var steps = keys.TryGetValue("filter", out var said) ? said.List() : throw item.Wrong($"{name} has no filter; add a list of functions");
        var pipeline = new ResponsePipeline(name, [.. steps.Select(Step)]);
        if (output != "generate_until" && pipeline.Filters is not [{ Name: "take_first" }])
            throw said.Wrong($"is for generated text, and output_type is {output}; leave filter_list out");
        if (!pipeline.EndsInOne)
            throw said.Wrong("does not end in one text, so lists would be compared; add - function: take_first");
        if (steps.Select(step => (Step: step, Keys: step.Mapping())).FirstOrDefault(step => step.Keys["function"].Text() == "take_first_k"
            && step.Keys.TryGetValue("k", out var k) && k.Node is YamlScalar { Value: long count } && count > repeats) is { Step: { } most })
            throw most.Wrong($"takes more answers than repeats, which is {repeats}; raise repeats");
        return new(name, pipeline);
    }

    private static ResponseFilter Step(Said said)
    {
        var keys = said.Mapping();
        var function = keys.TryGetValue("function", out var named) ? named.Text() : throw said.Wrong("names no function; add function: take_first, or the one that is meant");
        try
        {
            var filter = ResponseFilter.Create(function, keys.Where(key => key.Key != "function").ToDictionary(key => key.Key, key => key.Value.Value()));
            return function == "map" && !keys.ContainsKey("default_value")
                ? throw named.Wrong("map has no default_value, and lm-evaluation-harness stops at the first answer that it does not map; add one") : filter;
        }
        catch (ResponseFilterException e)
        {
            var near = ResponseFilter.Known.Contains(function) ? "" : $"; did you mean {NearNames.Nearest(function, ResponseFilter.Known)}?";
            throw named.Wrong($"{Printable.Line(function)}: {e.Message}{near}");
        }
    }

    /// <summary>What is graded of the replies to one request.</summary>
    public object? Apply(IReadOnlyList<object?> replies, IReadOnlyDictionary<string, object?> row)
    {
        try
        {
            return Pipeline.Apply(replies, row);
        }
        catch (ResponseFilterException e)
        {
            throw new InputException($"filter_list: {Name}: {e.Message}", e);
        }
    }
}
