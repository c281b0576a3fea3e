using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;
using Cognito.Eval.Models;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>The front door, with models, protocols and benchmarks of a few lines.</summary>
public sealed class EvaluatorTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>A model of another kind: it likes the longest continuation, and always answers 7.</summary>
    private sealed class Wordy : ILanguageModel
    {
        public int Asked { get; private set; }
        public ModelIdentity Identity { get; } = new() { Name = "wordy" };
        public ModelLimits Limits { get; init; } = new(1000);
        public Task<ModelFingerprint> FingerprintAsync(CancellationToken cancel) => Task.FromResult(new ModelFingerprint("w", []));
        public async IAsyncEnumerable<Answer> AnswerAsync(IReadOnlyList<Request> requests, AnswerOptions options,
            [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
        {
            await Task.CompletedTask;
            foreach (var (i, request) in requests.Index().Reverse())
            {
                Asked++;
                yield return new(i, request is LogLikelihood pair ? new Likelihood(pair.Continuation.Length, true) : new Completion(" #### 7"));
            }
        }

        public void Dispose() { }
    }

    private EvaluationOptions Options(string? output = null) =>
        new() { Data = DataRoot.Open(Fixture.Samples), Limit = new Limit(4), Output = output };

    [Fact]
    public async Task A_model_of_ten_lines_is_evaluated()
    {
        using var model = new Wordy();
        var run = await Evaluator.RunAsync(model, TaskSet.Leaderboard.Select("arc,gsm8k"), Options());
        Assert.Equal(["arc_challenge", "gsm8k"], run.Tasks.Keys);
        var asked = Questions.Ask(ArcChallenge.Task, Options().Data, Protocol.Default, limit: new Limit(4));
        var right = asked.Docs.Count(doc => doc.Doc is MultipleChoice { Choices: var choices, Gold: var gold }
            && choices.MaxBy(choice => choice.Length) == choices[gold]);
        Assert.Equal(right / 4.0, run.Results["arc_challenge"]["acc"]);
        Assert.Equal("wordy", run.Provenance.Model);
        Assert.Null(run.Rounding);
    }

    [Fact]
    public async Task Its_run_is_written_and_found_again()
    {
        var output = Path.Combine(folder.Path, "results");
        using var model = new Wordy();
        var first = await Evaluator.RunAsync(model, TaskSet.Leaderboard.Select("arc"), Options(output));
        var asked = model.Asked;
        var said = new Heard();
        var again = await Evaluator.RunAsync(model, TaskSet.Leaderboard.Select("arc"), Options(output), said);
        Assert.Equal(asked, model.Asked);
        Assert.Equal(RunFile.ToJson(first), RunFile.ToJson(again));
        Assert.True(said.Events.OfType<Written>().Single().IsEarlier);
        await Evaluator.RunAsync(model, TaskSet.Leaderboard.Select("arc"), Options(output) with { IsFresh = true });
        Assert.Equal(2 * asked, model.Asked);
    }

    private sealed class Heard : IProgress<EvaluationEvent>
    {
        public List<EvaluationEvent> Events { get; } = [];
        public void Report(EvaluationEvent value) => Events.Add(value);
    }

    [Fact]
    public async Task What_a_model_cannot_do_is_said_before_it_works()
    {
        using var mute = new Wordy { Limits = new(1000) { WhyNoGeneration = "wordy: it generates nothing; leave gsm8k out" } };
        var e = await Assert.ThrowsAsync<InputException>(() => Evaluator.RunAsync(mute, TaskSet.Leaderboard.Select("arc,gsm8k"), Options()));
        Assert.Equal("wordy: it generates nothing; leave gsm8k out", e.Message);
        using var silent = new Wordy { Limits = new(1000) { Scores = false } };
        e = await Assert.ThrowsAsync<InputException>(() => Evaluator.RunAsync(silent, TaskSet.Leaderboard.Select("arc,gsm8k"), Options()));
        Assert.Equal("wordy: it gives no log-likelihoods, which arc_challenge asks for; leave the task out", e.Message);
        Assert.Equal(0, mute.Asked + silent.Asked);
    }

    [Fact]
    public async Task An_answer_that_is_missing_is_no_score()
    {
        using var model = new Forgetful();
        await Assert.ThrowsAsync<InvalidOperationException>(() => Evaluator.RunAsync(model, TaskSet.Leaderboard.Select("arc"), Options()));
    }

    private sealed class Forgetful : ILanguageModel
    {
        public ModelIdentity Identity { get; } = new() { Name = "forgetful" };
        public ModelLimits Limits { get; } = new(1000);
        public Task<ModelFingerprint> FingerprintAsync(CancellationToken cancel) => Task.FromResult(new ModelFingerprint("f", []));
        public IAsyncEnumerable<Answer> AnswerAsync(IReadOnlyList<Request> requests, AnswerOptions options, CancellationToken cancel) =>
            AsyncEnumerable.Empty<Answer>();
        public void Dispose() { }
    }
}
