namespace Cognito.Eval.Templates;

/// <summary>Jinja's <c>loop</c>: the items of a loop, and where it is.</summary>
/// <param name="count">Where it is known beforehand.</param>
internal sealed class LoopState(IEnumerable<object?> items, long? count)
{
    private IEnumerator<object?> _rest = items.GetEnumerator();
    private long _index0 = -1;
    private bool _isPeeked, _isMore;
    private object? _peeked, _before;
    private IReadOnlyList<object?>? _changed;

    public object? Current { get; private set; }

    public bool MoveNext()
    {
        var isMore = Peek();
        _isPeeked = false;
        if (!isMore)
            return false;
        _index0++;
        (_before, Current) = (Current, _peeked);
        return true;
    }

    private bool Peek()
    {
        if (_isPeeked)
            return _isMore;
        (_isPeeked, _isMore) = (true, _rest.MoveNext());
        _peeked = _isMore ? _rest.Current : null;
        return _isMore;
    }

    private long Count()
    {
        if (count is null)
        {
            var peeked = _isPeeked && _isMore ? 1 : 0;
            var rest = new List<object?>();
            while (_rest.MoveNext())
                rest.Add(_rest.Current);
            count = rest.Count + _index0 + 1 + peeked;
            _rest = rest.GetEnumerator();
        }
        return count.Value;
    }

    /// <summary>What it is asked for; null where it has no such.</summary>
    public (bool IsThere, object? Value) Attribute(string name) => name switch
    {
        "index" => (true, _index0 + 1),
        "index0" => (true, _index0),
        "first" => (true, _index0 == 0),
        "last" => (true, !Peek()),
        "length" => (true, Count()),
        "revindex" => (true, Count() - _index0),
        "revindex0" => (true, Count() - _index0 - 1),
        "depth" => (true, 1L),
        "depth0" => (true, 0L),
        "previtem" => (true, _index0 == 0 ? new PythonUndefined("there is no previous item") : _before),
        "nextitem" => (true, Peek() ? _peeked : new PythonUndefined("there is no next item")),
        "cycle" or "changed" => (true, new PythonMethod(this, name)),
        _ => (false, null),
    };

    public object? Cycle(IReadOnlyList<object?> values) =>
        values.Count > 0 ? values[(int)(_index0 % values.Count)] : throw TemplateException.Type("loop.cycle() needs values");

    public bool IsChanged(IReadOnlyList<object?> values, Budget budget)
    {
        if (_changed is not null && PythonValue.AreEqual(new PythonTuple(_changed), new PythonTuple(values), budget))
            return false;
        _changed = values;
        return true;
    }
}
