using Cognito.Eval.Models;
using Cognito.Eval.Torch;
using Cognito.Eval.Torch.Weights;

namespace Cognito.Eval.Tests;

/// <summary>What is begun before a checkpoint's model is opened.</summary>
public sealed class HeadStartTests : IDisposable
{
    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;
    private readonly TestWeights _weights = new();

    public void Dispose() => _weights.Dispose();

    [Fact]
    public async Task Weights_are_read_once_and_are_those_of_the_folder()
    {
        var path = _weights.Write("model.safetensors", TestWeights.One("x"));
        using var ahead = HeadStart.Begin(_weights.Folder, null);
        using var weights = WeightFiles.Open(_weights.Folder);
        var expected = await weights.Hash(Cancel);
        var read = await ahead.WeightsAsync(weights, Cancel);
        Assert.Equal(expected, read!.Sha256);
        Assert.Same(read, await ahead.WeightsAsync(weights, Cancel));

        // Written to since, though to the same bytes.
        File.SetLastWriteTimeUtc(path, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Assert.Null(await ahead.WeightsAsync(weights, Cancel));
    }

    [Fact]
    public async Task Nothing_is_read_while_it_pauses()
    {
        _weights.Write("model.safetensors", TestWeights.One("x"));
        using var weights = WeightFiles.Open(_weights.Folder);
        using var goes = new ManualResetEventSlim();
        var reading = weights.Read(goes, Cancel);
        await Task.Delay(100, Cancel);
        Assert.False(reading.IsCompleted);
        goes.Set();
        Assert.Equal(await weights.Hash(Cancel), (await reading).Sha256);
    }

    [Fact]
    public async Task What_cannot_be_read_is_left_to_those_who_need_it()
    {
        using var ahead = HeadStart.Begin(Path.Combine(_weights.Folder, "none"), Path.Combine(_weights.Folder, "no libtorch"));
        _weights.Write("model.safetensors", TestWeights.One("x"));
        using var weights = WeightFiles.Open(_weights.Folder);
        Assert.Null(await ahead.WeightsAsync(weights, Cancel));
    }

    [Fact]
    public async Task It_ends_though_it_pauses_and_nobody_waits_for_it_in_vain()
    {
        _weights.Write("model.safetensors", TestWeights.Bytes(
            $$"""{"x":{"dtype":"U8","shape":[{{1 << 24}}],"data_offsets":[0,{{1 << 24}}]} }""", 1 << 24));
        using var weights = WeightFiles.Open(_weights.Folder);
        var ahead = HeadStart.Begin(_weights.Folder, null);
        ahead.Pause();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ahead.WeightsAsync(weights, new(true)));
        var waits = ahead.WeightsAsync(weights, Cancel);
        await Task.Run(ahead.Dispose, Cancel).WaitAsync(HangGuard.Long, Cancel);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waits);
    }

    [Fact]
    public async Task A_model_is_of_the_weights_that_it_loaded_though_others_were_read_before()
    {
        foreach (var file in Directory.EnumerateFiles(Fixture.Nano))
            _weights.Write(Path.GetFileName(file), await File.ReadAllBytesAsync(file, Cancel));
        using var plain = LocalModel.Open(_weights.Folder, new() { Device = "cpu" });
        var before = (await plain.FingerprintAsync(Cancel)).Sha256;
        using var ahead = HeadStart.Begin(_weights.Folder, null);
        using var model = LocalModel.Open(_weights.Folder, new() { Device = "cpu", HeadStart = ahead });
        Assert.Equal(before, (await model.FingerprintAsync(Cancel)).Sha256);

        var shard = Directory.GetFiles(_weights.Folder, "*.safetensors")[0];
        var bytes = await File.ReadAllBytesAsync(shard, Cancel);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(shard, bytes, Cancel);
        await model.PrepareAsync([], new AnswerOptions(), Cancel);
        var after = (await model.FingerprintAsync(Cancel)).Sha256;
        Assert.NotEqual(before, after);
        using var other = WeightFiles.Open(_weights.Folder);
        Assert.Equal(await other.Hash(Cancel), after);
    }
}
