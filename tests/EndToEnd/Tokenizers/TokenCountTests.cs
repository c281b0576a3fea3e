using System.Text.Json;
using Cognito.Eval.Planning;
using Cognito.Eval.Tasks;
using Cognito.Eval.Tokenizers;

namespace Cognito.Eval.Tests;

/// <summary>cognito-nano's tokens of every request of the reference, counted.</summary>
public sealed class TokenCountTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_request_has_as_many_tokens_as_the_reference_counted()
    {
        var tokenizer = CheckpointTokenizer.Open(Path.Combine(AppContext.BaseDirectory, "checkpoints", "cognito-nano"));
        var requests = 0;
        foreach (var path in Directory.EnumerateFiles(Shared.Path("goldens", "cognito-nano"), "*.jsonl.gz"))
        {
            var task = Path.GetFileName(path);
            foreach (var (expected, asked) in Golden.Lines(path).Zip(Golden.Lines(Shared.Path("goldens", "harness", "requests", task))))
                if (expected.ValueKind == JsonValueKind.Array) // generated texts have no counts
                {
                    var span = tokenizer.Encode(new LogLikelihood(
                        asked.GetProperty("context").GetString()!, asked.GetProperty("continuation").GetString()!));
                    Assert.Equal((expected[2].GetInt32(), expected[3].GetInt32()), (span.Context.Length, span.Continuation.Length));
                    requests++;
                }
        }
        output.WriteLine($"{requests} requests");
        Assert.Equal(81_385, requests);
    }
}
