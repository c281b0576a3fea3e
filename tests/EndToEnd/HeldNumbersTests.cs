using Cognito.Eval.Cli;
using Cognito.Eval.Torch;
using Mono.Cecil;
using Mono.Cecil.Cil;
using TorchSharp;

namespace Cognito.Eval.Tests;

/// <summary>
/// Numbers that libtorch is given are held until it has read them. TorchSharp passes a Scalar's address alone: one that nobody else
/// holds may be freed by the collector in between, and libtorch reads whatever lies there then.
/// </summary>
public sealed class HeldNumbersTests
{
    private const string ScalarName = "TorchSharp.Scalar";

    private static IEnumerable<Instruction> Calls(MethodDefinition method) => method.HasBody
        ? method.Body.Instructions.Where(i => i.Operand is MethodReference && (i.OpCode.FlowControl == FlowControl.Call || i.OpCode == OpCodes.Ldftn))
        : [];

    private static IEnumerable<MethodDefinition> Methods(AssemblyDefinition assembly) =>
        assembly.MainModule.GetTypes().SelectMany(type => type.Methods);

    private static bool MakesScalar(MethodReference called) =>
        called.ReturnType.FullName == ScalarName || called is { Name: ".ctor", DeclaringType.FullName: ScalarName };

    /// <summary>Whether what is stored stays until the program ends, or until it is disposed: a local alone may be let go after its last use.</summary>
    private static bool IsHeld(MethodDefinition method, Instruction store) => store.OpCode == OpCodes.Stsfld
        || Local(store, "stloc") is { } local && method.Body.Instructions.Any(i =>
            Local(i, "ldloc") == local && i.Next is { Operand: MethodReference { Name: nameof(IDisposable.Dispose) } });

    /// <summary>The number of the local that an instruction loads or stores.</summary>
    private static int? Local(Instruction instruction, string does) => !instruction.OpCode.Name.StartsWith(does, StringComparison.Ordinal)
        || instruction.OpCode.Name.StartsWith("ldloca", StringComparison.Ordinal) ? null
        : instruction.Operand is VariableDefinition local ? local.Index : instruction.OpCode.Name[^1] - '0';

    [Fact]
    public void No_number_is_given_to_libtorch_that_nobody_holds()
    {
        using var torchSharp = AssemblyDefinition.ReadAssembly(typeof(torch).Assembly.Location);
        using var model = AssemblyDefinition.ReadAssembly(typeof(TorchModel).Assembly.Location);
        using var program = AssemblyDefinition.ReadAssembly(typeof(Session).Assembly.Location);
        // TorchSharp's methods that make one for themselves, or call one that does.
        var callers = new Dictionary<string, List<MethodDefinition>>();
        var drops = new HashSet<string>();
        var queue = new Queue<MethodDefinition>();
        foreach (var method in Methods(torchSharp).Where(method => !MakesScalar(method)))
            foreach (var called in Calls(method).Select(i => (MethodReference)i.Operand))
                if (!MakesScalar(called))
                    (callers.TryGetValue(called.FullName, out var known) ? known : callers[called.FullName] = []).Add(method);
                else if (drops.Add(method.FullName))
                    queue.Enqueue(method);
        while (queue.TryDequeue(out var method))
            foreach (var caller in callers.GetValueOrDefault(method.FullName) ?? [])
                if (drops.Add(caller.FullName))
                    queue.Enqueue(caller);
        Assert.Contains(drops, name => name.Contains("torch/Tensor::add_(TorchSharp.torch/Tensor)", StringComparison.Ordinal));

        var found = Methods(model).Concat(Methods(program)).SelectMany(method => Calls(method)
            .Where(i => i.Operand is MethodReference called && (drops.Contains(called.FullName)
                || MakesScalar(called) && !IsHeld(method, i.Next)))
            .Select(i => $"{method.DeclaringType.FullName}.{method.Name} calls {((MethodReference)i.Operand).FullName}")).ToList();
        Assert.True(found.Count == 0, string.Join('\n', found));
    }
}
