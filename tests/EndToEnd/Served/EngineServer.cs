using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Cognito.Eval.Tests;

public enum Dialect { Vllm, Sglang, Llama, OpenAi }

/// <summary>What a server does wrong.</summary>
public enum Lie
{
    None,

    /// <summary>An entry for the first token, before which there is nothing.</summary>
    FirstNotNull,

    /// <summary>A beginning-of-text token in front of the ids; and the same, told by the number of tokens alone.</summary>
    BosAdded, BosCounted,
    EchoIgnored, Echo400, Echo500, OneEntryLess,

    /// <summary>Entries of the ids that another tokenizer's model would have there.</summary>
    OtherIds, OtherTokenizer, SmallVocabulary,

    /// <summary>Values that hang on what was asked before, on how much is asked at a time, on what was asked before of the same.</summary>
    OrderDependent, BatchDependent, CacheDependent,
    MinusNines, NotANumber, Positive, CutJson, Silent, ContentShape, ForcedElsewhere, GeneratesAtRandom, TwoChoices, Endless,
}

/// <summary>An engine on loopback with a real model behind it, in each engine's dialect; and whatever one does wrong.</summary>
internal sealed partial class EngineServer : IAsyncDisposable
{
    /// <summary>What an engine takes from the model's folder where a request does not say.</summary>
    private static readonly string[] Sampling = ["temperature", "top_p", "presence_penalty", "frequency_penalty"],
        OfVllm = [.. Sampling, "top_k", "min_p", "repetition_penalty"];

    private readonly WebApplication _app;
    private readonly Oracle _oracle;
    private readonly Dialect _dialect;
    private readonly ConcurrentDictionary<string, int> _asked = new();
    private int _inFlight, _count;

    public EngineServer(Oracle oracle, Dialect dialect, int port = 0)
    {
        (_oracle, _dialect) = (oracle, dialect);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        _app = builder.Build();
        _app.Run(AnswerAsync);
        _app.StartAsync().GetAwaiter().GetResult();
        Address = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
    }

    public string Address { get; }

    public Lie Lie { get; set; }

    /// <summary>What its model was made from, as it says.</summary>
    public string? Root { get; set; } = "org/nano";

    public int MaxTokens { get; set; } = 4096;

    /// <summary>Required of each request; null requires none.</summary>
    public string? Key { get; set; }

    /// <summary>Whether it says what engine it is.</summary>
    public bool SaysEngine { get; set; } = true;

    /// <summary>Whether it knows logprob_token_ids.</summary>
    public bool KnowsChoices { get; set; } = true;

    /// <summary>Answers instead of the engine: true where it has answered. Told of each request for a completion and its number.</summary>
    public Func<HttpContext, JsonNode, int, Task<bool>>? Fault { get; set; }

    /// <summary>By how much all log-probabilities are elsewhere from now on: another model.</summary>
    public double Moved { get; set; }

    /// <summary>Bodies of requests for completions.</summary>
    public ConcurrentQueue<JsonNode> Completions { get; } = new();

    public int MostInFlight { get; private set; }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        if (Key is not null && context.Request.Headers.Authorization != $"Bearer {Key}")
        {
            await WriteAsync(context, new JsonObject { ["error"] = new JsonObject { ["message"] = $"not a key: {context.Request.Headers.Authorization}" } }, 401);
            return;
        }
        var path = context.Request.Path.Value!;
        if (context.Request.Method == "GET")
        {
            if (About(path) is { } about)
                await WriteAsync(context, about);
            else
                await WriteAsync(context, Error("File Not Found"), 404);
            return;
        }
        var body = (await JsonNode.ParseAsync(context.Request.Body))!;
        if (path == "/tokenize" && _dialect is Dialect.Vllm or Dialect.Llama)
        {
            var text = (string)body[_dialect == Dialect.Vllm ? "prompt" : "content"]!;
            int[] ids = [.. _oracle.Tokenizer.Tokenizer.EncodeToIds(text).Select(id => Lie == Lie.OtherTokenizer ? id + 1 : id)];
            await WriteAsync(context, new JsonObject { ["tokens"] = JsonSerializer.SerializeToNode(ids), ["count"] = ids.Length });
            return;
        }
        if (path != (_dialect == Dialect.Sglang ? "/generate" : "/v1/completions"))
        {
            await WriteAsync(context, Error("Not Found"), 404);
            return;
        }
        await CompleteAsync(context, body);
    }

    private async Task CompleteAsync(HttpContext context, JsonNode body)
    {
        Completions.Enqueue(body);
        var number = Interlocked.Increment(ref _count);
        if (Fault is { } fault && await fault(context, body, number))
            return;
        var at = Interlocked.Increment(ref _inFlight);
        MostInFlight = Math.Max(MostInFlight, at);
        try
        {
            if (Lie == Lie.Silent)
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            if (Lie == Lie.Endless)
            {
                await EndlessAsync(context);
                return;
            }
            var prompt = body[_dialect == Dialect.Sglang ? "input_ids" : "prompt"];
            if (prompt is not JsonArray list || list.Any(id => id is not JsonValue))
            {
                // Texts would be tokens of the server's making, and lists come back in any order: neither is ever sent.
                await WriteAsync(context, Error("one list of ids is taken"), 400);
                return;
            }
            int[] ids = [.. list.Select(id => (int)id!)];
            if (ids.Any(id => id < 0 || id >= _oracle.Vocabulary) || ids.Length == 0)
            {
                await WriteAsync(context, Error("Prompt contains invalid tokens"), 400);
                return;
            }
            var most = (int)(_dialect == Dialect.Sglang ? body["sampling_params"]!["max_new_tokens"] : body["max_tokens"])!;
            if (ids.Length + most > MaxTokens)
            {
                await WriteAsync(context, Error($"{ids.Length} and {most} tokens are more than {MaxTokens}"), 400);
                return;
            }
            var asked = _asked.AddOrUpdate(string.Join(' ', ids), 1, (_, before) => before + 1);
            var shift = Moved + (Lie switch
            {
                Lie.OrderDependent => -0.4 * (number % 5),
                Lie.BatchDependent => at > 1 ? -0.6 : 0,
                Lie.CacheDependent => asked > 1 && ((string?)body["cache_salt"] is null) ? -1 : 0,
                _ => 0,
            });
            if (Lie == Lie.BatchDependent)
                await Task.Delay(30);
            var answer = _dialect switch
            {
                Dialect.Vllm => Vllm(body, ids, most, shift, asked),
                Dialect.Sglang => Sglang(body, ids, most, shift),
                Dialect.Llama => Llama(body, ids, most, shift),
                _ => OpenAi(body, ids, most, shift),
            };
            if (answer.Refusal is { } refusal)
                await WriteAsync(context, Error(refusal), answer.Status);
            else
                await WriteAsync(context, answer.Body!);
        }
        finally
        {
            Interlocked.Decrement(ref _inFlight);
        }
    }

    private sealed record Reply(JsonNode? Body, string? Refusal = null, int Status = 200);

    private static JsonObject Error(string words) => new() { ["error"] = new JsonObject { ["message"] = words, ["type"] = "BadRequestError" } };

    private async Task WriteAsync(HttpContext context, JsonNode body, int status = 200)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        var text = body.ToJsonString().Replace("\"(NaN)\"", "NaN", StringComparison.Ordinal);
        var bytes = Encoding.UTF8.GetBytes(Lie == Lie.CutJson && status == 200 && body["data"] is null ? text[..(text.Length / 2)] : text);
        await context.Response.Body.WriteAsync(bytes);
    }

    private static async Task EndlessAsync(HttpContext context)
    {
        var part = new byte[1 << 20];
        Array.Fill(part, (byte)' ');
        for (var i = 0; i < 1 << 10; i++)
            await context.Response.Body.WriteAsync(part, context.RequestAborted);
    }

    private JsonObject? About(string path)
    {
        var known = Lie == Lie.SmallVocabulary ? _oracle.Vocabulary - 1 : _oracle.Vocabulary;
        return (path, _dialect) switch
        {
            ("/v1/models", Dialect.Llama) => Models(new()
            {
                ["id"] = "/models/nano.gguf",
                ["owned_by"] = "llamacpp",
                ["meta"] = new JsonObject { ["n_vocab"] = known, ["n_ctx"] = MaxTokens, ["n_ctx_train"] = MaxTokens },
            }),
            ("/v1/models", _) => Models(new()
            {
                ["id"] = "nano",
                ["owned_by"] = !SaysEngine ? "somebody" : _dialect switch { Dialect.Vllm => "vllm", Dialect.Sglang => "sglang", _ => "openai" },
                ["root"] = Root,
                ["max_model_len"] = MaxTokens,
            }),
            ("/version", Dialect.Vllm) => new() { ["version"] = "0.99.0" },
            ("/get_server_info", Dialect.Sglang) => new() { ["version"] = "0.5.9" },
            ("/props", Dialect.Llama) => new()
            {
                ["total_slots"] = 4,
                ["build_info"] = "b99999-test",
                ["model_path"] = "/models/nano.gguf",
                ["default_generation_settings"] = new JsonObject { ["n_ctx"] = MaxTokens },
            },
            _ => null,
        };

        static JsonObject Models(JsonObject model) => new() { ["object"] = "list", ["data"] = new JsonArray(model) };
    }
}
