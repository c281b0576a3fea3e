using System.Text.Json.Nodes;
using Cognito.Eval.Files;
using Cognito.Eval.Planning;
using Cognito.Eval.Results;

namespace Cognito.Eval.Tests;

/// <summary>run.json made by anybody: its numbers are such as a run can have.</summary>
public sealed class ManifestTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("shard", """{"index":0,"count":2000000000}""", "shard 0 of 2000000000")]
    [InlineData("shard", """{"index":-1,"count":2}""", "shard -1 of 2")]
    [InlineData("shard", """{"index":2,"count":2}""", "shard 2 of 2")]
    [InlineData("shard", """{"index":0,"count":99999999999}""", "is missing, or is not what belongs there")]
    [InlineData("budget.batch_tokens", "0", "budget.batch_tokens is 0")]
    [InlineData("budget.batch_tokens", "2000000000", "budget.batch_tokens is 2000000000")]
    [InlineData("budget.cache_tokens", "-4", "budget.cache_tokens is -4")]
    [InlineData("budget.cache_tokens", "9223372036854775807", "budget.cache_tokens is 9223372036854775807")]
    [InlineData("arguments.limit", "\"NaN\"", "arguments.limit is NaN")]
    [InlineData("arguments.limit", "\"Infinity\"", "arguments.limit is")]
    [InlineData("arguments.limit", "-1", "arguments.limit is -1")]
    [InlineData("arguments.shots", "-1", "arguments.shots is -1")]
    [InlineData("arguments.shots", "2000000000", "arguments.shots is 2000000000")]
    [InlineData("arguments.tasks", "[]", "arguments.tasks has 0 names")]
    [InlineData("arguments.tasks", "[null]", "null where a text belongs")]
    [InlineData("arguments.tasks", "null", "is missing, or is not what belongs there")]
    [InlineData("key.limit", "0", "key.limit is 0")]
    [InlineData("key.batch_tokens", "-1", "key.batch_tokens is -1")]
    [InlineData("key.end_ids", "[-1]", "key.end_ids")]
    [InlineData("key.provenance.max_length", "2000000000", "max_length is 2000000000")]
    [InlineData("key.provenance.model", "null", "is missing, or is not what belongs there")]
    [InlineData("key.tasks", """{"arc":null}""", "without its shots")]
    [InlineData("key.tasks", """{"arc":{"shots":5,"requests_sha256":"a","data_sha256":{"test":null}}}""", "null where a text belongs")]
    [InlineData("started", "\"0000-99-99\"", "$.started is missing, or is not what belongs there")]
    [InlineData("schema_version", "2", "schema version 2")]
    public void What_no_run_has_is_refused_by_its_key(string key, string value, string said)
    {
        var json = JsonNode.Parse(Written())!;
        var path = key.Split('.');
        path[..^1].Aggregate(json, (at, name) => at[name]!)[path[^1]] = JsonNode.Parse(value);
        folder.Write(Manifest.Name, json.ToJsonString());
        var message = Assert.Throws<InputException>(() => Manifest.Require(folder.Path)).Message;
        Assert.Contains(said, message);
        Assert.StartsWith(Path.Combine(folder.Path, Manifest.Name), message);
        Assert.DoesNotContain('\n', message);
        Assert.Null(Manifest.Read(folder.Path));
    }

    [Fact]
    public void Long_texts_and_long_files_are_refused()
    {
        folder.Write(Manifest.Name, Written().Replace("\"nano\"", $"\"{new string('x', 5000)}\"", StringComparison.Ordinal));
        Assert.Contains("a text of 5000 characters", Assert.Throws<InputException>(() => Manifest.Require(folder.Path)).Message);
        folder.Write(Manifest.Name, Written() + new string(' ', 9 << 20));
        Assert.Contains("more than a run.json may have", Assert.Throws<InputException>(() => Manifest.Require(folder.Path)).Message);
    }

    [Fact]
    public void What_is_written_is_read()
    {
        Written();
        Assert.Equal("nano", Manifest.Require(folder.Path).Key.Provenance.Model);
    }

    private string Written()
    {
        var path = Path.Combine(folder.Path, Manifest.Name);
        File.Delete(path);
        MadeManifest.Of(new(1, 4)).Write(folder.Path);
        return File.ReadAllText(path);
    }
}
