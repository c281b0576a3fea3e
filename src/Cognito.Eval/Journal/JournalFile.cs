using System.Globalization;
using Cognito.Eval.Files;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Cognito.Eval.Journal;

/// <summary>A journal on disk: an SQLite database that one process writes.</summary>
/// <remarks>
/// The write-ahead log makes a commit whole or absent, whatever ends the process. Exclusive locking tells a second process
/// apart. It needs no memory shared between processes, so a network's file system will do. Every commit is flushed to the
/// disk (synchronous=FULL); there is one a second at most, on a thread of its own.
/// </remarks>
internal sealed class JournalFile : IDisposable
{
    public const string Name = "journal.sqlite";

    /// <summary>The end of a rollback journal that names other files, which SQLite would remove.</summary>
    private static readonly byte[] NamesOthers = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];

    /// <summary>How often a locked one is tried again: two who open it at the same moment may refuse each other.</summary>
    private const int Tries = 2;

    private readonly SqliteConnection _connection;

    private JournalFile(string path, SqliteConnection connection) => (Path, _connection) = (path, connection);

    public string Path { get; }

    /// <summary>Where one that could not be read was put; null if there was none.</summary>
    public string? WasSetAside { get; private init; }

    /// <summary>Opens a journal to write, and makes it if it is not there.</summary>
    /// <exception cref="InputException">Another process has it open, or it cannot be written.</exception>
    public static JournalFile Open(string path) => Open(path, aside: null, Tries);

    private static JournalFile Open(string path, string? aside, int tries)
    {
        if (Directory.Exists(path))
            throw new InputException($"{path}: a folder, where a file belongs; remove it");
        // A log that names other files is none of ours: SQLite would remove those.
        if (EndsWith(path + "-journal", NamesOthers))
            return Open(path, SetAside(path), tries);
        var connection = Connect(path);
        try
        {
            JournalSchema.Run(connection, "PRAGMA locking_mode = EXCLUSIVE");
            var isMade = JournalSchema.IsMade(connection);
            JournalSchema.Run(connection, "PRAGMA journal_mode = WAL");
            JournalSchema.Run(connection, "PRAGMA synchronous = FULL");
            if (!isMade)
                JournalSchema.Make(connection);
            // Whoever only reads lets nobody else in from here on either.
            JournalSchema.Run(connection, "BEGIN EXCLUSIVE; COMMIT");
            JournalSchema.RequireSound(connection);
            return new(path, connection) { WasSetAside = aside };
        }
        catch (SqliteException e)
        {
            connection.Dispose();
            if (e.SqliteErrorCode is (raw.SQLITE_BUSY or raw.SQLITE_LOCKED) && tries > 1)
            {
                // SQLite's own waiting is over by now: by chance one of two who refused each other comes first.
                Thread.Sleep(Random.Shared.Next(200));
                return Open(path, aside, tries - 1);
            }
            if (e.SqliteErrorCode is raw.SQLITE_BUSY or raw.SQLITE_LOCKED)
                throw new InputException(
                    $"{System.IO.Path.GetDirectoryName(path)}: another process is at work on this run; wait for it or stop "
                    + "it, or start another run with --fresh", e);
            if (!JournalSchema.IsUnusable(e) || aside is not null)
                throw Failed(path, e);
            // What it held cannot be trusted, and must not stand in the way.
            return Open(path, SetAside(path), tries);
        }
    }

    /// <summary>All that a journal holds, read from a copy, so that a process at work on it is not disturbed.</summary>
    /// <exception cref="InputException">It cannot be read, is damaged, or is no journal.</exception>
    public static (Dictionary<string, string> Facts, List<Entry> Entries, int Damaged) Read(string path)
    {
        for (var tries = Tries; ; tries--)
            try
            {
                return ReadCopy(path);
            }
            catch (SqliteException) when (tries > 1)
            {
                // It may have been copied in the middle of a change that took no time by the clock.
                Thread.Sleep(Random.Shared.Next(200));
            }
            catch (SqliteException e)
            {
                throw new InputException(
                    $"{path}: no sound journal ({JournalSchema.Fact(e)}); remove it, and the run's command asks all again", e);
            }
    }

    private static (Dictionary<string, string> Facts, List<Entry> Entries, int Damaged) ReadCopy(string path)
    {
        var folder = Directory.CreateTempSubdirectory("cognito-eval-");
        try
        {
            var copy = System.IO.Path.Combine(folder.FullName, Name);
            JournalCopy.Make(path, copy);
            using var file = new JournalFile(path, Connect(copy));
            if (!JournalSchema.IsMade(file._connection))
                return ([], [], 0);
            JournalSchema.RequireSound(file._connection);
            JournalSchema.Run(file._connection, "PRAGMA query_only = ON");
            var (entries, damaged) = file.Entries();
            return (file.Facts(), entries, damaged);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{path}: cannot be read or copied ({JournalSchema.FactOf(e)}); "
                + $"check its permissions, and the room in {System.IO.Path.GetTempPath()}", e);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static SqliteConnection Connect(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Pooling = false,
            DefaultTimeout = 1,
        }.ToString());
        try
        {
            connection.Open();
            JournalSchema.Restrain(connection, JournalCopy.Length(path) + JournalCopy.Length(path + "-wal"));
            return connection;
        }
        catch (SqliteException e)
        {
            connection.Dispose();
            throw Failed(path, e);
        }
    }

    public Dictionary<string, string> Facts()
    {
        using var command = Command("SELECT name, value FROM facts");
        using var rows = command.ExecuteReader();
        var facts = new Dictionary<string, string>();
        while (rows.Read())
            if (rows.GetValue(0) is string name && rows.GetValue(1) is string value)
                facts[name] = value;
        return facts;
    }

    /// <summary>The entries whose checksum is right, and how many others there are.</summary>
    public (List<Entry> Entries, int Damaged) Entries()
    {
        using var command = Command("SELECT key, asked, requests, replies, checksum FROM answers ORDER BY key");
        using var rows = command.ExecuteReader();
        var (entries, damaged) = (new List<Entry>(), 0);
        while (rows.Read())
            // A page put together by hand holds any type, whatever the table says.
            if (rows.GetValue(0) is string key && rows.GetValue(1) is string asked
                && rows.GetValue(2) is long requests and >= 0 and <= int.MaxValue
                && rows.GetValue(3) is string replies && rows.GetValue(4) is string checksum
                && new Entry(key, asked, (int)requests, replies) is var entry && entry.Checksum == checksum)
                entries.Add(entry);
            else
                damaged++;
        JournalSchema.Release(_connection);
        return (entries, damaged);
    }

    /// <summary>Writes facts and entries in one transaction.</summary>
    public void Commit(IReadOnlyDictionary<string, string> facts, IEnumerable<Entry> entries) => Guarded(() =>
    {
        using var transaction = _connection.BeginTransaction();
        foreach (var (name, value) in facts)
            Run("INSERT OR REPLACE INTO facts VALUES ($0, $1)", name, value);
        foreach (var entry in entries)
            Run("INSERT OR REPLACE INTO answers VALUES ($0, $1, $2, $3, $4)",
                entry.Key, entry.Asked, entry.Requests, entry.Replies, entry.Checksum);
        transaction.Commit();
    });

    /// <summary>Forgets everything.</summary>
    public void Clear() => Guarded(() => Run("DELETE FROM answers; DELETE FROM facts"));

    public void Dispose()
    {
        try
        {
            // One plain file is left, which opens anywhere, also where nothing can be written.
            Run("PRAGMA journal_mode = DELETE");
        }
        catch (Exception e) when (e is SqliteException or InvalidOperationException)
        {
            // The log beside it is as good, and this may be the second failure in a row.
        }
        _connection.Dispose();
    }

    private void Guarded(Action work)
    {
        try
        {
            work();
        }
        catch (SqliteException e)
        {
            throw Failed(Path, e);
        }
    }

    private static Exception Failed(string path, SqliteException e)
    {
        var line = $"{path}: cannot be written ({JournalSchema.Fact(e)}); see that the disk has room and the folder may be written";
        return e.SqliteErrorCode is raw.SQLITE_CANTOPEN or raw.SQLITE_PERM or raw.SQLITE_AUTH
            ? new InputException(line, e) : new JournalException(line, e);
    }

    private static string SetAside(string path)
    {
        var aside = path + ".damaged";
        if (RegularFile.Exists(path))
            File.Move(path, aside, overwrite: true);
        foreach (var suffix in (string[])["-wal", "-shm", "-journal"])
            File.Delete(path + suffix);
        return aside;
    }

    private static bool EndsWith(string path, byte[] end)
    {
        if (JournalCopy.Length(path) < end.Length)
            return false;
        using var file = RegularFile.Open(path, FileKind.Journal);
        file.Seek(-end.Length, SeekOrigin.End);
        var last = new byte[end.Length];
        file.ReadExactly(last);
        return last.AsSpan().SequenceEqual(end);
    }

    private void Run(string sql, params object[] values)
    {
        using var command = Command(sql, values);
        command.ExecuteNonQuery();
    }

    private SqliteCommand Command(string sql, params object[] values)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 0; i < values.Length; i++)
            command.Parameters.AddWithValue("$" + i.ToString(CultureInfo.InvariantCulture), values[i]);
        return command;
    }
}
