using System.Reflection;
using System.Text.RegularExpressions;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Cli;
using Cognito.Eval.Files;
using Cognito.Eval.Served;
using Cognito.Eval.Tokenizers;
using Cognito.Eval.Torch;
using NetArchTest.Rules;

namespace Cognito.Eval.Tests;

/// <summary>Which room of the house knows which (ARCHITECTURE.md): a room is a namespace, and a namespace a folder.</summary>
public sealed class ArchitectureTests
{
    private const string House = "Cognito.Eval", Local = House + ".Torch";

    private static readonly Assembly[] Assemblies =
    [
        typeof(InputException).Assembly, typeof(CheckpointTokenizer).Assembly, typeof(Evaluator).Assembly,
        typeof(TaskRegistry).Assembly, typeof(ServedModel).Assembly, typeof(TorchModel).Assembly, typeof(Session).Assembly,
    ];

    /// <summary>From the bottom up: a room, and those it may know, which all stand above it in this list.</summary>
    private static readonly (string Room, string[] Knows)[] Arrows =
    [
        ("Files", []),
        ("Tokenizers", ["Files"]),
        ("Data", ["Files"]),
        ("Hub", ["Files"]),
        ("Templates", ["Files"]),
        ("Datasets", ["Files", "Data", "Hub", "Templates"]),
        ("Tasks", ["Files", "Data", "Datasets", "Templates"]),
        ("Protocols", ["Files", "Tokenizers", "Data", "Datasets", "Templates", "Tasks"]),
        ("TaskFiles", ["Files", "Data", "Datasets", "Templates", "Tasks", "Protocols"]),
        ("Journal", ["Files"]),
        ("Planning", ["Files", "Tokenizers", "Templates", "Tasks", "Protocols"]),
        ("Models", ["Files", "Tasks", "Protocols", "Tokenizers", "Journal", "Planning"]),
        ("Results", ["Files", "Tokenizers", "Data", "Datasets", "Templates", "Tasks", "Protocols", "Planning", "Models"]),
        ("Comparison", ["Files", "Data", "Datasets", "Tasks", "Protocols", "Models", "Results"]),
        ("Reports", ["Files", "Data", "Datasets", "Tasks", "Protocols", "Models", "Results", "Comparison"]),
        ("Benchmarks", ["Files", "Data", "Datasets", "Templates", "Tasks", "Protocols", "TaskFiles"]),
        ("Served", ["Files", "Tokenizers", "Tasks", "Protocols", "Journal", "Planning", "Models"]),
        ("Torch.Native", ["Files"]),
        ("Torch.Architectures", ["Files", "Models"]),
        ("Torch.Weights", ["Files", "Hub", "Torch.Native", "Torch.Architectures"]),
        ("Torch.Kernels", ["Torch.Native", "Torch.Architectures"]),
        ("Torch.Attention", ["Planning", "Torch.Native", "Torch.Architectures", "Torch.Kernels"]),
        ("Torch.Layers", ["Planning", "Torch.Native", "Torch.Architectures", "Torch.Weights", "Torch.Kernels", "Torch.Attention"]),
        ("Torch.Generation", ["Protocols", "Planning", "Torch.Native", "Torch.Architectures", "Torch.Kernels", "Torch.Attention", "Torch.Layers"]),
        ("Torch.Goldens",
            ["Files", "Planning", "Torch.Native", "Torch.Architectures", "Torch.Weights", "Torch.Attention", "Torch.Layers", "Torch.Generation"]),
    ];

    public static TheoryData<string> Rooms => [.. Arrows.Select(arrow => arrow.Room)];

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_knows_those_that_it_may(string room)
    {
        var knows = Arrows.First(arrow => arrow.Room == room).Knows;
        string[] others = [.. Arrows.Select(arrow => arrow.Room).Where(other => other != room && !knows.Contains(other))];
        Assert.NotEmpty(In(room).GetTypes());
        string[] unknown = [.. others.Select(other => $"{House}.{other}"), .. Fronts(room)];
        if (Knowing(room, unknown).Any())
            Assert.Fail(string.Join('\n', unknown.SelectMany(one => Knowing(room, one).Select(type => $"{type} knows {one}"))));
    }

    /// <summary>A permission that nobody needs is taken back, and an arrow that is there is seen.</summary>
    [Theory]
    [MemberData(nameof(Rooms))]
    public void Each_arrow_is_needed(string room) =>
        Assert.All(Arrows.First(arrow => arrow.Room == room).Knows, known => Assert.NotEmpty(Knowing(room, $"{House}.{known}")));

    private static PredicateList In(string room) => Types.InAssemblies(Assemblies).That()
        .ResideInNamespaceMatching($@"^{Regex.Escape($"{House}.{room}")}(\.|$)");

    private static IEnumerable<string> Knowing(string room, params string[] known) =>
        In(room).ShouldNot().HaveDependencyOnAny(known).GetResult().FailingTypes?.Select(type => type.FullName) ?? [];

    [Fact]
    public void Arrows_run_down_so_that_no_cycle_is_possible()
    {
        foreach (var (i, arrow) in Arrows.Index())
            Assert.All(arrow.Knows, known => Assert.InRange(Array.FindIndex(Arrows, other => other.Room == known), 0, i - 1));
    }

    [Fact]
    public void A_namespace_is_a_folder_and_every_type_lives_in_a_room()
    {
        string[] rooms = [.. Arrows.Select(arrow => $"{House}.{arrow.Room}"), House, Local, $"{House}.Cli"];
        foreach (var type in Assemblies.SelectMany(assembly => assembly.GetTypes()).Where(type => type.Namespace is not null && !type.Name.StartsWith('<')))
            if (type.Namespace!.StartsWith(House, StringComparison.Ordinal))
                Assert.Contains(rooms, room => type.Namespace == room || room != House && type.Namespace.StartsWith(room + ".", StringComparison.Ordinal));
    }

    [Fact]
    public void The_program_alone_knows_the_program_and_no_library_the_local_model()
    {
        foreach (var assembly in Assemblies.SkipLast(1))
            Assert.DoesNotContain(assembly.GetReferencedAssemblies(), known => known.Name == "cognito-eval");
        foreach (var assembly in Assemblies.SkipLast(2))
            Assert.DoesNotContain(assembly.GetReferencedAssemblies(), known => known.Name is "Cognito.Eval.Torch" or "TorchSharp");
    }

    /// <summary>Types at the front of the library and of the local model, which no room behind them may know.</summary>
    private static IEnumerable<string> Fronts(string room) =>
        Types.InAssemblies(Assemblies).GetTypes().Select(type => type.ReflectionType)
            .Where(type => type.DeclaringType is null && (type.Namespace == House || type.Namespace == Local && room.StartsWith("Torch.", StringComparison.Ordinal)))
            .Select(type => type.FullName!).Append($"{House}.Cli");
}
