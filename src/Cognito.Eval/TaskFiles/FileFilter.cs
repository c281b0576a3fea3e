using Cognito.Eval.Files;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.TaskFiles;

/// <summary>A way from the replies to a request to what is graded: a pipeline of <c>filter_list</c> (protocol 11.4).</summary>
internal sealed record FileFilter(string Name, ResponsePipeline Pipeline)
{
    public static IReadOnlyList<FileFilter> Of(FileKeys keys, string output) => keys.Of("filter_list") is { } said
        ? [.. said.List().Select(item => new FileFilter(item.Mapping()["name"].Text(), new()))] : [new("none", new())];

    public string Apply(IReadOnlyList<string> replies) => Pipeline.Apply(replies);
}
