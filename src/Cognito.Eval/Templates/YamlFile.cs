using System.Text;
using Cognito.Eval.Files;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Cognito.Eval.Templates;

/// <summary>A task file's YAML as a tree with lines: YAML 1.1 as PyYAML reads it. Nothing in it is run.</summary>
public static class YamlFile
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Lines that <see cref="IsOutdented"/> finds.</summary>
    private const int MostMended = 200;

    /// <exception cref="InputException">No such file, or no YAML.</exception>
    public static YamlNode Read(string path)
    {
        try
        {
            return Parse(Utf8.GetString(RegularFile.Read(path, FileKind.Task)), path);
        }
        catch (DecoderFallbackException e)
        {
            throw new InputException($"{path}: it is no UTF-8; save it as such", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{path}: cannot be read ({Fact.Of(e)}); {FileKind.Task.Fix}", e);
        }
    }

    /// <param name="name">Of the file, for messages.</param>
    /// <exception cref="InputException">It is no YAML: the message names the file and the line.</exception>
    public static YamlNode Parse(string text, string name)
    {
        if (StrangeLine(text) is { } line)
            throw new InputException($"{name}, line {line}: a control character or half a character, which no YAML may hold; remove it");
        var lines = text.TrimStart('\ufeff').Split('\n');
        for (var mended = 0; ; mended++)
            try
            {
                return new YamlTree(new Parser(new StringReader(string.Join('\n', lines))), name).Read();
            }
            catch (YamlException e) when (mended < MostMended && IsOutdented(e, lines))
            {
                lines[e.End.Line - 1] = new string(' ', (int)e.Start.Column) + lines[e.End.Line - 1];
            }
            catch (Exception e) when (e is YamlException or ArgumentException or InvalidOperationException)
            {
                var where = e is YamlException { Start.Line: > 0 and var at } ? $", line {at}" : "";
                throw new InputException($"{name}{where}: no YAML here; look for an unquoted ':', '{{' or '#', a quote that is not closed, or a tab", e);
            }
    }

    /// <summary>
    /// Whether a quoted text goes on in a line that begins further left than its key: the YAML library wants it indented and PyYAML does
    /// not. White space at the beginning of such a line is no part of the text, so more of it changes nothing.
    /// </summary>
    private static bool IsOutdented(YamlException e, string[] lines) =>
        e.Message.Contains("wrong indentation", StringComparison.Ordinal) && e.End.Line > e.Start.Line && e.End.Line <= lines.Length
            && lines[e.End.Line - 1] is { Length: > 0 } line && !line.StartsWith("---", StringComparison.Ordinal) && !line.StartsWith("...", StringComparison.Ordinal);

    /// <summary>The first line with a character that PyYAML refuses.</summary>
    private static int? StrangeLine(string text)
    {
        var line = 1;
        for (var i = 0; i < text.Length; i++)
        {
            line += text[i] == '\n' ? 1 : 0;
            var isPair = char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]);
            if (isPair)
                i++;
            else if (!(text[i] is '\t' or '\n' or '\r' or '\x85' or (>= ' ' and <= '~') or (>= '\xa0' and <= '\ud7ff') or (>= '\ue000' and <= '\ufffd')))
                return line;
        }
        return null;
    }
}

/// <summary>Makes the tree of a parser's events.</summary>
internal sealed class YamlTree(IParser parser, string name)
{
    private const int MostDepth = 64;

    /// <summary>Of values, those that aliases repeat counted each time.</summary>
    private const long MostSize = 200_000;

    private readonly Dictionary<string, YamlNode?> _anchors = [];
    private int _depth;
    private long _size;

    public YamlNode Read()
    {
        parser.Consume<StreamStart>();
        if (parser.Accept<StreamEnd>(out _))
            return new YamlScalar(null, "", true, 1, 1);
        parser.Consume<DocumentStart>();
        var root = ReadNode();
        parser.Consume<DocumentEnd>();
        return parser.Accept<StreamEnd>(out var end) ? root : throw Error(parser.Current!, "a second document begins, and a task file has one; remove it");
    }

    private InputException Error(ParsingEvent at, string message) => new($"{name}, line {at.Start.Line}: {message}");

    private YamlNode ReadNode()
    {
        var at = parser.Current!;
        if (++_depth > MostDepth)
            throw Error(at, $"values lie more than {MostDepth} levels deep; make it flatter");
        var node = at switch
        {
            AnchorAlias alias => ReadAlias(alias),
            Scalar scalar => Anchored(scalar, () => ReadScalar(parser.Consume<Scalar>())),
            SequenceStart sequence => Anchored(sequence, ReadSequence),
            MappingStart mapping => Anchored(mapping, ReadMapping),
            _ => throw Error(at, "a value is missing"),
        };
        _depth--;
        if ((_size += node is YamlScalar or YamlFunction || at is AnchorAlias ? node.Size : 1) > MostSize)
            throw Error(at, $"it has more than {MostSize} values, counting what aliases repeat; make it smaller");
        return node;
    }

    private YamlNode Anchored(NodeEvent at, Func<YamlNode> read)
    {
        if (at.Anchor.IsEmpty)
            return read();
        _anchors[at.Anchor.Value] = null;
        return _anchors[at.Anchor.Value] = read();
    }

    private YamlNode ReadAlias(AnchorAlias alias)
    {
        parser.MoveNext();
        return !_anchors.TryGetValue(alias.Value.Value, out var node) ? throw Error(alias, $"*{alias.Value} stands for no anchor; write &{alias.Value} before it")
            : node ?? throw Error(alias, $"*{alias.Value} lies within what it stands for; write it out");
    }

    private static (int Line, int Column) Place(ParsingEvent at) => ((int)at.Start.Line, (int)at.Start.Column);

    private YamlNode ReadScalar(Scalar scalar)
    {
        var (line, column) = Place(scalar);
        var isPlain = scalar.Style == ScalarStyle.Plain;
        if (!scalar.Tag.IsEmpty && scalar.Tag.Value == "!function")
            return new YamlFunction(scalar.Value, line, column);
        try
        {
            var value = scalar.Tag.IsEmpty ? isPlain ? YamlScalars.Resolve(scalar.Value) : scalar.Value
                : scalar.Tag.IsNonSpecific ? scalar.Value
                : YamlScalars.Tagged(scalar.Tag.Value, scalar.Value);
            return new YamlScalar(value, scalar.Value, isPlain, line, column);
        }
        catch (TemplateException e)
        {
            throw Error(scalar, $"{e.Message}; put it in quotes if it is text");
        }
    }

    private void RefuseTag(NodeEvent at, string own)
    {
        if (!at.Tag.IsEmpty && !at.Tag.IsNonSpecific && at.Tag.Value != $"tag:yaml.org,2002:{own}")
            throw Error(at, $"the tag {at.Tag.Value} is not known here; remove it");
    }

    private YamlSequence ReadSequence()
    {
        var start = parser.Consume<SequenceStart>();
        RefuseTag(start, "seq");
        var items = new List<YamlNode>();
        while (!parser.TryConsume<SequenceEnd>(out _))
            items.Add(ReadNode());
        var (line, column) = Place(start);
        return new(items, line, column) { Size = 1 + items.Sum(item => item.Size) };
    }

    private YamlMapping ReadMapping()
    {
        var start = parser.Consume<MappingStart>();
        RefuseTag(start, "map");
        var (merged, entries) = (new List<YamlEntry>(), new List<YamlEntry>());
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            if (parser.Accept<Scalar>(out var merge) && merge is { Style: ScalarStyle.Plain, Tag.IsEmpty: true, Value: "<<" })
            {
                parser.MoveNext();
                merged.AddRange(Merged(ReadNode()));
                continue;
            }
            if (parser.Accept<Scalar>(out var plain) && plain is { Style: ScalarStyle.Plain, Tag.IsEmpty: true, Value: "=" })
                throw Error(plain, "a bare '=' is no key; put it in quotes");
            var at = parser.Current!;
            if (ReadNode() is not YamlScalar key)
                throw Error(at, "a key is a mapping, a list or a function; if it begins with '{{', put the text in quotes");
            if (key is { IsPlain: true, Text: "" })
                throw Error(at, "a key is missing before ':'");
            entries.Add(new(key, ReadNode()));
        }
        var (line, column) = Place(start);
        return new([.. merged, .. entries], line, column) { Size = 1 + merged.Concat(entries).Sum(entry => 1 + entry.Value.Size) };
    }

    private IEnumerable<YamlEntry> Merged(YamlNode node) => node switch
    {
        YamlMapping mapping => mapping.Entries.Select(entry => entry with { IsMerged = true }),
        YamlSequence sequence when sequence.Items.All(item => item is YamlMapping) =>
            sequence.Items.Reverse().SelectMany(item => ((YamlMapping)item).Entries).Select(entry => entry with { IsMerged = true }),
        _ => throw new InputException($"{name}, line {node.Line}: '<<' takes a mapping or a list of such; give it one"),
    };
}
