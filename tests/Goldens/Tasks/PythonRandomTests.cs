using System.Globalization;
using System.Numerics;
using System.Text.Json.Nodes;
using Cognito.Eval.Protocols;

namespace Cognito.Eval.Tests;

/// <summary>CPython's generator, against values that CPython printed.</summary>
public sealed class PythonRandomTests
{
    private static JsonNode Cases => Golden.Json(Shared.Path("goldens", "harness", "python_random.json"));

    [Fact]
    public void The_first_words_of_seed_42_are_CPythons()
    {
        var random = new PythonRandom(42);
        uint[] expected = [2746317213, 478163327, 107420369, 3184935163, 1181241943];
        Assert.Equal(expected, expected.Select(_ => random.NextWord()));
    }

    [Fact]
    public void Words_and_doubles_are_CPythons_for_every_seed()
    {
        foreach (var (seed, words) in Cases["genrand_uint32"]!.AsObject())
        {
            var random = new PythonRandom(BigInteger.Parse(seed, CultureInfo.InvariantCulture));
            foreach (var word in words!.AsArray())
                Assert.Equal(word!.GetValue<uint>(), random.NextWord());
        }
        foreach (var (seed, values) in Cases["random"]!.AsObject())
        {
            var random = new PythonRandom(BigInteger.Parse(seed, CultureInfo.InvariantCulture));
            foreach (var value in values!.AsArray())
                Assert.Equal(HexDouble(value!.GetValue<string>()), random.NextDouble());
        }
        var late = new PythonRandom(42);
        for (var i = 0; i < 1995; i++)
            late.NextWord();
        foreach (var word in Cases["uint32_seed42_after_2000"]!.AsArray())
            Assert.Equal(word!.GetValue<uint>(), late.NextWord());
        var decimals = new PythonRandom(42);
        foreach (var value in Cases["random_seed42_decimal"]!.AsArray())
            Assert.Equal(double.Parse(value!.GetValue<string>(), CultureInfo.InvariantCulture), decimals.NextDouble());
    }

    [Fact]
    public void Bits_and_bounded_draws_are_CPythons()
    {
        var bits = new PythonRandom(42);
        foreach (var pair in Cases["getrandbits_seed42_sequence"]!.AsArray())
            Assert.Equal(Big(pair![1]!), bits.NextBits(pair[0]!.GetValue<int>()));
        var below = new PythonRandom(42);
        foreach (var pair in Cases["randbelow_seed42_sequence"]!.AsArray())
            Assert.Equal(Big(pair![1]!), below.Below(Big(pair[0]!)));
        var one = new PythonRandom(42);
        var expected = Cases["randbelow1_then_uint32_seed42"]!.AsArray();
        Assert.Equal(expected[0]!.GetValue<int>(), one.Below(1));
        Assert.Equal(expected[1]!.GetValue<uint>(), one.NextWord());
    }

    [Fact]
    public void Shuffles_are_CPythons()
    {
        var thousand = Enumerable.Range(0, 1000).ToArray();
        new PythonRandom(42).Shuffle(thousand);
        Assert.Equal(Ints(Cases["shuffle_range1000_seed42"]!), thousand);
        foreach (var (length, expected) in Cases["shuffles_seed42"]!.AsObject())
        {
            var random = new PythonRandom(42);
            var items = Enumerable.Range(0, int.Parse(length, CultureInfo.InvariantCulture)).ToArray();
            random.Shuffle(items);
            Assert.Equal(expected!["sha256"]!.GetValue<string>(), Golden.Sha256(string.Join(',', items)));
            Assert.Equal(Ints(expected["head"]!), items.Take(Ints(expected["head"]!).Length));
            Assert.Equal(expected["next_uint32"]!.GetValue<uint>(), random.NextWord());
        }
    }

    [Fact]
    public void Samples_are_CPythons_on_both_branches()
    {
        var branches = new HashSet<string>();
        foreach (var expected in Cases["samples_seed42"]!.AsArray())
        {
            var random = new PythonRandom(42);
            int n = expected!["n"]!.GetValue<int>(), k = expected["k"]!.GetValue<int>();
            var drawn = random.Sample(n, k);
            Assert.Equal(Ints(expected["result"]!), drawn.Take(Ints(expected["result"]!).Length));
            Assert.Equal(expected["sha256"]!.GetValue<string>(), Golden.Sha256(string.Join(',', drawn)));
            Assert.Equal(expected["setsize"]!.GetValue<long>(), PythonRandom.SetSize(k));
            Assert.Equal(expected["next_uint32"]!.GetValue<uint>(), random.NextWord());
            branches.Add(expected["branch"]!.GetValue<string>());
        }
        Assert.Equal(2, branches.Count);
    }

    [Fact]
    public void A_shuffle_and_the_draws_after_it_are_CPythons()
    {
        foreach (var (_, expected) in Cases["shuffle_then_samples_seed42"]!.AsObject())
        {
            int docs = expected!["n_docs"]!.GetValue<int>(), train = expected["n_train"]!.GetValue<int>();
            var random = new PythonRandom(42);
            var order = Enumerable.Range(0, docs).ToArray();
            random.Shuffle(order);
            Assert.Equal(Ints(expected["perm_head"]!), order.Take(Ints(expected["perm_head"]!).Length));
            var samples = Enumerable.Range(0, docs).Select(_ => random.Sample(train, expected["k"]!.GetValue<int>())).ToList();
            Assert.Equal(Ints(expected["last_sample"]!), samples[^1]);
            Assert.Equal(
                expected["sha256_all_samples"]!.GetValue<string>(),
                Golden.Sha256(string.Join(',', samples.SelectMany(sample => sample))));
            Assert.Equal(expected["next_uint32"]!.GetValue<uint>(), random.NextWord());
        }
        var later = new PythonRandom(1234);
        foreach (var (i, (n, k)) in new[] { (7473, 5), (7473, 6), (1119, 25) }.Index())
            Assert.Equal(Ints(Cases["v04_fewshot_seed1234_samples"]![i]!), Draw(i, n, k));
        int[] Draw(int i, int n, int k) => later.Sample(n, k);
    }

    [Theory]
    [InlineData("arc_challenge")]
    [InlineData("hellaswag")]
    [InlineData("winogrande")]
    [InlineData("gsm8k")]
    public void Every_documents_shots_are_the_references(string task)
    {
        var path = Shared.Path("goldens", "harness", "fewshot_indices", $"b281b09-{task}.json.gz");
        var expected = JsonNode.Parse(Golden.Gunzip(path))!;
        var hashes = Golden.Json(Shared.Path("goldens", "harness", "fewshot_indices", "sha256.json"));
        foreach (var (shots, samples) in expected["samples_by_shots"]!.AsObject())
        {
            var random = new PythonRandom(42);
            var order = Enumerable.Range(0, expected["n_docs"]!.GetValue<int>()).ToArray();
            random.Shuffle(order);
            Assert.Equal(Ints(expected["perm"]!), order);
            var (train, k) = (expected["n_train"]!.GetValue<int>(), int.Parse(shots, CultureInfo.InvariantCulture));
            var drawn = order.Select(_ => random.Sample(train, k)).ToList();
            foreach (var (d, sample) in samples!.AsArray().Index())
                Assert.Equal(Ints(sample!), drawn[d]);
            Assert.Equal(
                hashes[$"b281b09 {task} {k}-shot"]!.GetValue<string>(),
                Golden.Sha256(string.Join(',', drawn.SelectMany(sample => sample))));
        }
    }

    private static int[] Ints(JsonNode node) => [.. node.AsArray().Select(i => i!.GetValue<int>())];

    private static BigInteger Big(JsonNode node) => BigInteger.Parse(node.ToString(), CultureInfo.InvariantCulture);

    private static double HexDouble(string text)
    {
        var parts = text.Replace("0x1.", "", StringComparison.Ordinal).Split('p');
        var mantissa = Convert.ToInt64(parts[0], 16) | (1L << 52);
        return Math.ScaleB(mantissa, int.Parse(parts[1], CultureInfo.InvariantCulture) - 52);
    }
}
