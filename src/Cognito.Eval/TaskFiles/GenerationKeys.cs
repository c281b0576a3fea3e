using Cognito.Eval.Files;

namespace Cognito.Eval.TaskFiles;

/// <summary>How text is generated: <c>generation_kwargs</c> (protocol 11.4).</summary>
internal static class GenerationKeys
{
    private const int UsualMost = 256;

    /// <summary>Names of the most tokens of an answer, the first that is given counts.</summary>
    private static readonly string[] MostTokens = ["max_gen_toks", "max_new_tokens", "max_tokens", "max_completion_tokens"];

    /// <summary>Keys that change nothing where no answer is sampled.</summary>
    private static readonly string[] OfSampling = ["top_p", "top_k", "min_p", "typical_p"];

    /// <param name="delimiter">What ends an answer where nothing else is said.</param>
    /// <param name="doubts">To which is added what has no effect, or is done otherwise.</param>
    public static IReadOnlyDictionary<string, object?>? Of(FileKeys keys, string output, string delimiter, List<Doubt> doubts)
    {
        var said = keys.Of("generation_kwargs");
        if (output != "generate_until")
        {
            if (said is not null)
                doubts.Add(FewshotKeys.Unused(said, $"nothing is generated with output_type {output}"));
            return null;
        }
        if (said is null)
            return new OrderedDictionary<string, object?>
            {
                ["temperature"] = 0.0,
                ["do_sample"] = false,
                ["max_gen_toks"] = (long)UsualMost,
                ["until"] = (string[])[delimiter],
            };
        var settings = new OrderedDictionary<string, object?>();
        foreach (var (key, value) in said.Mapping())
            settings[key] = Value(key, value, doubts);
        var samples = settings.GetValueOrDefault("do_sample") is true
            || settings.GetValueOrDefault("do_sample") is null && settings.GetValueOrDefault("temperature") is > 0.0;
        if (samples)
            doubts.Add(new(TaskKeys.Sampling, $"{said.Origin}: {said.Key} asks for sampled answers, and here they are generated greedily",
                "say do_sample: false", said.Key));
        settings.TryAdd("until", (string[])[delimiter]);
        return settings;
    }

    private static object? Value(string key, Said said, List<Doubt> doubts) => key switch
    {
        "temperature" => said.Value() switch
        {
            long whole and >= 0 => (double)whole,
            double number and >= 0 => number,
            _ => throw said.Wrong("is no temperature; give a number from 0"),
        },
        "do_sample" => said.IsNull ? null : said.Flag(),
        "until" => said.IsNull ? null : Texts(said),
        _ when MostTokens.Contains(key) => said.IsNull ? null : Most(said),
        _ when OfSampling.Contains(key) => said.Value(),
        "num_beams" or "num_return_sequences" when said.Value() is 1L => 1L,
        "use_cache" => said.Flag(),
        _ => throw said.Wrong($"is a setting of generation that is not done; remove it, or give one of until, do_sample, temperature, {MostTokens[0]}"),
    };

    private static object Texts(Said said) => said.Node is Templates.YamlSequence
        ? (string[])[.. said.Items().Select(item => item.Text())] : said.Text();

    private static long Most(Said said) => said.Whole() is > 0 and <= 1 << 20 and var most ? most : throw said.Wrong("is no number of tokens; give one from 1");

    /// <summary>Stop strings in their order.</summary>
    public static IReadOnlyList<string> Stops(IReadOnlyDictionary<string, object?> settings) => settings.GetValueOrDefault("until") switch
    {
        string one => [one],
        IReadOnlyList<string> list => list,
        _ => [],
    };

    public static int MostNewTokens(IReadOnlyDictionary<string, object?> settings) =>
        MostTokens.Select(key => settings.GetValueOrDefault(key)).OfType<long>().Select(most => (int)most).FirstOrDefault(UsualMost);
}
