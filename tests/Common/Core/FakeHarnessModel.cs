using System.Runtime.CompilerServices;
using Cognito.Eval.Models;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>The reference's fake model as a model that a run may be of.</summary>
/// <param name="solutions">By question.</param>
internal sealed class FakeHarnessModel(IReadOnlyDictionary<string, string> solutions) : ILanguageModel
{
    public ModelIdentity Identity { get; init; } = new() { Name = "fake" };
    public ModelLimits Limits { get; } = new(2048);
    public Task<ModelFingerprint> FingerprintAsync(CancellationToken cancel) => Task.FromResult(new ModelFingerprint("f", []));

    public async IAsyncEnumerable<Answer> AnswerAsync(
        IReadOnlyList<Request> requests, AnswerOptions options, [EnumeratorCancellation] CancellationToken cancel)
    {
        await Task.CompletedTask;
        foreach (var (place, request) in requests.Index())
            yield return new(place, Fake.Answer(request, ties: false, solutions));
    }

    public void Dispose() { }
}
