using Cognito.Eval.Files;
using Cognito.Eval.Torch;
using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Layers;
using static TorchSharp.torch;

namespace Cognito.Eval.Tests;

/// <summary>Which device gets which layers.</summary>
[Collection("torch")]
public sealed class LayerDealTests
{
    private const long Plenty = 1 << 20;

    private static DecoderCosts Costs(PartCost embedding, PartCost head, params PartCost[] layers) => new(embedding, layers, head);

    private static PartCost[] Equal(int count) => [.. Enumerable.Repeat(new PartCost(10, 100), count)];

    private static long[] Memory(params long[] memory) => memory;

    [Fact]
    public void Equal_layers_are_dealt_evenly() =>
        Assert.Equal([4, 4], LayerDeal.Deal(Costs(new(5, 0), new(5, 10), Equal(8)), Memory(Plenty, Plenty)));

    [Fact]
    public void A_head_as_dear_as_two_layers_takes_their_place() =>
        Assert.Equal([5, 3], LayerDeal.Deal(Costs(new(5, 0), new(5, 200), Equal(8)), Memory(Plenty, Plenty)));

    [Fact]
    public void A_device_without_room_gets_fewer_layers_and_no_more_than_needed_go_elsewhere() =>
        Assert.Equal([2, 3, 3], LayerDeal.Deal(Costs(new(5, 0), new(5, 10), Equal(8)), Memory(26, Plenty, Plenty)));

    [Fact]
    public void The_embedding_and_the_head_take_room_on_the_first_and_the_last_device()
    {
        Assert.Equal([1, 2, 1], LayerDeal.Deal(Costs(new(15, 0), new(15, 0), Equal(4)), Memory(25, 25, 25)));
        Assert.Null(LayerDeal.Deal(Costs(new(16, 0), new(15, 0), Equal(4)), Memory(25, 25, 25)));
    }

    [Fact]
    public void Among_deals_as_fast_the_fullest_device_holds_least() =>
        // The second layer weighs much and costs nothing: it goes where less lies.
        Assert.Equal([1, 2], LayerDeal.Deal(Costs(new(30, 0), new(0, 0), new(10, 100), new(40, 0), new(10, 100)), Memory(Plenty, Plenty)));

    [Fact]
    public void Each_device_gets_a_layer_and_more_devices_than_layers_none() =>
        Assert.Equal((3, null), (LayerDeal.Deal(Costs(default, default, Equal(3)), Memory(99, 99, 99))!.Sum(),
            LayerDeal.Deal(Costs(default, default, Equal(3)), Memory(99, 99, 99, 99))));

    [Fact]
    public void No_other_deal_is_faster()
    {
        var random = new Random(41);
        for (var round = 0; round < 50; round++)
        {
            var costs = Costs(new(random.Next(30), 0), new(random.Next(30), random.Next(300)),
                [.. Enumerable.Range(0, 7).Select(_ => new PartCost(random.Next(1, 30), random.Next(1, 200)))]);
            var memory = Memory(random.Next(40, 120), random.Next(40, 120), random.Next(40, 120));
            var all = from a in Enumerable.Range(1, 5) from b in Enumerable.Range(1, 6 - a) select (int[])[a, b, 7 - a - b];
            PartCost[] Parts(int[] deal) => [.. deal.Select((_, s) => costs.Of(deal, s))];
            var fitting = all.Where(deal => Parts(deal).Zip(memory).All(both => both.First.Bytes <= both.Second)).ToList();
            var found = LayerDeal.Deal(costs, memory);
            Assert.Equal(fitting.Count == 0, found is null);
            if (found is null)
                continue;
            (double, long) Worth(int[] deal) => (Parts(deal).Max(part => part.Flop), Parts(deal).Max(part => part.Bytes));
            Assert.Contains(fitting, deal => deal.SequenceEqual(found));
            Assert.Equal(fitting.Min(Worth), Worth([.. found]));
        }
    }

    [Fact]
    public void All_of_a_model_is_counted_once()
    {
        var config = ModelConfig.Named("mixtral-8x7b");
        var costs = DecoderCosts.Of(config, 2);
        Assert.Equal(2 * config.Parameters, costs.Embedding.Bytes + costs.Layers.Sum(layer => layer.Bytes) + costs.Head.Bytes);
        Assert.Equal([16, 16], LayerDeal.Deal(costs, Memory(80_000_000_000, 80_000_000_000)));
    }

    private static DeviceSplit Choose(string shape, string asked, params long[] gigabytes) => DeviceSplit.Choose(
        ModelConfig.Named(shape), [.. gigabytes.Select(free => new DeviceRoom(CPU, free * 1_000_000_000))], asked, 2, 1_000_000_000);

    private static string Refused(Action choose)
    {
        var message = Assert.Throws<InputException>(choose).Message;
        Assert.DoesNotContain('\n', message);
        return message;
    }

    [Fact]
    public void Auto_splits_what_does_not_fit_and_says_so_either_way()
    {
        var fits = Choose("cognito-2x7b", "auto", 79, 60);
        Assert.Null(fits.Copies);
        Assert.Equal("--split auto: the weights take 25.76 GB and fit each of cpu,cpu (60.0 GB free on cpu): a copy on each", fits.Note);
        var split = Choose("mixtral-8x7b", "auto", 79, 78);
        Assert.Equal([16, 16], split.Copies!.Single().Select(place => place.Layers));
        Assert.Equal("--split auto: the weights take 93.41 GB, and cpu has 78.0 GB free: cpu: embedding, layers 0 to 15; "
            + "cpu: layers 16 to 31, head", split.Note);
        // Two cards hold it, so that four hold two copies.
        Assert.Equal(["cpu,cpu", "cpu,cpu"], Choose("mixtral-8x7b", "auto", 79, 79, 79, 79).Copies!.Select(Names));
        Assert.Single(Choose("mixtral-8x7b", "auto", 40, 40, 40, 40).Copies!);
    }

    private static string Names(IReadOnlyList<StagePlace> copy) => string.Join(',', copy.Select(place => place.Device));

    [Fact]
    public void A_number_makes_groups_of_devices_that_hold_a_copy_each()
    {
        Assert.Equal(["cpu,cpu", "cpu,cpu"], Choose("cognito-2x7b", "2", 79, 79, 79, 79).Copies!.Select(Names));
        Assert.Equal(["cpu,cpu,cpu,cpu"], Choose("cognito-2x7b", "all", 79, 79, 79, 79).Copies!.Select(Names));
    }

    [Theory]
    [InlineData("3", "--split 3: 4 devices make no groups of 3; name a multiple of 3")]
    [InlineData("1", "--split 1: give auto, or how many devices share a copy (2 or more), or nothing for all of them")]
    [InlineData("-2", "--split -2: give auto, or how many devices share a copy (2 or more), or nothing for all of them")]
    [InlineData("both", "--split both: give auto, or how many devices share a copy (2 or more), or nothing for all of them")]
    public void What_makes_no_groups_is_refused(string asked, string why) =>
        Assert.Equal(why, Refused(() => Choose("cognito-2x7b", asked, 79, 79, 79, 79)));

    [Fact]
    public void One_device_more_devices_than_layers_and_too_little_memory_are_refused()
    {
        Assert.Equal("--split: cpu is one device; name several with --device, or leave --split out", Refused(() => Choose("cognito-2x7b", "all", 79)));
        Assert.Equal("--split: the model has 32 layers, too few for 33 devices; name at most 32",
            Refused(() => Choose("cognito-2x7b", "all", [.. Enumerable.Repeat(79L, 33)])));
        Assert.Equal("--split: the weights take 93.41 GB, and there are 40.0 GB free on cpu, 41.0 GB free on cpu; name more devices, "
            + "or free their memory", Refused(() => Choose("mixtral-8x7b", "all", 40, 41)));
    }

    [Fact]
    public void A_device_that_is_named_twice_shares_its_memory() => Assert.Equal([50, 50, 70],
        DeviceRoom.Of([CPU, CPU, META], on => $"{on}" == "cpu" ? 100 : 70).Select(room => room.Free));
}
