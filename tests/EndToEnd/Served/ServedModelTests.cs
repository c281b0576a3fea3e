using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Served;
using Cognito.Eval.Tasks;
using Cognito.Eval.Torch;

namespace Cognito.Eval.Tests;

/// <summary>A checkpoint behind a server answers as it does when it is loaded here, whatever the server's dialect.</summary>
public sealed class ServedModelTests : IClassFixture<NanoOracle>
{
    private const double Close = 1e-4;

    private readonly Oracle _oracle;

    public ServedModelTests(NanoOracle nano) => _oracle = nano.Oracle;

    public static TheoryData<Dialect, string> All =>
        new MatrixTheoryData<Dialect, string>(Enum.GetValues<Dialect>(), ["leaderboard-v1", "lm-eval-0.4"]);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    internal static ServedModelOptions Quick(Protocol? protocol = null, int? maxLength = null, int concurrency = 4) => new()
    {
        Protocol = protocol ?? Protocol.Default,
        MaxLength = maxLength,
        Concurrency = concurrency,
        EndIds = [2],
        FirstPause = TimeSpan.FromMilliseconds(5),
        ShortestBetweenChecks = TimeSpan.FromMilliseconds(50),
    };

    private async Task<ServedModel> OpenAsync(EngineServer server, ServedModelOptions options) => await ServedModel.OpenAsync(
        ServerAddress.Parse(server.Address), Tokenizers.CheckpointTokenizer.Open(Fixture.Nano, options.Protocol.Tokenization), options, Cancel);

    private static PlannedModel Local(Protocol protocol, int? maxLength = null) => LocalModel.Open(
        Checkpoint.Open(Fixture.Nano, maxLength, protocol.Tokenization), new() { Device = "cpu", Dtype = "float32", Protocol = protocol });

    private static void Equal(IReadOnlyList<Answer> expected, IReadOnlyList<Answer> actual)
    {
        foreach (var (i, (here, there)) in expected.Zip(actual).Index())
        {
            Assert.Equal((here.Tokens, here.IsTruncated), (there.Tokens, there.IsTruncated));
            if (here.Reply is Likelihood { LogProbability: var value, IsGreedy: var isGreedy })
            {
                Golden.Close(value, ((Likelihood)there.Reply).LogProbability, Close, $"request {i}");
                Assert.Equal(isGreedy, ((Likelihood)there.Reply).IsGreedy);
            }
            else
                Assert.Equal(here.Reply, there.Reply);
        }
    }

    [Theory, MemberData(nameof(All))]
    public async Task Its_answers_are_the_local_ones(Dialect dialect, string name)
    {
        var protocol = Protocol.Parse(name);
        await using var server = new EngineServer(_oracle, dialect);
        using var served = await OpenAsync(server, Quick(protocol));
        using var local = Local(protocol);
        // Some write their answers until a stop, some until they have all the tokens they may have.
        var asked = Evaluator.Ask(TaskSet.Of(protocol).Select("all"), new()
        {
            Data = DataRoot.Open(Fixture.Samples),
            Protocol = protocol,
            Shots = 1,
            Limit = new Limit(1),
        });
        Assert.True(asked.Generates);
        var how = new AnswerOptions { Protocol = protocol };
        Equal(local.Ask(asked.Requests, how), served.Ask(asked.Requests, how));
        Assert.NotEmpty(server.Completions);
    }

    [Theory, InlineData(Dialect.Vllm), InlineData(Dialect.Sglang), InlineData(Dialect.Llama), InlineData(Dialect.OpenAi)]
    public async Task Whole_texts_and_prompts_that_are_too_long_are_cut_as_they_are_here(Dialect dialect)
    {
        const int MaxLength = 60;
        var protocol = LmEval04.Rules;
        await using var server = new EngineServer(_oracle, dialect);
        using var served = await OpenAsync(server, Quick(protocol, MaxLength));
        using var local = Local(protocol, MaxLength);
        var text = string.Join(' ', Enumerable.Repeat("The miller sells flour, and the river turns the wheel.", 12));
        Request[] requests =
        [
            new LogLikelihoodRolling(text), new LogLikelihoodRolling("Short."), new LogLikelihoodRolling(""),
            new LogLikelihood(text, " The end"), new LogLikelihood(text, " No"), new LogLikelihood("", "Once"),
        ];
        requests = [.. requests.Select((request, i) => request with { Origin = new("toy", i < 3 ? i : 4) })];
        var how = new AnswerOptions { Protocol = protocol };
        var here = local.Ask(requests, how);
        Assert.Contains(here, answer => answer.IsTruncated);
        Equal(here, served.Ask(requests, how));
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Choices_of_one_token_are_one_request_where_vLLM_knows_how(bool knows)
    {
        await using var server = new EngineServer(_oracle, Dialect.Vllm) { KnowsChoices = knows };
        using var served = await OpenAsync(server, Quick());
        using var local = Local(Protocol.Default);
        Request[] requests = [.. "ABCD".Select(letter => new LogLikelihood("What is wet?\nA. sand\nB. water\nC. fire\nD. air\nAnswer:", $" {letter}")
        {
            Origin = new("mmlu", 0),
        })];
        var before = server.Completions.Count;
        Equal(local.Ask(requests), served.Ask(requests));
        // And the look at the end.
        Assert.Equal((knows ? 1 : 4) + 1, server.Completions.Count - before);
        Assert.Equal(knows ? "vllm logprob_token_ids" : null, served.Identity.Served!.ChoiceRecipe);
    }

    [Fact]
    public async Task A_server_that_does_not_say_what_it_is_is_found_out()
    {
        foreach (var (dialect, recipe) in new[] { (Dialect.Vllm, "vllm prompt_logprobs"), (Dialect.Sglang, "sglang generate logprob_start_len"), (Dialect.OpenAi, "openai echo") })
        {
            await using var server = new EngineServer(_oracle, dialect) { SaysEngine = false };
            using var served = await OpenAsync(server, Quick());
            Assert.Equal(recipe, served.Identity.Served!.Recipe);
        }
    }

    [Fact]
    public async Task No_more_is_asked_at_a_time_than_was_allowed_and_ids_alone()
    {
        await using var server = new EngineServer(_oracle, Dialect.Vllm);
        using var served = await OpenAsync(server, Quick(concurrency: 3));
        Request[] requests = [.. Enumerable.Range(0, 40).Select(i => new LogLikelihood($"Number {i} is", " large") { Origin = new("toy", i) })];
        served.Ask(requests);
        Assert.InRange(server.MostInFlight, 2, 4);
        Assert.All(server.Completions, body => Assert.All(body["prompt"]!.AsArray(), id => Assert.InRange((int)id!, 0, _oracle.Vocabulary - 1)));
    }

    [Fact]
    public async Task Rounding_that_the_probe_saw_is_the_runs()
    {
        await using var server = new EngineServer(_oracle, Dialect.Vllm);
        var jitter = new Random(3);
        server.Fault = (_, _, _) =>
        {
            server.Moved = -0.01 * jitter.NextDouble();
            return Task.FromResult(false);
        };
        using var served = await OpenAsync(server, Quick());
        // 39 tokens, each up to 0.01 elsewhere.
        Assert.InRange(served.SeenRounding, 1e-4, 0.4);
        var run = await Evaluator.RunAsync(served, TaskSet.Leaderboard.Select("winogrande"),
            new EvaluationOptions { Data = DataRoot.Open(Fixture.Samples), Shots = 0, Limit = new Limit(4) }, cancel: Cancel);
        Assert.True(run.Rounding!.LargestDifference >= served.SeenRounding);
        Assert.Equal(run.Rounding.Margin, run.Tasks["winogrande"].NearTies.Margin);
        Assert.Equal("vllm prompt_logprobs", run.Provenance.Served!.Recipe);
        Assert.Equal(39, run.Provenance.Served.Fingerprint!.LogProbabilities.Count);
        Assert.Equal(run.Provenance.WeightsSha256, run.Provenance.Served.Fingerprint.Sha256());
    }
}

/// <summary>cognito-nano, loaded once for a class.</summary>
public sealed class NanoOracle : IDisposable
{
    internal Oracle Oracle { get; } = new(Fixture.Nano);

    public void Dispose() => Oracle.Dispose();
}
