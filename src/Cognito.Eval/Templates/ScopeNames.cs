namespace Cognito.Eval.Templates;

/// <summary>
/// Which names a scope reads and sets, in the order of the source. A name that a part within reads, and that the scope itself sets only
/// later, is undefined to Jinja there, though the row may have it.
/// </summary>
internal sealed class ScopeNames
{
    private readonly HashSet<string> _read = [], _readWithin = [], _set = [];

    /// <summary>How many ifs are open: what is set in one may stay unset.</summary>
    public int Ifs { get; set; }

    public void Read(string name)
    {
        if (!_set.Contains(name))
            _read.Add(name);
    }

    public void ReadWithin(ScopeNames part) => _readWithin.UnionWith(part._read.Concat(part._readWithin).Where(name => !_set.Contains(name)));

    /// <exception cref="TemplateException">A part within has read it before.</exception>
    public void Set(IEnumerable<string> names)
    {
        foreach (var name in names)
            if (Ifs > 0)
                Read(name);
            else if (_set.Add(name) && _readWithin.Contains(name) && !_read.Contains(name))
                throw TemplateException.Refused($"'{name}', which is read within a part before it is set outside of it,");
    }
}
