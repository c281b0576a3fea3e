using Cognito.Eval.Journal;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;

namespace Cognito.Eval.Tests;

public sealed class JournalDamageTests : IDisposable
{
    private const int Entries = 40;
    private readonly string folder = Directory.CreateTempSubdirectory("journal-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Whatever_bytes_change_a_journal_opens_and_holds_only_what_was_written()
    {
        var whole = Written();
        var path = Path.Combine(folder, JournalFile.Name);
        var random = new Random(3);
        var (lost, aside) = (0, 0);
        for (var round = 0; round < 300; round++)
        {
            var bytes = whole.ToArray();
            for (var change = random.Next(1, 4); change > 0; change--)
                random.NextBytes(bytes.AsSpan(random.Next(bytes.Length - 8), random.Next(1, 8)));
            if (round % 5 == 0)
                bytes = bytes[..random.Next(bytes.Length)];
            Clean();
            File.WriteAllBytes(path, bytes);
            using (var file = JournalFile.Open(path))
            {
                var (entries, damaged) = file.Entries();
                file.Facts();
                Assert.All(entries, entry => Assert.Equal(Written(int.Parse(entry.Key.Split('/')[^1])), entry));
                lost += entries.Count < Entries ? 1 : 0;
                aside += file.WasSetAside is null ? 0 : 1;
                // What is asked again finds room beside what is damaged.
                file.Commit(new Dictionary<string, string>(), [Written(1), Written(Entries)]);
            }
            using var again = JournalFile.Open(path);
            Assert.Contains(Written(Entries), again.Entries().Entries);
        }
        // The changes do reach what the journal holds.
        Assert.InRange(lost, 50, 300);
        Assert.InRange(aside, 20, 300);
    }

    private byte[] Written()
    {
        var path = Path.Combine(folder, JournalFile.Name);
        using (var file = JournalFile.Open(path))
            file.Commit(new Dictionary<string, string> { ["weights_sha256"] = "ab" }, Enumerable.Range(0, Entries).Select(Written));
        return File.ReadAllBytes(path);
    }

    private static Entry Written(int batch) => new($"log-likelihoods/{batch}", $"digest of {batch}", 3,
        AnswerText.Write(new ScoredBatch([new(-1.5 * batch, true), new(-0.1, false)], null)));

    private void Clean()
    {
        foreach (var file in Directory.EnumerateFiles(folder))
            File.Delete(file);
    }
}
