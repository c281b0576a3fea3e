using Cognito.Eval.Files;
using Cognito.Eval.Journal;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Microsoft.Data.Sqlite;

namespace Cognito.Eval.Tests;

/// <summary>journal.sqlite made by anybody: it is a journal word for word, or nothing in it runs.</summary>
public sealed class ForeignJournalTests : IDisposable
{
    private const string Answers =
        "CREATE TABLE answers (key TEXT NOT NULL PRIMARY KEY, asked TEXT NOT NULL, requests INTEGER NOT NULL, "
        + "replies TEXT NOT NULL, checksum TEXT NOT NULL) STRICT, WITHOUT ROWID;";

    /// <summary>As the version before made them.</summary>
    private const string AnswersOfOne =
        "CREATE TABLE answers (stage TEXT NOT NULL, batch INTEGER NOT NULL, asked TEXT NOT NULL, requests INTEGER NOT NULL, "
        + "replies TEXT NOT NULL, checksum TEXT NOT NULL, PRIMARY KEY (stage, batch)) STRICT, WITHOUT ROWID;";

    private const string Facts =
        "CREATE TABLE facts (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;";

    private const string Endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT";

    private readonly string folder = Directory.CreateTempSubdirectory("journal-").FullName;

    private string File => Path.Combine(folder, JournalFile.Name);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    public static TheoryData<string, string> Databases => new()
    {
        { "a view without end in place of the answers",
            $"{Facts} CREATE VIEW answers AS {Endless} 's' || i key, 'a' asked, 1 requests, '{{}}' replies, 'c' checksum FROM n" },
        { "a view without end in place of the facts", $"{Answers} CREATE VIEW facts AS {Endless} 'a' name, 'b' value FROM n" },
        { "a trigger", $"{Facts} {Answers} CREATE TRIGGER t AFTER INSERT ON answers BEGIN DELETE FROM facts; END" },
        { "a generated column", $"{Facts} " + Answers.Replace(") STRICT", ", more TEXT AS (hex(zeroblob(1000000)))) STRICT", StringComparison.Ordinal) },
        { "a check", $"{Facts} " + Answers.Replace("requests INTEGER", "requests INTEGER CHECK (length(hex(zeroblob(1000000))) > 0)", StringComparison.Ordinal) },
        { "another key", $"{Facts} " + Answers.Replace(" PRIMARY KEY", "", StringComparison.Ordinal).Replace(") STRICT, WITHOUT ROWID", ") STRICT", StringComparison.Ordinal) },
        { "any types", $"{Facts} " + Answers.Replace("STRICT, ", "", StringComparison.Ordinal) },
        { "an index of an expression", $"{Facts} {Answers} CREATE INDEX i ON answers (abs(requests))" },
        { "a table of a module", $"{Facts} CREATE VIRTUAL TABLE answers USING fts5(key, asked, requests, replies, checksum)" },
        { "a third table", $"{Facts} {Answers} CREATE TABLE more (a)" },
        { "statistics", $"{Facts} {Answers} ANALYZE" },
        { "one table", Facts },
        { "others", "CREATE TABLE a (b); CREATE TABLE c (d)" },
        { "another version", $"{Facts} {Answers} PRAGMA user_version = 7" },
    };

    [Theory, MemberData(nameof(Databases))]
    public void What_is_no_journal_is_not_asked_and_is_set_aside_with_its_bytes(string what, string sql)
    {
        Make(sql);
        var bytes = System.IO.File.ReadAllBytes(File);
        var message = Assert.Throws<InputException>(() => AnswerJournal.Peek(folder)).Message;
        Assert.True(message.StartsWith(File + ": no sound journal (", StringComparison.Ordinal) && !message.Contains('\n'), what);
        Assert.Equal(bytes, System.IO.File.ReadAllBytes(File));
        using var journal = AnswerJournal.Open(folder);
        Assert.Equal(0, journal.FoundRequests);
        Assert.True(System.IO.File.Exists(journal.SetAside));
    }

    [Fact]
    public void One_of_the_version_before_is_refused_as_that()
    {
        Make($"{Facts} {AnswersOfOne} INSERT INTO answers VALUES ('log-likelihoods', 0, 'a', 1, '{{}}', 'c'); PRAGMA user_version = 1");
        Assert.Equal($"{File}: no sound journal (it is of another version of the program); remove it, and the run's command asks all again",
            Assert.Throws<InputException>(() => AnswerJournal.Peek(folder)).Message);
        using var journal = AnswerJournal.Open(folder);
        Assert.Equal((0, true), (journal.FoundRequests, System.IO.File.Exists(journal.SetAside)));
    }

    [Fact]
    public void One_that_other_spaces_were_written_in_is_a_journal()
    {
        Make($"{Facts.Replace(" ", "\n  ", StringComparison.Ordinal)} {Answers}");
        Assert.Empty(AnswerJournal.Peek(folder)!.Entries);
        using var journal = AnswerJournal.Open(folder);
        Assert.Null(journal.SetAside);
    }

    [Fact]
    public void Entries_that_no_run_writes_are_damaged_though_their_checksums_are_right()
    {
        var right = new Entry("s/3", "a", 4, "{}");
        Make(Facts + Answers + string.Concat(new (string Key, long Requests)[] { ("0", -5), ("1", 1L << 40) }
            .Select(entry => $"INSERT INTO answers VALUES ('s/{entry.Key}', 'a', {entry.Requests}, '{{}}', '');"))
            + $"INSERT INTO answers VALUES ('s/3', 'a', 4, '{{}}', '{right.Checksum}')");
        var state = AnswerJournal.Peek(folder)!;
        Assert.Equal([right], state.Entries);
        Assert.Equal((2, 4L), (state.Damaged, state.KeptRequests));
    }

    [Fact]
    public void A_text_too_long_for_any_answer_is_refused()
    {
        Make($"{Facts} {Answers} INSERT INTO answers VALUES ('s', 'a', 1, hex(zeroblob(40000000)), 'c')");
        Assert.Contains("no sound journal", Assert.Throws<InputException>(() => AnswerJournal.Peek(folder)).Message);
    }

    [Fact]
    public void A_file_larger_than_any_journal_is_refused_before_it_is_copied()
    {
        using (var sparse = System.IO.File.Create(File))
            sparse.SetLength(5L << 32);
        Assert.Contains("more than a journal may have", Assert.Throws<InputException>(() => AnswerJournal.Peek(folder)).Message);
    }

    [Fact]
    public void A_log_that_names_other_files_does_not_have_them_removed()
    {
        var victim = Path.Combine(folder, "victim");
        System.IO.File.WriteAllText(victim, File + "-journal\0");
        Make($"{Facts} {Answers}");
        // As a rollback journal of several databases ends: the name, its length, the sum of its bytes, the mark.
        var name = System.Text.Encoding.UTF8.GetBytes(victim);
        byte[] Big(int number) => [.. BitConverter.GetBytes(number).Reverse()];
        byte[] mark = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
        System.IO.File.WriteAllBytes(File + "-journal", [.. mark, .. new byte[504], .. Big(1), .. name, .. Big(name.Length), .. Big(name.Sum(b => b)), .. mark]);
        using (var journal = AnswerJournal.Open(folder))
            Assert.NotNull(journal.SetAside);
        Assert.True(System.IO.File.Exists(victim));
        Assert.False(System.IO.File.Exists(File + "-journal"));
    }

    [Fact]
    public void A_folder_in_its_place_is_named()
    {
        Directory.CreateDirectory(File);
        Assert.Contains("a folder, not a", Assert.Throws<InputException>(() => AnswerJournal.Open(folder)).Message);
    }

    [Fact]
    public void An_entry_of_other_layers_than_the_rest_answers_nothing()
    {
        ScoreBatch[] batches = [.. Enumerable.Range(0, 2).Select(b => new ScoreBatch([new(null, [b], [new([2], [3])])]))];
        Entry Of(int batch, double[] values, int? layer = null) => new($"{Stages.LogLikelihoods}/{batch}", BatchDigest.Compute(batches[batch]), 1,
            AnswerText.Write(new ScoredBatch([new(-1, true)], new Dictionary<string, RoutingSums> { ["arc"] = new(1, 1, values) { LayerNumbers = layer is { } number ? [number] : null } })));
        var stage = new Stage<ScoreBatch>(Stages.LogLikelihoods, batches, [1, 1], [1, 1]);
        Assert.Equal(0, new KeptAnswers(AnswerJournal.FromEntries([Of(0, [1, 2, 3]), Of(1, [1, 2, 3])])).Missing(stage, Shard.Whole, BatchForms.Scores));
        Assert.Equal(1, new KeptAnswers(AnswerJournal.FromEntries([Of(0, [1, 2, 3]), Of(1, [1, 2, 3, 4, 5, 6])])).Missing(stage, Shard.Whole, BatchForms.Scores));
        Assert.Equal(1, new KeptAnswers(AnswerJournal.FromEntries([Of(0, [1, 2, 3]), Of(1, [1, 2])])).Missing(stage, Shard.Whole, BatchForms.Scores));
        Assert.Equal(0, new KeptAnswers(AnswerJournal.FromEntries([Of(0, [1, 2, 3], 1), Of(1, [1, 2, 3], 1)])).Missing(stage, Shard.Whole, BatchForms.Scores));
        Assert.Equal(1, new KeptAnswers(AnswerJournal.FromEntries([Of(0, [1, 2, 3], 1), Of(1, [1, 2, 3], 2)])).Missing(stage, Shard.Whole, BatchForms.Scores));
    }

    [Fact]
    public void A_generated_answer_longer_than_was_asked_for_or_of_impossible_ids_answers_nothing()
    {
        GenerationBatch[] batches = [new([new Prompt([1], 2)])];
        var stage = new Stage<GenerationBatch>("generation/gsm8k", batches, [1], [1]);
        int Missing(string replies) => new KeptAnswers(AnswerJournal.FromEntries([new("generation/gsm8k/0", BatchDigest.Compute(batches[0]), 1, replies)]))
            .Missing(stage, Shard.Whole, BatchForms.Generated);
        Assert.Equal(0, Missing("""{"tokens":[[5,6]]}"""));
        Assert.All(["""{"tokens":[[5,6,7]]}""", """{"tokens":[[-1]]}""", """{"tokens":[null]}""", """{"tokens":[]}"""],
            replies => Assert.Equal(1, Missing(replies)));
    }

    private void Make(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
