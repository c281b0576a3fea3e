using Cognito.Eval.Journal;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Results;
using Microsoft.Data.Sqlite;

namespace Cognito.Eval.Tests;

/// <summary>Journals and manifests of others, as merge and runs read them.</summary>
internal sealed partial class FuzzTargets
{
    private static readonly string[] Statements =
    [
        "DROP TABLE answers; CREATE VIEW answers AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
            + "SELECT 's' stage, i batch, 'a' asked, 1 requests, '{}' replies, 'c' checksum FROM n",
        "CREATE TRIGGER t AFTER INSERT ON answers BEGIN DELETE FROM facts; END", "CREATE TABLE more (a)", "DROP TABLE facts",
        "CREATE INDEX i ON answers (abs(batch))", "ALTER TABLE answers ADD COLUMN more TEXT", "ALTER TABLE facts RENAME TO answer",
        "DELETE FROM facts", "DELETE FROM answers", "UPDATE answers SET batch = batch - 3", "UPDATE answers SET requests = requests * -1",
        "UPDATE answers SET requests = 9223372036854775807", "UPDATE answers SET replies = hex(zeroblob(100000))",
        "UPDATE answers SET stage = stage || char(27) || '[2J'", "UPDATE facts SET value = hex(zeroblob(100000))",
        "UPDATE answers SET asked = ''", "INSERT INTO facts VALUES ('requests', '99999999999999999999')", "PRAGMA user_version = 9",
        "INSERT INTO answers SELECT stage, batch + 1000000000, asked, requests, replies, checksum FROM answers",
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = 1 WHERE name = 'answers'",
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = 2",
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'STRICT, ', '')",
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET type = 'view' WHERE name = 'answers'",
        "PRAGMA writable_schema = ON; INSERT INTO sqlite_schema SELECT * FROM sqlite_schema",
    ];

    private FuzzTarget Manifests()
    {
        byte[] Written(Shard? shard)
        {
            File.Delete(Path.Combine(folder.Path, Manifest.Name));
            MadeManifest.Of(shard).Write(folder.Path);
            return File.ReadAllBytes(Path.Combine(folder.Path, Manifest.Name));
        }
        return OfJson("run.json", [Written(null), Written(new(1, 4))], _ => Manifest.Require(folder.Path).Key.Digest());
    }

    /// <summary>A journal is copied first, which takes a part of its own.</summary>
    private FuzzTarget Journals() => new("journal.sqlite", [Written(3), Written(200)], ChangedJournal, bytes =>
    {
        folder.Write(JournalFile.Name, bytes);
        var state = AnswerJournal.Peek(folder.Path)!;
        foreach (var entry in state.Entries)
            _ = AnswerText.ReadScores(entry.Replies) as object ?? AnswerText.ReadGenerated(entry.Replies);
        AnswerJournal.FromEntries(state.Entries).Dispose();
    }, new(Mib, 40));

    private byte[] Written(int entries)
    {
        var path = Path.Combine(folder.Path, "seed.sqlite");
        File.Delete(path);
        using (var file = JournalFile.Open(path))
            file.Commit(
                new Dictionary<string, string> { ["weights_sha256"] = new('a', 64), ["requests"] = "600" },
                Enumerable.Range(0, entries).SelectMany(Pair));
        return File.ReadAllBytes(path);

        static IEnumerable<Entry> Pair(int batch)
        {
            var routing = new Dictionary<string, RoutingSums> { ["arc"] = new(2, 3, [0.5, 1, 2, 1, 0.1]) };
            yield return new($"{Stages.LogLikelihoods}/{batch}", $"digest of {batch}", 2,
                AnswerText.Write(new ScoredBatch([new(-1.5 * batch, true), new(double.NaN, false)], routing)));
            yield return new($"{Stages.Generation("gsm8k")}/{batch}", $"digest of {batch}", 1, AnswerText.Write([new Generated([batch, 7, 2], null)]));
        }
    }

    /// <summary>By somebody with SQLite at hand; what they leave is a plain file.</summary>
    private byte[] ChangedJournal(byte[] journal, Random random)
    {
        if (random.Next(3) == 0)
            return Strange.Bytes(journal, random);
        var path = folder.Write("changed.sqlite", journal);
        using (var connection = new SqliteConnection($"Data Source={path};Pooling=False"))
        {
            connection.Open();
            for (var changes = random.Next(1, 4); changes > 0; changes--)
                try
                {
                    using var command = connection.CreateCommand();
                    command.CommandText = "PRAGMA synchronous = OFF; " + Statements[random.Next(Statements.Length)];
                    command.ExecuteNonQuery();
                }
                catch (SqliteException)
                {
                    // What an earlier change has made of it does not take this one.
                }
        }
        return File.ReadAllBytes(path);
    }
}
