using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cognito.Eval.Tests;

internal sealed partial class EngineServer
{
    private readonly Random _random = new(7);

    private static int Best(float[] row) => Array.IndexOf(row, row.Max());

    /// <summary>A log-probability as this engine writes it, or lies.</summary>
    private JsonNode? Value(float value, double shift, int place) => Lie switch
    {
        Lie.MinusNines when place % 7 == 3 => -9999.0,
        Lie.NotANumber when place % 7 == 3 => "(NaN)",
        Lie.Positive when place % 7 == 3 => 0.7,
        _ => (float)(value + shift),
    };

    /// <summary>What it writes: the arg max, unless a request leaves the choice to the engine's own settings.</summary>
    private int[] Written(JsonNode settings, IEnumerable<string> expected, int[] ids, int most, string stopKey)
    {
        if (Lie == Lie.GeneratesAtRandom || expected.Any(key => settings[key] is null) || (double)settings["temperature"]! != 0)
            return [.. Enumerable.Range(0, most).Select(_ => _random.Next(3, _oracle.Vocabulary))];
        if (most == 1)
            return [Best(_oracle.LogProbs(ids)[^1])];
        List<int> ends = [_oracle.Tokenizer.EndId, .. settings["stop_token_ids"] is JsonArray more ? more.Select(id => (int)id!) : []];
        string[] stops = settings[stopKey] is JsonArray texts ? [.. texts.Select(text => (string)text!)] : [];
        return _oracle.Continue(ids, most, ends, stops);
    }

    private string FinishOf(int[] written, int most) => written.Length < most || written[^1] == _oracle.Tokenizer.EndId ? "stop" : "length";

    private JsonObject Usage(int prompt, int written, int? cached = null) => new()
    {
        ["prompt_tokens"] = prompt + (Lie is Lie.BosAdded or Lie.BosCounted ? 1 : 0),
        ["completion_tokens"] = written,
        ["prompt_tokens_details"] = cached is null ? null : new JsonObject { ["cached_tokens"] = cached },
    };

    private Reply Vllm(JsonNode body, int[] ids, int most, double shift, int asked)
    {
        if ((bool?)body["add_special_tokens"] != false)
            return new(null, "this test's vLLM was to add no tokens", 400);
        int[] received = Lie is Lie.BosAdded or Lie.BosCounted ? [1, .. ids] : ids;
        var rows = _oracle.LogProbs(received);
        var written = Written(body, OfVllm, ids, most, "stop");
        var choice = new JsonObject { ["index"] = 0, ["text"] = _oracle.Text(written), ["finish_reason"] = FinishOf(written, most) };
        if ((bool?)body["return_token_ids"] == true && Lie != Lie.BosCounted)
            (choice["prompt_token_ids"], choice["token_ids"]) = (JsonSerializer.SerializeToNode(received), JsonSerializer.SerializeToNode(written));
        if (body["prompt_logprobs"] is not null)
        {
            var entries = new JsonArray(Lie == Lie.FirstNotNull ? new JsonObject { [$"{ids[0]}"] = new JsonObject { ["logprob"] = -1.5 } } : null);
            for (var i = 1; i < received.Length - (Lie == Lie.OneEntryLess ? 1 : 0); i++)
            {
                var (row, id) = (rows[i - 1], Lie == Lie.OtherIds ? (received[i] + 17) % _oracle.Vocabulary : received[i]);
                var entry = new JsonObject();
                foreach (var named in new[] { Best(row), id }.Distinct())
                    entry[named.ToString(CultureInfo.InvariantCulture)] = new JsonObject
                    {
                        ["logprob"] = Value(row[named], shift, i),
                        // Those that are as likely count too: a tie with the arg max has rank 2.
                        ["rank"] = row.Count(value => value >= row[named]),
                        ["decoded_token"] = "same",
                    };
                entries.Add(entry);
            }
            choice["prompt_logprobs"] = entries;
        }
        if (body["logprobs"] is not null)
        {
            var named = (bool?)body["return_tokens_as_token_ids"] == true;
            var tops = new JsonArray();
            var values = new JsonArray();
            foreach (var (i, id) in written.Index())
            {
                var row = _oracle.LogProbs([.. received, .. written[..i]])[^1];
                values.Add(Value(row[id], shift, i + 1));
                var top = new JsonObject { [Name(id)] = Value(row[id], shift, i + 1) };
                if (KnowsChoices && i == 0 && body["logprob_token_ids"] is JsonArray choices)
                    foreach (var one in choices.Select(choice => (int)choice!))
                        top[Name(one)] = Value(row[one], shift, i + 1);
                tops.Add(top);
                if (most > 1)
                    break;
            }
            choice["logprobs"] = new JsonObject { ["tokens"] = new JsonArray([.. written.Select(id => (JsonNode)Name(id))]), ["token_logprobs"] = values, ["top_logprobs"] = tops };

            // Two ids may have one text: who asks for texts gets one of them.
            string Name(int id) => named ? $"token_id:{id}" : "same";
        }
        var choicesOf = Lie == Lie.TwoChoices ? new JsonArray(choice.DeepClone(), choice) : new JsonArray(choice);
        return new(new JsonObject { ["choices"] = choicesOf, ["usage"] = Usage(ids.Length, written.Length, asked > 1 ? ids.Length / 16 * 16 : 0) });
    }

    private Reply Sglang(JsonNode body, int[] ids, int most, double shift)
    {
        int[] received = Lie == Lie.BosAdded ? [1, .. ids] : ids;
        var written = Written(body["sampling_params"]!, OfVllm, ids, most, "stop");
        var meta = Usage(ids.Length, written.Length);
        meta["cached_tokens"] = 0;
        meta["finish_reason"] = new JsonObject { ["type"] = FinishOf(written, most) };
        if ((bool?)body["return_logprob"] == true && (int)body["logprob_start_len"]! is >= 0 and var start)
        {
            var rows = _oracle.LogProbs(received);
            var (entries, tops) = (new JsonArray(), new JsonArray());
            for (var i = start; i < received.Length - (Lie == Lie.OneEntryLess ? 1 : 0); i++)
            {
                var id = Lie == Lie.OtherIds ? (received[i] + 17) % _oracle.Vocabulary : received[i];
                var isFirst = i == start && Lie != Lie.FirstNotNull;
                var row = i == 0 ? rows[0] : rows[i - 1];
                entries.Add(new JsonArray(isFirst ? null : Value(row[id], shift, i), id, null));
                tops.Add(isFirst ? null : new JsonArray(new JsonArray(Value(row[Best(row)], shift, i), Best(row), null)));
            }
            (meta["input_token_logprobs"], meta["input_top_logprobs"]) = (entries, tops);
        }
        var output = new JsonArray();
        foreach (var (i, id) in written.Index())
            output.Add(new JsonArray(i == 0 ? Value(_oracle.LogProbs(received)[^1][id], shift, 1) : -0.5, id, null));
        meta["output_token_logprobs"] = output;
        return new(new JsonObject { ["text"] = _oracle.Text(written), ["meta_info"] = meta });
    }

    private Reply Llama(JsonNode body, int[] ids, int most, double shift)
    {
        var content = new JsonArray();
        int? forced = body["logit_bias"] is JsonArray { Count: > 0 } bias && (double)bias[0]![1]! >= 100 ? (int)bias[0]![0]! : null;
        int[] written = forced is { } it ? [Lie == Lie.ForcedElsewhere ? (it + 1) % _oracle.Vocabulary : it]
            : Written(body, [.. Sampling, "top_k", "min_p", "repeat_penalty", "typical_p", "dry_multiplier", "xtc_probability", "mirostat"], ids, most, "stop");
        foreach (var (i, id) in written.Index())
        {
            var row = i == 0 ? _oracle.LogProbs(ids)[^1] : null;
            var best = row is null ? id : Best(row);
            if (Lie != Lie.OneEntryLess)
                content.Add(new JsonObject
                {
                    ["id"] = id,
                    ["token"] = "same",
                    ["logprob"] = row is null ? -0.5 : Value(row[id], shift, ids.Length),
                    ["top_logprobs"] = new JsonArray(new JsonObject { ["id"] = best, ["logprob"] = row is null ? -0.5 : Value(row[best], shift, ids.Length) }),
                });
        }
        return new(new JsonObject
        {
            // Whether echo was asked for is passed over in silence.
            ["choices"] = new JsonArray(new JsonObject
            {
                ["index"] = 0,
                ["text"] = _oracle.Text(written),
                ["logprobs"] = body["logprobs"] is null ? null : new JsonObject { ["content"] = content },
                ["finish_reason"] = FinishOf(written, most),
            }),
            ["usage"] = Usage(ids.Length, written.Length, 0),
        });
    }

    private Reply OpenAi(JsonNode body, int[] ids, int most, double shift)
    {
        var isEcho = (bool?)body["echo"] == true;
        if (isEcho && Lie is Lie.Echo400 or Lie.Echo500)
            return new(null, "Only no echo is supported", Lie == Lie.Echo400 ? 400 : 500);
        int[] received = Lie == Lie.BosAdded ? [1, .. ids] : ids;
        var written = Written(body, Sampling, ids, most, "stop");
        var choice = new JsonObject { ["index"] = 0, ["finish_reason"] = FinishOf(written, most) };
        var whole = _oracle.Text([.. received, .. written]);
        choice["text"] = isEcho ? whole : whole[_oracle.Text(received).Length..];
        if (body["logprobs"] is not null)
        {
            var rows = _oracle.LogProbs(received);
            var (values, tops) = (new JsonArray(), new JsonArray());
            if (isEcho && Lie is not (Lie.EchoIgnored or Lie.ContentShape))
                for (var i = 0; i < received.Length - (Lie == Lie.OneEntryLess ? 1 : 0); i++)
                {
                    var row = i == 0 ? rows[0] : rows[i - 1];
                    values.Add(i == 0 && Lie != Lie.FirstNotNull ? null : Value(row[received[i]], shift, i));
                    tops.Add(i == 0 ? null : Tops(row, received[i], shift, i));
                }
            values.Add(Value(rows[^1][written[0]], shift, 1));
            tops.Add(Tops(rows[^1], written[0], shift, 1));
            choice["logprobs"] = Lie == Lie.ContentShape ? new JsonObject { ["content"] = new JsonArray(new JsonObject { ["token"] = "x", ["logprob"] = -0.1 }) }
                : new JsonObject { ["token_logprobs"] = values, ["top_logprobs"] = tops, ["tokens"] = new JsonArray([.. values.Select(_ => (JsonNode)"same")]) };
        }
        return new(new JsonObject { ["choices"] = new JsonArray(choice), ["usage"] = Usage(ids.Length, written.Length) });

        // Keyed by text: two ids of one text have one entry, and it may be the other's.
        JsonObject Tops(float[] row, int id, double by, int place) => new() { ["same"] = Value(row[Best(row)], by, place) };
    }
}
