using Cognito.Eval.Tokenizers;

namespace Cognito.Eval.Tests;

public sealed class TokenCacheTests
{
    [Fact]
    public void What_was_added_is_found_and_nothing_else()
    {
        var cache = new TokenCache(longest: 10, most: 1000);
        cache.Add("ab", [1, 2]);
        Assert.True(cache.TryGet("xabx".AsSpan(1, 2), out var ids));
        Assert.Equal([1, 2], ids);
        Assert.False(cache.TryGet("AB", out _));
        Assert.False(cache.TryGet("a", out _));
    }

    [Fact]
    public void Long_texts_are_not_kept()
    {
        var cache = new TokenCache(longest: 3, most: 1000);
        cache.Add("abc", [1]);
        cache.Add("abcd", [1]);
        Assert.Equal(1, cache.Count);
        Assert.False(cache.TryGet("abcd", out _));
    }

    [Fact]
    public void A_full_cache_starts_anew_and_keeps_the_newest()
    {
        var cache = new TokenCache(longest: 10, most: 1000);
        for (var i = 0; i < 10_000; i++)
        {
            cache.Add($"{i}", [i]);
            Assert.InRange(cache.Count, 1, 30);
            Assert.True(cache.TryGet($"{i}", out var ids));
            Assert.Equal(i, ids[0]);
        }
    }
}
