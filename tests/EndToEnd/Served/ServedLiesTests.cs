using Cognito.Eval.Files;
using Cognito.Eval.Served;

namespace Cognito.Eval.Tests;

/// <summary>A server that would lie is refused before it is asked anything that counts, by the name of the check and with what would mend it.</summary>
public sealed class ServedLiesTests(NanoOracle nano) : IClassFixture<NanoOracle>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static ServedModelOptions Options(TimeSpan? answerTime = null) => new()
    {
        Concurrency = 8,
        EndIds = [2],
        FirstPause = TimeSpan.FromMilliseconds(2),
        AnswerTime = answerTime ?? HangGuard.Long,
    };

    private async Task<string> RefusalAsync<T>(EngineServer server, ServedModelOptions? options = null) where T : Exception =>
        (await Assert.ThrowsAnyAsync<T>(() => ServedModel.OpenAsync(ServerAddress.Parse(server.Address), nano.Oracle.Tokenizer, options ?? Options(), Cancel))).Message;

    [Theory]
    [InlineData(Dialect.Vllm, Lie.FirstNotNull, "first", "has an entry for the first token")]
    [InlineData(Dialect.Vllm, Lie.BosAdded, "ids", "40 ids were sent, and the server received others (41 of them)")]
    [InlineData(Dialect.Vllm, Lie.BosCounted, "ids", "40 ids were sent, and the server counts 41")]
    [InlineData(Dialect.Vllm, Lie.OneEntryLess, "entries", "40 ids were sent, and prompt_logprobs has 39 entries")]
    [InlineData(Dialect.Vllm, Lie.OtherIds, "own-id", "does not hold the id")]
    [InlineData(Dialect.Vllm, Lie.OrderDependent, "cache|order", "nats elsewhere")]
    [InlineData(Dialect.Vllm, Lie.BatchDependent, "batch", "asked 8 at a time")]
    [InlineData(Dialect.Vllm, Lie.CacheDependent, "cache", "--no-enable-prefix-caching")]
    [InlineData(Dialect.Vllm, Lie.MinusNines, "finite", "has the log-probability minus infinity")]
    [InlineData(Dialect.Vllm, Lie.NotANumber, "finite", "has the log-probability NaN")]
    [InlineData(Dialect.Vllm, Lie.Positive, "positive", "0.7, which is above 0")]
    [InlineData(Dialect.Vllm, Lie.TwoChoices, "entries", "2 choices came")]
    [InlineData(Dialect.Vllm, Lie.OtherTokenizer, "vocabulary", "--tokenizer names")]
    [InlineData(Dialect.Vllm, Lie.GeneratesAtRandom, "generation", "is continued in two ways")]
    [InlineData(Dialect.Sglang, Lie.BosAdded, "ids", "the server counts 41")]
    [InlineData(Dialect.Sglang, Lie.FirstNotNull, "first", "before which nothing was looked at")]
    [InlineData(Dialect.Sglang, Lie.OneEntryLess, "entries", "input_token_logprobs has 39 entries")]
    [InlineData(Dialect.Sglang, Lie.OtherIds, "own-id", "is not of the id")]
    [InlineData(Dialect.Sglang, Lie.NotANumber, "finite", "NaN")]
    [InlineData(Dialect.Sglang, Lie.OrderDependent, "cache|order", "--disable-radix-cache")]
    [InlineData(Dialect.Llama, Lie.BosAdded, "ids", "the server counts")]
    [InlineData(Dialect.Llama, Lie.OneEntryLess, "entries", "logprobs.content has 0")]
    [InlineData(Dialect.Llama, Lie.ForcedElsewhere, "forced", "and another was generated")]
    [InlineData(Dialect.Llama, Lie.SmallVocabulary, "vocabulary", "has 4096 tokens, and the model knows 4095")]
    [InlineData(Dialect.Llama, Lie.OtherTokenizer, "vocabulary", "and the server")]
    [InlineData(Dialect.Llama, Lie.OrderDependent, "cache|order", "-ctk f32 -ctv f32 -fa off")]
    [InlineData(Dialect.OpenAi, Lie.EchoIgnored, "echo", "the server ignores echo")]
    [InlineData(Dialect.OpenAi, Lie.ContentShape, "echo", "log-probabilities of generated tokens alone")]
    [InlineData(Dialect.OpenAi, Lie.Echo400, "echo", "400 (Only no echo is supported)")]
    [InlineData(Dialect.OpenAi, Lie.Echo500, "echo", "500 (Only no echo is supported), also when asked again")]
    [InlineData(Dialect.OpenAi, Lie.BosAdded, "ids", "the server counts 41")]
    [InlineData(Dialect.OpenAi, Lie.OneEntryLess, "entries", "token_logprobs has 40 entries")]
    [InlineData(Dialect.OpenAi, Lie.FirstNotNull, "first", "has a number for the first token")]
    [InlineData(Dialect.OpenAi, Lie.CacheDependent, "cache|order", "nats elsewhere")]
    [InlineData(Dialect.OpenAi, Lie.MinusNines, "finite", "minus infinity")]
    public async Task Each_lie_has_its_own_refusal(Dialect dialect, Lie lie, string check, string fact)
    {
        await using var server = new EngineServer(nano.Oracle, dialect) { Lie = lie };
        var line = await RefusalAsync<InputException>(server);
        Assert.StartsWith($"{server.Address}: check \"", line);
        Assert.Contains(check.Split('|'), name => line.Contains($"check \"{name}\" of ", StringComparison.Ordinal));
        Assert.Contains(fact, line);
        Assert.Contains("; ", line);
        Assert.Null(Wording.Fault(line));
    }

    [Theory]
    [InlineData(Lie.CutJson, "the answer is no JSON, or breaks off, also when asked again")]
    [InlineData(Lie.Endless, "more than the 67108864 bytes that are read")]
    [InlineData(Lie.Silent, "no answer in 0.2 s, twice")]
    public async Task What_is_no_answer_is_told_as_such(Lie lie, string fact)
    {
        await using var server = new EngineServer(nano.Oracle, Dialect.Vllm) { Lie = lie };
        Assert.Contains(fact, await RefusalAsync<ServedException>(server, Options(lie == Lie.Silent ? TimeSpan.FromSeconds(0.2) : null)));
    }

    [Fact]
    public async Task A_server_that_takes_few_tokens_or_does_not_say_how_many_is_refused()
    {
        await using var small = new EngineServer(nano.Oracle, Dialect.Vllm) { MaxTokens = 100 };
        var line = await Assert.ThrowsAsync<InputException>(() => ServedModel.OpenAsync(
            ServerAddress.Parse(small.Address), nano.Oracle.Tokenizer, new() { MaxLength = 99 }, Cancel));
        Assert.Contains("--max-length 99: the server takes 100 tokens, of which a request needs 2 itself; give at most 98", line.Message);
    }

    [Fact]
    public async Task A_key_is_sent_and_stands_in_no_message_even_where_the_server_repeats_it()
    {
        const string Key = "sk-secret-123456";
        await using var server = new EngineServer(nano.Oracle, Dialect.Vllm) { Key = Key };
        Assert.Contains("--api-key-env names the variable", await RefusalAsync<InputException>(server));
        server.Key = "another";
        var line = await RefusalAsync<InputException>(server, new() { ApiKey = Key });
        Assert.Contains("401", line);
        Assert.Contains("***", line);
        Assert.DoesNotContain(Key, line);
        server.Key = Key;
        using var model = await ServedModel.OpenAsync(ServerAddress.Parse(server.Address), nano.Oracle.Tokenizer, new() { ApiKey = Key, EndIds = [2] }, Cancel);
        Assert.Equal("nano", model.Identity.Name);
    }

    [Theory]
    [InlineData("http://user:pass@host:1", "holds a user or a password")]
    [InlineData("http://host:1/v1?key=1", "has a query")]
    [InlineData("http://", "not an address")]
    public void An_address_holds_nothing_that_must_not_be_written_down(string address, string fact)
    {
        var line = Assert.Throws<InputException>(() => ServerAddress.Parse(address)).Message;
        Assert.Contains(fact, line);
        Assert.DoesNotContain("pass@", line);
    }

    [Theory]
    [InlineData("http://host:8000/v1", "http://host:8000")]
    [InlineData("http://host:8000/", "http://host:8000")]
    [InlineData("https://host/prefix/v1/", "https://host/prefix")]
    public void An_address_may_end_with_v1(string address, string root) => Assert.Equal(root, ServerAddress.Parse(address).Root);

    [Fact]
    public async Task Several_models_are_named_where_none_was_chosen()
    {
        await using var server = new EngineServer(nano.Oracle, Dialect.Vllm);
        Assert.Contains("has nano; name one of these", await RefusalAsync<InputException>(server, new() { Model = "other" }));
    }
}
