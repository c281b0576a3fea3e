using System.Numerics;
using System.Text;

namespace Cognito.Eval.Templates;

/// <content>Expressions and their values.</content>
internal sealed partial class Rendering
{
    private object? Evaluate(Expression expression, Scope scope)
    {
        _budget.Enter();
        var value = expression switch
        {
            Constant constant => constant.Value,
            Variable variable => Lookup(variable.Name, scope),
            AttributeOf attribute => PythonAttributes.Get(Evaluate(attribute.Target, scope), attribute.Name),
            ItemOf item => Item(item, scope),
            Call call => Invoke(Evaluate(call.Target, scope), Evaluated(call.Arguments, scope)),
            Filtered filtered => Filter(filtered, null, scope),
            Tested tested => Test(tested, scope),
            Binary { Operator: "and" } and => Evaluate(and.Left, scope) is var left && PythonValue.IsTrue(left) ? Evaluate(and.Right, scope) : left,
            Binary { Operator: "or" } or => Evaluate(or.Left, scope) is var left && PythonValue.IsTrue(left) ? left : Evaluate(or.Right, scope),
            Binary binary => PythonOperators.Apply(binary.Operator, Evaluate(binary.Left, scope), Evaluate(binary.Right, scope), _budget),
            Unary { Operator: "not" } not => !PythonValue.IsTrue(Evaluate(not.Operand, scope)),
            Unary unary => PythonOperators.Sign(unary.Operator, Evaluate(unary.Operand, scope)),
            Concatenation joined => Join(joined, scope),
            Comparison comparison => Compare(comparison, scope),
            Conditional conditional => Choose(conditional, scope),
            ListOf list => new PythonList(list.Items.Select(item => Evaluate(item, scope))),
            TupleOf tuple => new PythonTuple([.. tuple.Items.Select(item => Evaluate(item, scope))]),
            DictOf dict => Dict(dict, scope),
            SliceOf => throw TemplateException.Refused("a slice among other indices"),
            _ => throw TemplateException.Refused("an expression of this kind"),
        };
        _budget.Leave();
        return value;
    }

    private string Join(Concatenation joined, Scope scope)
    {
        var text = new StringBuilder();
        foreach (var item in joined.Items)
        {
            text.Append(PythonValue.Str(Evaluate(item, scope), _budget));
            _budget.Spend(text.Length);
        }
        return text.ToString();
    }

    private object? Choose(Conditional conditional, Scope scope) => PythonValue.IsTrue(Evaluate(conditional.Test, scope))
        ? Evaluate(conditional.Then, scope)
        : conditional.Else is null
            ? new PythonUndefined("an inline 'if' was false and has no 'else'", isStrict: false)
            : Evaluate(conditional.Else, scope);

    private PythonDict Dict(DictOf source, Scope scope)
    {
        var dict = new PythonDict();
        foreach (var (key, value) in source.Entries)
            dict.Items[new(Evaluate(key, scope))] = Evaluate(value, scope);
        return dict;
    }

    private bool Compare(Comparison comparison, Scope scope)
    {
        var left = Evaluate(comparison.First, scope);
        foreach (var (operation, expression) in comparison.Rest)
        {
            var right = Evaluate(expression, scope);
            if (!PythonOperators.Compare(operation, left, right, _budget))
                return false;
            left = right;
        }
        return true;
    }

    private object? Item(ItemOf item, Scope scope)
    {
        var target = Evaluate(item.Target, scope);
        if (item.Index is not SliceOf slice)
            return PythonAttributes.GetItem(target, Evaluate(item.Index, scope));
        BigInteger? Bound(Expression? bound) => bound is null || Evaluate(bound, scope) is not { } value ? null
            : PythonNumber.IsInteger(value) ? PythonNumber.Integer(value)
            : throw TemplateException.Type("a slice's bounds are whole numbers");
        return PythonSequence.Slice(target, Bound(slice.Start), Bound(slice.Stop), Bound(slice.Step) ?? 1, _budget);
    }

    private Arguments Evaluated(CallArguments arguments, Scope scope) => new(
        [.. arguments.Positional.Select(value => Evaluate(value, scope))],
        [.. arguments.Named.Select(value => (value.Name, Evaluate(value.Value, scope)))]);

    private object? Invoke(object? target, Arguments arguments) => target switch
    {
        PythonMethod { Target: LoopState loop, Name: "cycle" } => loop.Cycle(arguments.Positional),
        PythonMethod { Target: LoopState loop } => loop.IsChanged(arguments.Positional, _budget),
        PythonMethod { Target: string text } method => TextMethods.Call(text, method.Name, arguments, _budget),
        PythonMethod { Target: PythonList list } method => ListMethods.Call(list, method.Name, arguments, _budget, _copies),
        PythonMethod { Target: PythonTuple tuple } method => ListMethods.Call(tuple, method.Name, arguments, _budget),
        PythonMethod { Target: PythonDict dict } method => DictMethods.Call(dict, method.Name, arguments, _budget, _copies),
        PythonMethod method => throw TemplateException.Refused($"{PythonValue.TypeName(method.Target)}.{method.Name}()"),
        Macro macro => CallMacro(macro, arguments.Positional, arguments.Named),
        PythonType type => TemplateGlobals.Make(type, arguments, _budget),
        PythonFunction function => throw TemplateException.Refused($"{function.Name}()"),
        LoopState => throw TemplateException.Refused("loop(), a loop within itself,"),
        PythonUndefined undefined => throw undefined.Error(),
        _ => throw TemplateException.Type($"{PythonValue.TypeName(target)} is no function to be called"),
    };

    /// <param name="block">What a block filters, where the filter has no target of its own.</param>
    private object? Filter(Expression filter, object? block, Scope scope)
    {
        if (filter is not Filtered filtered)
            return block;
        var target = filtered.Target switch
        {
            null => block,
            Filtered inner => Filter(inner, block, scope),
            var other => Evaluate(other, scope),
        };
        return ApplyFilter(filtered.Name, target, Evaluated(filtered.Arguments, scope));
    }

    private object? ApplyFilter(string name, object? value, Arguments arguments) =>
        TemplateFilters.Apply(name, value, arguments, new(_budget, ApplyFilter, (test, item, its) => TemplateTests.Apply(test, item, its, _budget)));

    /// <summary>A test of |random's answer has one where all that could be drawn give the same.</summary>
    private bool Test(Tested tested, Scope scope)
    {
        var arguments = Evaluated(tested.Arguments, scope);
        if (tested.Target is not Filtered { Name: "random", Target: { } source, Arguments: { Positional: [], Named: [] } })
            return TemplateTests.Apply(tested.Name, Evaluate(tested.Target, scope), arguments, _budget);
        bool[] answers = [.. PythonSequence.Items(Evaluate(source, scope), _budget)
            .Select(item => TemplateTests.Apply(tested.Name, item, arguments, _budget)).Distinct()];
        return answers.Length == 1 ? answers[0] : throw TemplateException.Refused("|random, whose answer differs from run to run,");
    }
}
