using System.Text.RegularExpressions;
using Cognito.Eval.Files;
using YamlDotNet.Core;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.EventEmitters;
using YamlDotNet.Serialization.NamingConventions;

namespace Cognito.Eval.Reports;

/// <summary>
/// YAML in which every text is read as that text, by 1.1 as by 1.2: what is not plainly one stands in double quotes
/// (https://yaml.org/type/, https://yaml.org/spec/1.2.2/#103-core-schema).
/// </summary>
internal static partial class Yaml
{
    public static string Serialize(object document) => new SerializerBuilder().WithNamingConvention(NullNamingConvention.Instance).WithNewLine("\n")
        .WithEventEmitter(next => new Quoting(next)).Build().Serialize(document);

    /// <summary>
    /// A letter comes first, so that it is no number, date, time or mark of YAML's. Then come characters without a meaning, a
    /// colon or # only inside a word. It is no word that means true, false or nothing, nor e1, which some readers of 1.1 take
    /// for a number.
    /// </summary>
    private static bool IsPlain(string text) => Plain().IsMatch(text) && !Words().IsMatch(text);

    [GeneratedRegex(@"^[A-Za-z](?:[A-Za-z0-9_./()+%=?~^$;*-]|[:#&@!](?=[A-Za-z0-9_/])|,(?=[ A-Za-z0-9_])| (?=[A-Za-z0-9_./(+]))*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Plain();

    [GeneratedRegex(@"^(?:y|n|yes|no|on|off|true|false|null|nan|inf|e[0-9]+)\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Words();

    private sealed class Quoting(IEventEmitter next) : ChainedEventEmitter(next)
    {
        public override void Emit(ScalarEventInfo eventInfo, IEmitter emitter)
        {
            if (eventInfo.Source.Value is string text && Printable.Line(text) is var line)
                eventInfo = new ScalarEventInfo(new ObjectDescriptor(line, typeof(string), typeof(string)))
                {
                    Style = IsPlain(line) ? ScalarStyle.Any : ScalarStyle.DoubleQuoted,
                };
            base.Emit(eventInfo, emitter);
        }
    }
}
